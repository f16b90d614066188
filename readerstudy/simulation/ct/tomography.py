"""From CT numbers to what a scanner makes of them: projections, counts, filtered back
projection. Parallel beams of one energy, no scatter.

Kak & Slaney 1988, Principles of Computerized Tomographic Imaging, chapter 3
(doi:10.1137/1.9780898719277).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .chest import FIELD_MM

Floats: TypeAlias = NDArray[np.float64]

WATER_PER_MM = 0.0193  # linear attenuation at 70 keV (NIST XCOM)
LEAST_HU, MOST_HU = -1024, 3071


@dataclass(frozen=True)
class Scanner:
    """photons: of a full-dose view that reach one detector element unattenuated."""

    views: int = 360
    photons: float = 2e5


def scan_slices(
    stack: NDArray[np.float32],
    *,
    doses: tuple[float, ...],
    rng: np.random.Generator,
    scanner: Scanner | None = None,
    pixel_mm: float | None = None,
) -> tuple[NDArray[np.int16], ...]:
    """Reconstructions at each dose, each (slices, pixels, pixels) in whole HU.

    stack: true CT numbers. doses: shares of the full dose, greater than 0; noise of
    different doses is independent. The body must lie within the inscribed circle.
    pixel_mm: that of the simulated chest unless given.
    """
    scanner = scanner or Scanner()
    pixel_mm = pixel_mm or FIELD_MM / stack.shape[-1]
    angles = np.arange(scanner.views) * np.pi / scanner.views
    found: list[list[Floats]] = [[] for _ in doses]
    for image in stack:
        truth = project(image, angles, pixel_mm=pixel_mm)
        for dose, images in zip(doses, found, strict=True):
            lines = _measured(truth, dose * scanner.photons, rng)
            images.append(reconstruct(lines, angles, pixel_mm=pixel_mm))
    return tuple(_stored(np.stack(images)) for images in found)


def lower_dose(
    stack: NDArray[Any],
    *,
    dose: float,
    pixel_mm: float,
    rng: np.random.Generator,
    scanner: Scanner | None = None,
) -> NDArray[np.int16]:
    """A real stack (slices, pixels, pixels) in HU with the noise that a share `dose` of
    `scanner.photons` would add to it; its own noise and sharpness stay."""
    scanner = scanner or Scanner()
    angles = np.arange(scanner.views) * np.pi / scanner.views
    found = []
    for image in stack:
        truth = project(image, angles, pixel_mm=pixel_mm)
        noise = _measured(truth, dose * scanner.photons, rng) - truth
        # back projection is linear: the noise alone, without the body's own blur
        added = reconstruct(noise, angles, pixel_mm=pixel_mm) + 1000
        # what is below air is a scanner's padding, and stays
        found.append(np.where(image < LEAST_HU, image, _stored(image + added)))
    lowered: NDArray[np.int16] = np.rint(np.stack(found)).astype(np.int16)
    return lowered


def _measured(truth: Floats, photons: float, rng: np.random.Generator) -> Floats:
    counts = rng.poisson(photons * np.exp(-truth))
    lines: Floats = -np.log(np.maximum(counts, 1) / photons)
    return lines


def _stored(values: Floats) -> NDArray[np.int16]:
    return np.clip(np.rint(values), LEAST_HU, MOST_HU).astype(np.int16)


def project(image: NDArray[Any], angles: Floats, *, pixel_mm: float) -> Floats:
    """Line integrals (views, detectors) of a slice in HU, as attenuation exponents."""
    pixels = len(image)
    mu = np.maximum(0, WATER_PER_MM * (1 + image.astype(np.float64) / 1000))
    middle = np.full(2, (pixels - 1) / 2)
    lines = np.empty((len(angles), pixels))
    for view, angle in enumerate(angles):
        cosine, sine = np.cos(angle), np.sin(angle)
        turn = np.array([[cosine, sine], [-sine, cosine]])
        turned = ndimage.affine_transform(
            mu, turn, offset=middle - turn @ middle, order=1
        )
        lines[view] = turned.sum(axis=0)
    return lines * pixel_mm


def reconstruct(lines: Floats, angles: Floats, *, pixel_mm: float) -> Floats:
    """Filtered back projection, (pixels, pixels) in HU; ramp with a Hann window."""
    pixels = lines.shape[1]
    size = 2 ** int(np.ceil(np.log2(2 * pixels)))
    # the ramp as it is sampled in space: its mean is right, so water is 0 HU
    kernel = np.zeros(size)
    odd = np.arange(1, size // 2, 2)
    kernel[0] = 0.25
    kernel[odd] = kernel[-odd] = -1 / (np.pi * odd) ** 2
    ramp = np.real(np.fft.rfft(kernel))
    window = 0.5 * (1 + np.cos(np.pi * np.arange(len(ramp)) / (len(ramp) - 1)))
    filtered = np.fft.irfft(
        np.fft.rfft(lines, size, axis=1) * (ramp * window), size, axis=1
    )[:, :pixels]
    centred = np.arange(pixels) - (pixels - 1) / 2
    down, right = np.meshgrid(centred, centred, indexing="ij")
    mu = np.zeros((pixels, pixels))
    detectors = np.arange(pixels)
    for view, angle in zip(filtered, angles, strict=True):
        at = right * np.cos(angle) + down * np.sin(angle) + (pixels - 1) / 2
        mu += np.interp(at, detectors, view, left=0, right=0)
    mu *= np.pi / (len(angles) * pixel_mm)
    mu[np.hypot(right, down) > pixels / 2] = 0  # not seen from all sides
    hounsfield: Floats = 1000 * (mu / WATER_PER_MM - 1)
    return hounsfield
