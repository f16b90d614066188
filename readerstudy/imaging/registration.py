"""How far one scan is displaced from another: phase correlation, without resampling.

Kuglin and Hines, The phase correlation image alignment method, Proc IEEE Conf
Cybernetics and Society 1975:163-165. Fractions of a voxel: Foroosh, Zerubia and
Berthod 2002, doi:10.1109/83.988953; here the phases are weighted by a Gaussian, so
the peak is a Gaussian too, and three samples an axis give its centre exactly.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .volume import Counts, Volume

# The weight falls to 1/e at this frequency (cycles a binned voxel): a gamma camera
# sees little beyond one cycle in 15 mm, and what lies there is noise.
BANDWIDTH = 0.22
# Voxels are added up two by two in each direction: it keeps that band, and costs an
# eighth.
BINNED = 2
AT_ONCE = 8  # slices, so that what lies between stays small
# A peak that rises less than so many standard deviations is one of chance.
LEAST_PEAK = 12.0
# Share of the slices at either end that are faded out: heads are cut there.
FADED = 0.125


def displacement_mm(fixed: Volume, moving: Volume) -> tuple[float, float, float] | None:
    """How far the content of `moving` lies from that of `fixed`, in mm, voxel 0, 0, 0
    on voxel 0, 0, 0: x to the patient's left, y to the back, z to the head.

    Exact to about half a millimetre for heads of 5 minutes. None if it cannot be
    told: voxels of different sizes, an image without counts, or no clear peak.
    """
    if not np.allclose(fixed.spacing_mm, moving.spacing_mm, rtol=0, atol=0.02):
        return None
    shape = np.maximum(fixed.counts.shape, moving.counts.shape)
    images = [_binned(one.counts, shape) for one in (fixed, moving)]
    if not all(np.any(image) for image in images):
        return None
    correlation = _phase_correlation(*images)
    peak = np.unravel_index(int(correlation.argmax()), correlation.shape)
    if correlation[peak] < LEAST_PEAK * correlation.std():
        return None
    z, y, x = (
        _centre(correlation, peak, axis) * BINNED * fixed.spacing_mm[axis]
        for axis in range(3)
    )
    return x, y, z


def _binned(counts: Counts, shape: NDArray[np.int_]) -> NDArray[np.float32]:
    """Added up two by two, nothing below zero, ends faded; as large as half `shape`."""
    padded = np.zeros(-(-shape // BINNED), np.float32)
    slices, rows, columns = (-(-size // BINNED) for size in counts.shape)
    binned = padded[:slices, :rows, :columns]
    for first in range(0, len(counts), AT_ONCE):
        part = _halved(_halved(_halved(counts[first : first + AT_ONCE], 0), 1), 2)
        binned[first // BINNED : first // BINNED + len(part)] = part
    np.maximum(binned, 0, out=binned)
    binned *= _faded(slices)[:, None, None]
    return padded


def _halved(counts: Counts, axis: int) -> NDArray[np.float32]:
    """Neighbours along `axis` added up; the last one alone where they are odd."""
    shape = list(counts.shape)
    shape[axis] = -(-shape[axis] // BINNED)
    halved = np.empty(shape, np.float32)
    pairs = counts.shape[axis] // BINNED
    along, into = counts.swapaxes(0, axis), halved.swapaxes(0, axis)
    np.add(along[: pairs * 2 : 2], along[1::2], out=into[:pairs], dtype=np.float32)
    into[pairs:] = along[pairs * 2 :]
    return halved


def _faded(length: int) -> NDArray[np.float32]:
    """1 in the middle, a cosine down to nearly 0 at either end."""
    edge = max(1, round(length * FADED))
    distance = np.minimum(np.arange(length), np.arange(length)[::-1]) + 0.5
    ramp = np.clip(distance / edge, 0, 1)
    return (0.5 - 0.5 * np.cos(np.pi * ramp)).astype(np.float32)


def _phase_correlation(
    fixed: NDArray[np.float32], moving: NDArray[np.float32]
) -> NDArray[np.float32]:
    import scipy.fft  # loads slowly, and web processes compare no scans

    product = scipy.fft.rfftn(fixed)
    np.conj(product, out=product)
    product *= scipy.fft.rfftn(moving)
    size = np.abs(product)
    product[size <= size.max() * 1e-12] = 0  # no phase to speak of
    np.maximum(size, np.finfo(np.float32).tiny, out=size)
    product *= np.divide(_weight(fixed.shape), size, out=size)
    product[0, 0, 0] = 0
    correlation: NDArray[np.float32] = scipy.fft.irfftn(product, fixed.shape)
    return correlation


@lru_cache(maxsize=4)  # scans of a cohort are of one size
def _weight(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Of each frequency that rfftn gives."""
    *others, last = shape
    frequencies = [*(np.fft.fftfreq(size) for size in others), np.fft.rfftfreq(last)]
    z, y, x = (np.exp(-((along / BANDWIDTH) ** 2)) for along in frequencies)
    weight: NDArray[np.float32] = np.multiply.outer(np.multiply.outer(z, y), x).astype(
        np.float32
    )
    weight.flags.writeable = False
    return weight


def _centre(
    correlation: NDArray[np.float32], peak: tuple[np.intp, ...], axis: int
) -> float:
    """Where the peak has its centre along `axis`, in binned voxels; wraps around."""
    size = correlation.shape[axis]
    at = int(peak[axis])
    signed = at - size if at > size // 2 else at
    lower, middle, upper = (
        float(correlation[(*peak[:axis], (at + step) % size, *peak[axis + 1 :])])
        for step in (-1, 0, 1)
    )
    if size < 3 or min(lower, middle, upper) <= 0:
        return float(signed)
    low, mid, high = np.log([lower, middle, upper])
    bend = low - 2 * mid + high
    return float(signed) if bend >= 0 else signed + float((low - high) / (2 * bend))
