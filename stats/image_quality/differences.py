"""How images differ from a reference, over masks: everything at once. No Django.

For one reference against the images of all arms: squared and absolute errors, and
SSIM at several data ranges. The reference's own moments are taken once, and sums of
integers are exact, so squared errors fall out of the moments of SSIM.

References
----------
Wang Z et al. (2004) Image quality assessment: from error visibility to structural
    similarity. IEEE Trans Image Process 13:600-612. doi:10.1109/TIP.2003.819861
"""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .windows import WANG_2004, Floats, SsimSettings, Windows

Images = NDArray[Any]  # integer or floating
Masks = NDArray[np.bool_]


@dataclass(frozen=True)
class Differences:
    """Of `images` images against a reference of `slices` slices, in each mask.

    mean_squared_error, mean_absolute_error: (masks, images, slices), in the squared
    units and in the units of the images; 0 = identical. Absolute errors are None where
    they were not asked for. similarity: (data ranges, masks, images, slices), -1 to 1.
    """

    mean_squared_error: Floats
    mean_absolute_error: Floats | None
    similarity: Floats


def differences(
    reference: Images,
    images: Images,
    *,
    data_ranges: Sequence[float],
    masks: Masks | None = None,
    absolute: bool = True,
    settings: SsimSettings = WANG_2004,
) -> Differences:
    """Differences of images (images, slices, rows, columns) from a reference
    (slices, rows, columns).

    data_ranges: each gives one SSIM, by its constants C1 = (K1·range)² and
        C2 = (K2·range)². The second range costs next to nothing. Range 1 on images
        from 0 to 255 is not what Wang et al. meant, but is what some published
        values were probably reached with; it is only ever shown with its range.
    masks: (masks, rows, columns); None: one, of every pixel. Errors are means over
        the pixels of a mask. SSIM is the mean of its map over those pixels of the
        mask around which the window lies wholly inside the image; a window reaches
        `settings.radius` pixels beyond the mask.

    Raises ValueError for shapes that do not belong together, where the window does
    not fit into the image, and for a mask without a pixel that SSIM can be had of.
    """
    _check(reference, images, data_ranges, settings)
    if masks is None:
        masks = np.ones((1, *reference.shape[-2:]), dtype=bool)
    radius = settings.radius
    inner = masks[:, radius : masks.shape[1] - radius, radius : masks.shape[2] - radius]
    if not inner.any(axis=(1, 2)).all():
        raise ValueError("a mask has no pixel that the window fits around")
    shape = (len(masks), *images.shape[:2])
    squared, similarity = np.empty(shape), np.empty((len(data_ranges), *shape))
    work = _work(images.shape, settings)
    constants = [settings.constants(one) for one in data_ranges]
    for index, (one, maps) in enumerate(work.by_slice(reference, images, constants)):
        squared[..., index] = _means(one, masks)
        for place, similarities in enumerate(maps):
            similarity[place, ..., index] = _means(similarities, inner)
    errors = _absolute_errors(reference, images, masks) if absolute else None
    return Differences(squared, errors, similarity)


def _check(
    reference: Images,
    images: Images,
    data_ranges: Sequence[float],
    settings: SsimSettings,
) -> None:
    if reference.ndim != 3 or images.ndim != 4 or images.shape[1:] != reference.shape:
        raise ValueError(f"shapes differ: {reference.shape} and {images.shape}")
    if min(reference.shape[-2:]) < settings.size:
        raise ValueError(f"images must be at least {settings.size} pixels wide")
    if min(data_ranges) <= 0:
        raise ValueError("data_range must be positive")


def _means(values: Floats, masks: Masks) -> Floats:
    """(masks, images): means of values (rows, images, columns) over each mask."""
    if len(masks) == 1 and masks.all():
        whole: Floats = np.einsum("rnc->n", values)[None] / masks.size
        return whole
    found = [values.transpose(1, 0, 2)[:, mask].mean(axis=1) for mask in masks]
    return np.stack(found)


def _absolute_errors(reference: Images, images: Images, masks: Masks) -> Floats:
    """(masks, images, slices)."""
    apart = np.abs(images.astype(np.float64) - reference)
    return np.stack([apart[..., mask].mean(axis=-1) for mask in masks])


class _Work:
    """Memory of one call, used again for every slice and by the next call."""

    def __init__(self, shape: tuple[int, ...], settings: SsimSettings) -> None:
        count, slices, rows, columns = shape
        self.made_for = shape, settings
        self.windows = Windows(rows, count, columns, settings)
        self.values, self.products = np.empty((2, *self.windows.shape))
        self.moments = np.empty((5, *self.windows.inner))
        self.one = Windows(rows, slices, columns, settings)
        self.first, self.squares = np.empty((2, *self.one.shape))
        self.mean, self.squared_mean = np.empty((2, *self.one.inner))

    def by_slice(
        self,
        reference: Images,
        images: Images,
        constants: Sequence[tuple[float, float]],
    ) -> Iterator[tuple[Floats, Iterator[Floats]]]:
        """Maps of each slice, (rows, images, columns): squared errors, and where the
        window fits SSIM for each of `constants`. They hold until the next is asked for.
        """
        self.first[:] = reference.transpose(1, 0, 2)
        self.one.means(self.first, self.mean)
        np.multiply(self.first, self.first, out=self.squares)
        np.multiply(self.mean, self.mean, out=self.squared_mean)
        for index in range(len(reference)):
            self.values[:] = images[:, index].transpose(1, 0, 2)
            yield self._errors(slice(index, index + 1)), self._similarities(constants)

    def _errors(self, here: slice) -> Floats:
        """Squared ones of `values`, and the moments, against one slice."""
        values, products = self.values, self.products
        means, variances, covariances, twice, _ = self.moments
        self.windows.means(values, means)
        np.multiply(values, self.first[:, here], out=products)
        self.windows.means(products, covariances)
        np.multiply(values, values, out=values)
        values += self.squares[:, here]
        self.windows.means(values, variances)
        # x² + y² - 2xy, of integers exactly
        products *= -2
        products += values
        # 2·μx·μy, μx² + μy², 2·σxy, σx² + σy²
        np.multiply(means, self.mean[:, here], out=twice)
        means *= means
        means += self.squared_mean[:, here]
        variances -= means
        covariances -= twice
        covariances *= 2
        twice *= 2
        return products

    def _similarities(
        self, constants: Sequence[tuple[float, float]]
    ) -> Iterator[Floats]:
        means, variances, covariances, twice, ratio = self.moments
        before = (0.0, 0.0)
        for c1, c2 in constants:
            # constants are added in place, each on top of the one before
            for moment in (twice, means):
                moment += c1 - before[0]
            for moment in (covariances, variances):
                moment += c2 - before[1]
            before = (c1, c2)
            np.multiply(twice, covariances, out=ratio)
            ratio /= means
            ratio /= variances
            yield ratio


MOST_KEPT = 8_000_000  # bytes of one of some ten arrays

# Getting and giving back megabytes of memory takes as long as the sums in them.
_kept = threading.local()


def _work(shape: tuple[int, ...], settings: SsimSettings) -> _Work:
    """The one of this thread's last call, if it was of the same shape."""
    work: _Work | None = getattr(_kept, "work", None)
    if work is None or work.made_for != (shape, settings):
        work = _Work(shape, settings)
        _kept.work = work if work.values.nbytes < MOST_KEPT else None
    return work
