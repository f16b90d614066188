"""OSEM with attenuation, scatter and resolution in the model, and a post filter.

Hudson and Larkin 1994, doi:10.1109/42.363108. Scatter enters as a known additive
term, not by subtraction, so the data stay Poisson.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .camera import FWHM_PER_SIGMA, Camera
from .projector import Projector, blur_matrix, from_layout


@dataclass(frozen=True)
class Recipe:
    """How the scans are reconstructed. The same for the long and the short one.

    Iterations and filter are in the range of clinical routine; together with the
    counts they decide how far apart the two images are (docs/simulation.md).
    """

    iterations: int = 4
    subsets: int = 10
    filter_fwhm_mm: float = 7.0


def subset_views(views: int, subsets: int) -> list[list[int]]:
    """Evenly spread views for each subset; neighbours in time far apart in angle."""
    order = sorted(range(subsets), key=lambda number: (number * 7) % subsets)
    return [list(range(start, views, subsets)) for start in order]


def reconstruct(
    photopeak: Tensor, scatter: Tensor, *, projector: Projector, recipe: Recipe
) -> Tensor:
    """Counts per voxel, (channels, slices, rows, columns).

    photopeak, scatter: (views, bins, channels, slices). A voxel's value is the
    number of photons that it would have sent to the detectors without attenuation.
    """
    camera: Camera = projector.camera
    subsets = subset_views(camera.views, recipe.subsets)
    sensitivity = _sensitivities(projector, subsets)
    channels = photopeak.shape[2]
    field = _field_of_view(projector)
    image = field.expand(-1, channels, projector.slices).clone()
    start = (photopeak - scatter).clamp_min(0).sum((0, 1, 3)) / float(
        field.sum() * projector.slices
    )
    image *= start[None, :, None]
    for _ in range(recipe.iterations):
        for views, sensible in zip(subsets, sensitivity, strict=True):
            expected = projector.forward(image, views) + scatter[views]
            ratio = photopeak[views] / expected.clamp_min(1e-6)
            image *= projector.adjoint(ratio, views) / sensible
    volumes = from_layout(image * field, projector.size) * camera.views
    return smooth(volumes, fwhm_pixels=recipe.filter_fwhm_mm / projector.pixel_mm)


def _sensitivities(projector: Projector, subsets: list[list[int]]) -> list[Tensor]:
    size, slices = projector.size, projector.slices
    result = []
    for views in subsets:
        ones = torch.ones(len(views), size, 1, slices, device=projector.device)
        result.append(projector.adjoint(ones, views).clamp_min(1e-3))
    return result


def _field_of_view(projector: Projector) -> Tensor:
    """1 within the circle that every view sees, (pixels, 1, 1)."""
    axis = torch.arange(projector.size, device=projector.device)
    middle = (projector.size - 1) / 2
    radius2 = (axis[:, None] - middle) ** 2 + (axis[None, :] - middle) ** 2
    return (radius2 <= middle**2).float().reshape(-1, 1, 1)


def smooth(volumes: Tensor, *, fwhm_pixels: float) -> Tensor:
    """3-D Gaussian filter of (channels, slices, rows, columns), cubic voxels."""
    sigma = fwhm_pixels / FWHM_PER_SIGMA
    for axis in (1, 2, 3):
        matrix = torch.from_numpy(blur_matrix(volumes.shape[axis], sigma))
        turned = volumes.transpose(axis, 3) @ matrix.to(volumes.device).T
        volumes = turned.transpose(axis, 3)
    return volumes.contiguous()
