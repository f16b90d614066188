"""Inputs that are changed on purpose. Each a pure function of image and numbers."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from readerstudy.imaging.preprocessing import to_eight_bit

from .findings import CaseImages, Image
from .geometry import Mask, Places
from .noise import Noise

SOFT_PX = 1.5  # of what stands in for a reference
SPOT_PX = 2.0  # standard deviation; 15 mm across at half height in dat-spect
SPOT_SDS = 2.0  # of the reference: about what the brain itself has in dat-spect
SPOTS = 4
SPOTS_APART_PX = 12.0
ERASED_EDGE_PX = 1.0
# The organ: half axes as shares of the frame, and how far its uptake falls from the
# patient's right to the left.
ORGAN_AXES = (0.34, 0.42)
ORGAN_FALL = 0.3


def given(image: Image, case: CaseImages, *, scanned: bool) -> Image:
    """The image as the method is given it: within the window, and of relative images
    in 8 bits. scanned: as if it came from the camera, so that each slice of a relative
    image is divided by its own maximum."""
    low, high = case.window
    if case.relative and scanned:
        maxima = image.max(axis=(1, 2), keepdims=True)
        image = (image / np.where(maxima > 0, maxima, 1)).astype(np.float32)
    clipped: Image = np.clip(image, low, high).astype(np.float32)
    if case.relative:
        return to_eight_bit(clipped).astype(np.float32) / np.float32(255)
    return clipped


def smoothed(image: Image) -> Image:
    """What stands in for a reference that there is not: it tells where the patient is,
    and how much the image varies."""
    soft: Image = ndimage.gaussian_filter(image, (0.0, SOFT_PX, SOFT_PX))
    return soft


def shifted(image: Image, pixels: float) -> Image:
    """Down and to the right, by the Fourier transform: no detail is lost."""
    spectrum = fft.fftn(image.astype(np.float64), axes=(1, 2))
    moved = ndimage.fourier_shift(spectrum, (0.0, pixels, pixels))
    real: Image = fft.ifftn(moved, axes=(1, 2)).real.astype(np.float32)
    return real


def rotated(image: Image, degrees: float) -> Image:
    """Within the slices, about their middle, by splines of the fifth order."""
    turned: Image = ndimage.rotate(
        image, degrees, axes=(1, 2), reshape=False, order=5, mode="nearest"
    )
    return turned


def mirrored(image: Image) -> Image:
    """Left and right exchanged."""
    return np.ascontiguousarray(image[:, :, ::-1])


def at_dose(
    dose: float,
    *,
    short: Image,
    noise: Noise,
    rng: np.random.Generator,
) -> Image:
    """The input at another share of the reference's counts.

    With the share s of the short scan, noise of the reference's variance σ² has σ²/s
    in it. Fewer counts: noise is added. More: the reference is mixed in, with
    (1 − w)² = (1/dose − 1) / (1/s − 1), which leaves the variance σ²/dose.
    """
    share = noise.share
    if dose < share:
        more = (1 / dose - 1 / share) * share
        return short + np.float32(np.sqrt(more)) * noise.draw(rng)
    left = np.sqrt(max(1 / dose - 1, 0.0) / (1 / share - 1))
    return noise.base + np.float32(left) * (short - noise.base)


def spots(places: Places, rng: np.random.Generator, *, slices: int) -> Image:
    """SPOT_SDS high each, apart from each other and off the striatum, through all
    slices."""
    middle = places.field[len(places.field) // 2]
    inner = ndimage.binary_erosion(middle, iterations=5)
    if places.regions is not None:
        inner &= ~places.regions.striatum
    open_places = np.argwhere(inner if inner.any() else middle)
    chosen: list[NDArray[np.int64]] = []
    for place in rng.permutation(open_places):
        if all(np.hypot(*(place - other)) >= SPOTS_APART_PX for other in chosen):
            chosen.append(place)
        if len(chosen) == SPOTS:
            break
    points = np.zeros(middle.shape)
    for row, column in chosen:
        points[row, column] = 1.0
    drawn = ndimage.gaussian_filter(points, SPOT_PX)
    drawn *= 2 * np.pi * SPOT_PX**2 * SPOT_SDS * places.sd
    return np.repeat(drawn[None].astype(np.float32), slices, axis=0)


def erased(
    image: Image,
    sides: Sequence[Mask],
    *,
    places: Places,
    noise: Noise,
    rng: np.random.Generator,
) -> Image:
    """Binding taken out of some sides' boxes: each slice's background goes there, with
    its own noise, wherever the reference lies above it."""
    assert places.regions is not None
    background = places.regions.background
    level = image[:, background].mean(axis=1)[:, None, None]
    soft = ndimage.gaussian_filter(noise.base, (0, 1.0, 1.0))
    above = soft > soft[:, background].mean(axis=1)[:, None, None] * 1.1
    where = above & np.logical_or.reduce(sides)
    where = ndimage.binary_dilation(where, np.ones((1, 3, 3), bool))
    mask = ndimage.gaussian_filter(
        where.astype(np.float32), (0, ERASED_EDGE_PX, ERASED_EDGE_PX)
    )
    # the noise of a background without the striatum's
    quiet = noise.sd[:, background].mean(axis=1)[:, None, None]
    texture = noise.draw(rng) / np.maximum(noise.sd, 1e-6)
    filled = level + quiet * np.where(places.field, texture, 0.0)
    result: Image = (image * (1 - mask) + filled * mask).astype(np.float32)
    return result


def organ(places: Places, noise: Noise, rng: np.random.Generator) -> Image:
    """A large organ of smooth uptake, as a liver, where the brain should be: no
    striatum. Its noise is as large, of its level, as the brain's background has it."""
    _, rows, columns = noise.sd.shape
    row, column = np.indices((rows, columns), dtype=np.float64)
    across = (column - (columns - 1) / 2) / (ORGAN_AXES[1] * columns)
    along = (row - (rows - 1) / 2) / (ORGAN_AXES[0] * rows)
    inside = (np.hypot(across, along * (1 + 0.25 * across)) <= 1).astype(float)
    shape = ndimage.gaussian_filter(inside * (1 - ORGAN_FALL / 2 * across), 2.0)
    level = max(float(noise.base[places.background].mean()), 1e-6)
    part = float(noise.sd[places.background].mean()) / level
    texture = noise.draw(rng) / np.maximum(noise.sd, 1e-6)
    texture = np.where(places.field, texture, 0.0)
    drawn: Image = (shape * (1 + part * texture)).astype(np.float32)
    return np.maximum(drawn, 0)


def probes(
    case: Image,
    noise: Noise,
    places: Places,
    rng: np.random.Generator,
    *,
    count: int,
) -> NDArray[np.float32]:
    """Directions in which an arm may be weak, (count, …), each of length 1.

    Brightness, the gradients (along which edges move), each side's box, the noise
    itself; then smooth random ones. Only within the patient.
    """
    soft = ndimage.gaussian_filter(noise.base, (0, 1.0, 1.0))
    known = [noise.base, *np.gradient(soft, axis=(1, 2)), noise.residual]
    if places.regions is not None:
        boxes = (places.regions.right, places.regions.left)
        known += [ndimage.gaussian_filter(soft * box, (0, 1.0, 1.0)) for box in boxes]
    found = known[:count]
    while len(found) < count:
        white = rng.standard_normal(case.shape)
        found.append(ndimage.gaussian_filter(white, (1.0, 2.0, 2.0)))
    kept = np.stack([np.where(places.field, each, 0.0) for each in found])
    lengths = np.sqrt((kept.astype(np.float64) ** 2).sum(axis=(1, 2, 3), keepdims=True))
    unit: NDArray[np.float32] = (kept / np.maximum(lengths, 1e-9)).astype(np.float32)
    return unit
