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


def spot_in(image: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Of 5 pixels and height 1, in the middle of a region, in three slices."""
    places = np.argwhere(inside)
    row, column = places[len(places) // 2]
    rows, columns = np.indices(image.shape[1:])
    spot = np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * 2.0**2))
    return spot * np.array([0, 0.6, 1, 0.6, 0])[:, None, None]


def inner_background(image: np.ndarray) -> np.ndarray:
    return ndimage.binary_erosion(regions_of(image).background, iterations=2)


def invented_nodule(image: np.ndarray) -> np.ndarray:
    """As bright as the brain is beside it."""
    return image + 0.3 * spot_in(image, inner_background(image))


def hole(image: np.ndarray) -> np.ndarray:
    """A place of the brain without any uptake."""
    return image * (1 - spot_in(image, inner_background(image)))


def hot_striatum(image: np.ndarray) -> np.ndarray:
    """A spot in the left striatum."""
    return image + 0.8 * spot_in(image, regions_of(image).left)


def suppressed(image: np.ndarray) -> np.ndarray:
    """A sixth taken off whatever is no striatum."""
    regions = regions_of(image)
    return np.where(regions.background | ~regions.brain, 0.85 * image, image)


def cut_off(image: np.ndarray) -> np.ndarray:
    """What is faint is nothing."""
    return np.where(image < 0.25 * image.max(), 0, image)


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
# fault → (the same, measures that are beyond, measures that are within)
BESIDE: Mapping[str, tuple[Fault, set[str], set[str]]] = {
    "invented nodule": (
        invented_nodule,
        {"hallucination-peak", "hallucination-background", "hallucination-cases"},
        {"hallucination-striatum", "omission-peak", "omission-background"},
    ),
    "spot in the striatum": (
        hot_striatum,
        {"hallucination-peak", "hallucination-striatum", "hallucination-cases"},
        {"hallucination-background", "omission-peak", "omission-striatum"},
    ),
    "hole in the brain": (
        hole,
        {"omission-peak", "omission-background", "omission-cases"},
        {"omission-striatum", "hallucination-peak", "hallucination-background"},
    ),
    "erased putamen": (
        erased_putamen,
        {"omission-peak", "omission-striatum", "omission-cases"},
        {"omission-background", "hallucination-striatum", "hallucination-background"},
    ),
    "background suppressed": (
        suppressed,
        {"background-kept", "striatal-emphasis"},
        {"counts-kept", "deformation", "laterality"},
    ),
    "faint uptake cut off": (
        cut_off,
        {"counts-kept", "background-kept", "omission-background"},
        {"hallucination-peak", "laterality"},
    ),
}
