"""The noise of a short scan, measured on the case itself, and drawn anew.

Where the same patient cannot be scanned again, the difference e of the short scan and
its reference is taken for noise of mean 0:

    variance   v(x): e² smoothed by 4 pixels; it follows the patient
    texture    the mean power spectrum of e / √v within a slice
    slices     neighbours are correlated as e / √v is, each with the one below

and drawn as √v times Gaussian noise of that texture. Of a short scan that is part of
its reference with share s of its counts, var(e) = (1 − s) · var(short), so what is
drawn is larger than e by 1 / √(1 − s); where s is not known, as large as e. What else
differs between the two (another camera, scatter) is taken for noise as well.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from .findings import CaseImages, Image
from .geometry import Places, gained

LOCAL_PX = 4.0
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Noise:
    """sd: of the short scan's noise, (slices, rows, columns), in the image's values.
    base: the reference in the short scan's scale, which noise is added to.
    residual: short − base.
    """

    sd: Image
    base: Image
    residual: Image
    amplitude: Floats  # of the texture, (rows, columns of the half spectrum)
    along: float  # correlation of neighbouring slices
    share: float  # of the reference's counts; 0: not known

    def draw(self, rng: np.random.Generator) -> Image:
        """One realisation of the short scan's noise, without its mean."""
        slices, rows, columns = self.sd.shape
        white = rng.standard_normal((slices, rows, columns))
        spectrum = fft.rfft2(white) * self.amplitude
        texture = fft.irfft2(spectrum, s=(rows, columns))
        fresh = np.sqrt(1 - self.along**2)
        for lower in range(slices - 1):
            texture[lower + 1] = (
                self.along * texture[lower] + fresh * texture[lower + 1]
            )
        drawn: Image = (texture * self.sd).astype(np.float32)
        return drawn


def measure_noise(case: CaseImages, places: Places) -> Noise:
    """From one case's short scan and reference."""
    # never all of the counts: then the difference would tell nothing of the noise
    share = min(case.short_share or 0.0, 0.9)
    base = gained(case.reference, case.short, relative=case.relative)
    residual = case.short - base
    variance = local_variance(residual, places)
    white = np.where(places.field, residual / np.sqrt(variance), 0.0)
    power = (np.abs(fft.rfft2(white)) ** 2).mean(axis=0)
    return Noise(
        sd=np.sqrt(variance / (1 - share)).astype(np.float32) * places.field,
        base=base,
        residual=residual,
        amplitude=_of_unit_variance(power, white.shape[1:]),
        along=_along(white, places),
        share=share,
    )


def local_variance(residual: Image, places: Places) -> Floats:
    """Mean square within LOCAL_PX, of the field's pixels alone; never 0."""
    weight = places.field.astype(np.float64)
    sigma = (0.0, LOCAL_PX, LOCAL_PX)
    squares = ndimage.gaussian_filter(weight * residual.astype(np.float64) ** 2, sigma)
    near = ndimage.gaussian_filter(weight, sigma)
    variance: Floats = squares / np.maximum(near, 1e-3)
    return np.maximum(variance, 1e-6 * places.sd**2)


def _of_unit_variance(power: Floats, shape: tuple[int, int]) -> Floats:
    """Factors on the spectrum of white noise after which it has variance 1; none of it
    where the two scans are the same."""
    rows, columns = shape
    whole = np.full(power.shape, 2.0)  # half of the columns stand for both
    whole[:, 0] = 1.0
    if columns % 2 == 0:
        whole[:, -1] = 1.0
    variance = float((power * whole).sum()) / (rows * columns)
    amplitude: Floats = np.sqrt(power / (variance or 1.0))
    return amplitude


def _along(white: Floats, places: Places) -> float:
    if len(white) < 2:
        return 0.0
    both = places.field[1:] & places.field[:-1]
    product = (white[1:] * white[:-1])[both].mean() if both.any() else 0.0
    return float(np.clip(product, 0.0, 0.99))
