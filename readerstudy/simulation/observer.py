"""A simulated reader who sees what a reader sees: three slices of pixels.

It finds the brain by moments, lays a template of caudate and putamen over it where
the image is brightest, and compares both with the brain around. Bias and noise make
a person of it: what a person sees in the same noisy image differs from look to look,
the more so the noisier the image is (internal noise induced by noise of the image,
Burgess and Colborne 1988, doi:10.1364/JOSAA.5.000617). It imports numpy only, so any
process may use it.

Each pixel is 3.29 mm; screen columns grow towards the patient's left.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.float64]

# Points of the striatum relative to the centre of the brain in units of its half
# axes: (towards the side, towards the back). Read off the nominal head of anatomy.py.
CAUDATE_POINTS = ((0.19, -0.36),)
PUTAMEN_POINTS = ((0.36, -0.33), (0.43, -0.20), (0.48, -0.06))
OCCIPITAL_POINTS = tuple(
    (across, back)
    for across in (-0.45, -0.3, -0.15, 0.15, 0.3, 0.45)
    for back in (0.4, 0.52, 0.64)
)
SHIFTS = (-0.12, -0.08, -0.04, 0.0, 0.04, 0.08, 0.12)  # of the half axes
TURNS_DEG = (-8.0, -4.0, 0.0, 4.0, 8.0)

# Mean excess over the occipital brain of putamen at grades 2, 3, 4 and of caudate
# at grades 1, 2, and median unevenness of the occipital brain, as this observer
# measures them on 25-minute images: `python -m readerstudy.simulation.calibration
# observer`, 72 patients of a seed that nothing else uses.
PUTAMEN_EXCESS = (0.73, 1.41, 2.41)
CAUDATE_EXCESS = (0.45, 1.82)
REFERENCE_UNEVENNESS = 0.065
# How much faster a reader's scatter grows than the unevenness of the image, beyond
# what it is on a reference image. Chosen by hand, so that 5-minute images cost much
# of the agreement, as they did in the study: with a scatter of 0.15, 0.25, 0.35
# the kappa of short against reference readings is 0.8, 0.6, 0.5 (published: 0.36).
INDUCED_GAIN = 3.0
MOST_INDUCED = 8.0  # times the scatter on a reference image


def grade_pixels(
    pixels: NDArray[np.uint8],
    *,
    bias: float,
    noise: float,
    rng: np.random.Generator,
) -> dict[str, int]:
    """Grades 1 to 4 for {"right", "left"}, the patient's sides.

    pixels: (3, 64, 64), slices lowest first, column 0 the patient's right.
    bias: grades added to every impression. noise: SD in grades, of each side, on a
        typical 25-minute image; it grows with the unevenness of the brain.
    """
    seen = impressions(pixels)
    excess = unevenness(pixels) / REFERENCE_UNEVENNESS - 1.0
    noise *= float(np.clip(1.0 + INDUCED_GAIN * excess, 1.0, MOST_INDUCED))
    grades = {}
    for side in ("right", "left"):
        felt = seen[side] + bias + rng.normal(0.0, noise)
        grades[side] = int(np.clip(np.rint(felt), 1, 4))
    return grades


def impressions(pixels: NDArray[np.uint8]) -> dict[str, float]:
    """What the image suggests before bias and noise: 1.0 to 4.0 for each side."""
    if pixels.shape != (3, 64, 64):
        raise ValueError(f"pixels must be (3, 64, 64), not {pixels.shape}")
    excess = striatal_excess(pixels)
    return {side: _impression(*excess[side]) for side in ("right", "left")}


def _impression(putamen: float, caudate: float) -> float:
    """Putamen tells 4, 3 and 2 apart; 1 is where the caudate is lost as well."""
    by_putamen = float(np.interp(putamen, PUTAMEN_EXCESS, (2.0, 3.0, 4.0)))
    caudate_loss = float(np.interp(caudate, CAUDATE_EXCESS, (1.0, 0.0)))
    return by_putamen - caudate_loss * (4.0 - by_putamen) / 2.0


def unevenness(pixels: NDArray[np.uint8]) -> float:
    """Coefficient of variation of the occipital brain, mean of the slices."""
    found = []
    for image in pixels.astype(np.float64):
        centre, axes, turn = _brain_frame(_softened(image))
        places = _placed(OCCIPITAL_POINTS, 1.0, centre, axes, (0.0, 0.0), turn)
        values = _sampled(image, places)
        found.append(float(values.std() / max(values.mean(), 1.0)))
    return float(np.mean(found))


def striatal_excess(pixels: NDArray[np.uint8]) -> dict[str, tuple[float, float]]:
    """(putamen, caudate) over occipital brain, minus 1, for each side."""
    slices = pixels.astype(np.float64)
    levels = [_occipital_level(_softened(image)) for image in slices]
    # One image in units of brain background: slices have windows of their own.
    image = np.mean(
        [one / level for one, level in zip(slices, levels, strict=True)], axis=0
    )
    soft = _softened(image)
    centre, axes, turn = _brain_frame(soft)
    shift, turn = _fitted(soft, centre, axes, turn)
    result = {}
    for side, sign in (("right", -1.0), ("left", 1.0)):
        putamen, caudate = (
            float(
                _sampled(soft, _placed(points, sign, centre, axes, shift, turn)).mean()
            )
            for points in (PUTAMEN_POINTS, CAUDATE_POINTS)
        )
        result[side] = (putamen - 1.0, caudate - 1.0)
    return result


def _softened(image: Image) -> Image:
    """A 1-4-6-4-1 binomial filter along rows and columns, as eyes blur."""
    for axis in (0, 1):
        padded = np.pad(image, [(2, 2) if a == axis else (0, 0) for a in (0, 1)])
        length = image.shape[axis]
        image = np.zeros_like(image)
        for place, weight in enumerate((1, 4, 6, 4, 1)):
            image += weight / 16 * padded.take(range(place, place + length), axis=axis)
    return image


def _brain_frame(image: Image) -> tuple[Image, Image, float]:
    """Centre (row, column), half axes (across, back) in pixels, turn in radians.

    Of the ellipse with the moments of all that is brighter than half the brain.
    """
    head = image > 0.15 * image.max()
    if not head.any():
        return np.array([31.5, 31.5]), np.array([18.0, 25.0]), 0.0
    brain = image > 0.5 * np.median(image[head])
    where = np.argwhere(brain).astype(np.float64)
    centre = where.mean(axis=0)
    spread = np.cov((where - centre).T) + 1e-6 * np.eye(2)
    # The long axis of a head runs from front to back.
    turn = 0.5 * np.arctan2(2 * spread[0, 1], spread[0, 0] - spread[1, 1])
    turn = float(np.clip(turn, -0.3, 0.3))
    back = np.array([np.cos(turn), np.sin(turn)])
    across = np.array([-np.sin(turn), np.cos(turn)])
    axes = 2 * np.sqrt([across @ spread @ across, back @ spread @ back])
    return centre, axes, turn


def _placed(
    points: tuple[tuple[float, float], ...],
    sign: float,
    centre: Image,
    axes: Image,
    shift: tuple[float, float],
    turn: float,
) -> Image:
    """Pixel positions (points, 2) as (row, column) of template points of a side."""
    relative = np.array([(sign * across, back) for across, back in points])
    relative = (relative + shift) * axes
    back_axis = np.array([np.cos(turn), np.sin(turn)])
    across_axis = np.array([-np.sin(turn), np.cos(turn)])
    placed: Image = centre + relative[:, :1] * across_axis + relative[:, 1:] * back_axis
    return placed


def _sampled(image: Image, positions: Image) -> Image:
    """Bilinear samples at (row, column) positions, shape (..., 2)."""
    inside = np.clip(positions, 0, np.array(image.shape) - 1.001)
    low = np.floor(inside).astype(int)
    row, column = low[..., 0], low[..., 1]
    down, right = np.moveaxis(inside - low, -1, 0)
    above = image[row, column] * (1 - right) + image[row, column + 1] * right
    below = image[row + 1, column] * (1 - right) + image[row + 1, column + 1] * right
    sampled: Image = above * (1 - down) + below * down
    return sampled


def _occipital_level(image: Image) -> float:
    centre, axes, turn = _brain_frame(image)
    places = _placed(OCCIPITAL_POINTS, 1.0, centre, axes, (0.0, 0.0), turn)
    return max(float(np.mean(_sampled(image, places))), 1.0)


def _fitted(
    image: Image, centre: Image, axes: Image, turn: float
) -> tuple[tuple[float, float], float]:
    """Shift and turn that lay the template of both sides on the brightest place."""
    best, place = -np.inf, ((0.0, 0.0), turn)
    for more in np.deg2rad(TURNS_DEG):
        both = np.concatenate(
            [
                _placed(points, sign, centre, axes, (0.0, 0.0), turn + more)
                for points in (PUTAMEN_POINTS, CAUDATE_POINTS * 3)
                for sign in (-1.0, 1.0)
            ]
        )
        for across in SHIFTS:
            for back in SHIFTS:
                moved = _placed(
                    ((across, back),), 1.0, centre, axes, (0, 0), turn + more
                )
                # A small pull towards where the striatum should be.
                score = float(_sampled(image, both + moved - centre).mean())
                score -= 1.5 * (across**2 + back**2)
                if score > best:
                    best, place = score, ((across, back), float(turn + more))
    return place
