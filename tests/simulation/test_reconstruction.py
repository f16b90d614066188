"""OSEM gives back what was projected, with attenuation and scatter undone."""

import numpy as np
import pytest
import torch

from readerstudy.simulation.camera import Camera
from readerstudy.simulation.projector import Projector, to_layout
from readerstudy.simulation.reconstruction import (
    Recipe,
    reconstruct,
    smooth,
    subset_views,
)

pytestmark = pytest.mark.pure
SIZE, SLICES, PIXEL = 40, 12, 3.29


def test_every_view_is_in_one_subset() -> None:
    subsets = subset_views(60, 10)
    assert sorted(view for views in subsets for view in views) == list(range(60))
    assert {len(views) for views in subsets} == {6}


def test_noiseless_counts_come_back_even_and_in_scale() -> None:
    axis = (np.arange(SIZE) - (SIZE - 1) / 2) * PIXEL
    radius = np.hypot(*np.meshgrid(axis, axis, indexing="ij"))
    disc = torch.from_numpy((radius <= 50).astype(np.float32)).expand(SLICES, -1, -1)
    activity = disc.clone() * 10
    projector = Projector(
        Camera(views=30), size=SIZE, slices=SLICES, pixel_mm=PIXEL, mu=disc * 0.015
    )
    data = projector.forward(to_layout(activity[None]))
    scatter = torch.full_like(data, 3.0)
    found = reconstruct(
        data + scatter,
        scatter,
        projector=projector,
        recipe=Recipe(iterations=6, subsets=6, filter_fwhm_mm=0.1),
    )[0]
    core = torch.from_numpy(radius <= 30)
    values = found[3:9, core].numpy() / 30  # counts of all views together
    assert values.mean() == pytest.approx(10.0, rel=0.02)
    assert values.std() < 0.5
    assert float(found[:, torch.from_numpy(radius > 62)].max()) < 0.5 * 30


def test_the_post_filter_has_the_width_it_says() -> None:
    volume = torch.zeros(1, 31, 31, 31)
    volume[0, 15, 15, 15] = 1.0
    soft = smooth(volume, fwhm_pixels=4.0)[0].double().numpy()
    at = np.arange(31) - 15
    for axis in range(3):
        others = tuple(a for a in range(3) if a != axis)
        spread = np.sqrt((soft.sum(axis=others) * at**2).sum() / soft.sum())
        assert spread == pytest.approx(
            np.hypot(4.0 / 2.3548, 1 / np.sqrt(12)), rel=0.01
        )
