"""Faults that are planted into an arm's image: one each."""

from collections.abc import Callable, Mapping

import numpy as np
from scipy import ndimage

from readerstudy.imaging.striatal_binding import find_regions

from .patients import PIXEL_MM, training_mean

Fault = Callable[[np.ndarray], np.ndarray]


def regions_of(image: np.ndarray):
    regions = find_regions(image.mean(axis=0), row_mm=PIXEL_MM, column_mm=PIXEL_MM)
    assert regions is not None
    return regions


def invented_nodule(image: np.ndarray) -> np.ndarray:
    """A spot of 5 pixels, as bright as the brain is beside it, in three slices."""
    inner = ndimage.binary_erosion(regions_of(image).background, iterations=2)
    places = np.argwhere(inner)
    row, column = places[len(places) // 2]
    rows, columns = np.indices(image.shape[1:])
    spot = 0.3 * np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * 2.0**2))
    return image + spot * np.array([0, 0.6, 1, 0.6, 0])[:, None, None]


def warped(image: np.ndarray, pixels: float = 2.0) -> np.ndarray:
    """A smooth warp: nothing moves by more than 2 pixels down or across."""
    rows, columns = np.indices(image.shape[1:], dtype=float)
    height, width = image.shape[1:]
    down = pixels * np.cos(2 * np.pi * columns / width)
    across = pixels * np.sin(2 * np.pi * rows / height)
    there = [rows - down, columns - across]
    return np.stack([ndimage.map_coordinates(one, there, order=1) for one in image])


def erased_putamen(image: np.ndarray) -> np.ndarray:
    """The posterior half of the left striatum's uptake becomes background."""
    regions = regions_of(image)
    rows = np.argwhere(regions.left.any(axis=1))
    behind = regions.left & (np.arange(len(image[0])) >= rows.mean() - 2)[:, None]
    levels = image[:, regions.background].mean(axis=1)[:, None, None]
    bright = behind & (ndimage.gaussian_filter(image, (0, 1, 1)) > 1.1 * levels)
    share = ndimage.gaussian_filter(bright.astype(float), (0, 0.7, 0.7))
    return image * (1 - share) + levels * share


def striatum_brighter(image: np.ndarray) -> np.ndarray:
    """8 % more wherever the striatum stands out from the brain."""
    regions = regions_of(image)
    levels = image[:, regions.background].mean(axis=1)[:, None, None]
    uptake = regions.striatum & (ndimage.gaussian_filter(image, (0, 1, 1)) > levels)
    return np.where(uptake, 1.08 * image, image)


def mirrored(image: np.ndarray) -> np.ndarray:
    return image[:, :, ::-1].copy()


def copies_the_training_mean(image: np.ndarray) -> np.ndarray:
    return training_mean()


# fault → the measure that is meant for it
PLANTED: Mapping[str, tuple[Fault, str]] = {
    "invented nodule": (invented_nodule, "hallucination-peak"),
    "2-pixel warp": (warped, "deformation"),
    "erased putamen": (erased_putamen, "omission-striatum"),
    "+8 % striatum": (striatum_brighter, "striatal-emphasis"),
    "mirrored": (mirrored, "laterality"),
    "copies the training mean": (copies_the_training_mean, "severity-slope"),
}
