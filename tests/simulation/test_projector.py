"""The projector against its adjoint and against what can be worked out by hand."""

import numpy as np
import pytest
import torch

from readerstudy.simulation.camera import FWHM_PER_SIGMA, Camera
from readerstudy.simulation.projector import Projector, from_layout, to_layout

pytestmark = pytest.mark.pure
SIZE, SLICES, PIXEL = 48, 20, 3.29
WATER = 0.0148


def make_projector(*, mu: torch.Tensor | None = None, blur: bool = True) -> Projector:
    return Projector(
        Camera(views=12), size=SIZE, slices=SLICES, pixel_mm=PIXEL, mu=mu, blur=blur
    )


def radii() -> np.ndarray:
    axis = (np.arange(SIZE) - (SIZE - 1) / 2) * PIXEL
    return np.hypot(*np.meshgrid(axis, axis, indexing="ij"))


@pytest.mark.parametrize("blur", [True, False])
def test_the_adjoint_is_the_transpose(blur: bool) -> None:
    generator = torch.Generator().manual_seed(1)
    mu = torch.rand(SLICES, SIZE, SIZE, generator=generator) * 0.03
    projector = make_projector(mu=mu, blur=blur)
    image = torch.rand(SIZE**2, 2, SLICES, generator=generator)
    data = torch.rand(12, SIZE, 2, SLICES, generator=generator)
    forward = (projector.forward(image).double() * data).sum()
    back = (image.double() * projector.adjoint(data)).sum()
    assert float(forward) == pytest.approx(float(back), rel=1e-5)


def test_a_subset_of_views_is_part_of_all_views() -> None:
    projector = make_projector()
    image = torch.rand(SIZE**2, 1, SLICES, generator=torch.Generator().manual_seed(2))
    everything = projector.forward(image)
    assert torch.equal(projector.forward(image, [3, 7]), everything[[3, 7]])


def test_the_layout_turns_back() -> None:
    volumes = torch.arange(2 * 3 * 4 * 4).reshape(2, 3, 4, 4).float()
    assert torch.equal(from_layout(to_layout(volumes), 4), volumes)


def test_a_point_on_the_left_is_seen_on_the_left_from_the_front() -> None:
    volume = torch.zeros(1, SLICES, SIZE, SIZE)
    volume[0, 5, 10, 40] = 1.0  # in front, far on the patient's left
    seen = make_projector(blur=False).forward(to_layout(volume))
    front, left, back = seen[0, :, 0], seen[3, :, 0], seen[6, :, 0]
    assert front.argmax() == 40 * SLICES + 5
    assert left[:, 5].argmax() == 10  # seen from the left ear: in front
    assert back[:, 5].argmax() == SIZE - 1 - 40


def test_a_point_in_a_cylinder_of_water_is_attenuated_as_the_way_out_is_long() -> None:
    radius = 60.0
    inside = torch.from_numpy((radii() <= radius).astype(np.float32))
    mu = (inside * WATER).expand(SLICES, -1, -1)
    volume = torch.zeros(1, SLICES, SIZE, SIZE)
    volume[0, 10, SIZE // 2 - 1 : SIZE // 2 + 1, SIZE // 2 - 1 : SIZE // 2 + 1] = 0.25
    image = to_layout(volume)
    bare = make_projector(blur=False).forward(image).sum((1, 2, 3))
    covered = make_projector(mu=mu, blur=False).forward(image).sum((1, 2, 3))
    np.testing.assert_allclose(covered / bare, np.exp(-WATER * radius), rtol=0.02)


def test_an_even_cylinder_projects_as_the_integral_of_its_attenuated_chords() -> None:
    radius = 60.0
    inside = torch.from_numpy((radii() <= radius).astype(np.float32))
    volume = inside.expand(1, SLICES, -1, -1)
    seen = make_projector(mu=volume[0] * WATER, blur=False).forward(to_layout(volume))
    # At bin t the chord is 2 sqrt(R^2 - t^2) long: (1 - exp(-mu chord)) / mu.
    offset = (np.arange(SIZE) - (SIZE - 1) / 2) * PIXEL
    middle = np.abs(offset) < 45
    chord = 2 * np.sqrt(radius**2 - offset[middle] ** 2)
    expected = (1 - np.exp(-WATER * chord)) / WATER / PIXEL
    for view in range(12):
        found = seen[view, :, 0, 10].numpy()[middle]
        np.testing.assert_allclose(found, expected, rtol=0.03)


def test_a_slab_lets_through_what_beer_and_lambert_say() -> None:
    mu = torch.zeros(SLICES, SIZE, SIZE)
    mu[:, 5:15] = WATER  # ten rows of water in front of the source
    volume = torch.zeros(1, SLICES, SIZE, SIZE)
    volume[0, 10, 30, 24] = 1.0
    seen = make_projector(mu=mu, blur=False).forward(to_layout(volume), [0]).sum()
    assert float(seen) == pytest.approx(np.exp(-10 * PIXEL * WATER), rel=1e-5)


@pytest.mark.parametrize("row", [10, 24, 38])
def test_a_point_is_blurred_as_its_distance_says(row: int) -> None:
    volume = torch.zeros(1, SLICES, SIZE, SIZE)
    volume[0, 10, row, 24] = 1.0
    seen = make_projector().forward(to_layout(volume), [0])[0, :, 0].double().numpy()
    distance = 150.0 + (row - (SIZE - 1) / 2) * PIXEL
    length = 24.05 - 2 / 2.0
    fwhm = np.hypot(1.11 * (length + distance) / length, 3.8)
    # Counting in pixels adds the variance of one pixel, 1/12.
    expected = np.hypot(fwhm / FWHM_PER_SIGMA, PIXEL / np.sqrt(12))
    for axis in (0, 1):
        profile = seen.sum(axis=1 - axis)
        at = np.arange(profile.size) * PIXEL
        mean = (profile * at).sum() / profile.sum()
        spread = np.sqrt((profile * (at - mean) ** 2).sum() / profile.sum())
        assert spread == pytest.approx(expected, rel=0.02)
    assert seen.sum() == pytest.approx(1.0, rel=1e-3)


def test_the_collimator_resolves_seven_millimetres_at_ten_centimetres() -> None:
    assert Camera().fwhm_mm(np.array([100.0]))[0] == pytest.approx(7.04, abs=0.02)
