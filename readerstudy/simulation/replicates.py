"""The same patient scanned again: other counts of the same expectation.

Repeats are drawn anew from the mean of the projections, which is what thinning a scan
of endless length gives: they share the patient, the attenuation map and the error of
the scatter estimate, and no photon. Doses hold the short scan, or are held by it, as
parts of one list-mode file. Only the slices around the central one are reconstructed,
with so many on either side that their end is not felt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .acquisition import _measured_mu, _smooth_scatter, count, expected_counts, thin
from .camera import SHORT_FRACTION, Camera
from .patient import Patient, draw_patient, stream
from .phantom import Phantom, render_phantom
from .projector import Projector, to_layout
from .reconstruction import Recipe, reconstruct
from .scanning import MATRIX, STORED_PER_COUNT, one_thread

REPEATS = 11  # which of a patient's random streams
AROUND = 2  # slices on each side of the central one
MARGIN = 8  # more, that are reconstructed: three standard deviations of the blur

Counts = NDArray[np.int64]
Image = NDArray[np.float32]


@dataclass(frozen=True)
class Replicates:
    """repeats: (n, 5, 128, 128) whole numbers as they are stored, short scans.
    doses: (m, 5, 128, 128), likewise, at the shares that were asked for.
    measured: of the short scan that the case has.
    """

    repeats: Image
    doses: Image
    measured: Measured


@dataclass(frozen=True)
class Measured:
    """What the camera counted in the short scan, around the central slice.

    photopeak, scatter: (views, bins, 1, slices). image: the scan's reconstruction,
    (slices, rows, columns), in stored numbers.
    """

    photopeak: Tensor
    scatter: Tensor
    projector: Projector
    image: Tensor

    @property
    def middle(self) -> slice:
        """Of the slices: the five that are shown and stored."""
        first = (self.projector.slices - 1) // 2 - AROUND
        return slice(first, first + 2 * AROUND + 1)

    def deviance(self, values: Image) -> float:
        """Poisson deviance a bin, 2 Σ (n ln(n/m) − n + m) / bins; about 1 where only
        noise is left.

        values: five slices, (5, rows, columns), centred in the matrix, in any unit:
            each is given the counts of the short scan's own.
        """
        image = self.image.clone()
        own, new = image[self.middle], torch.from_numpy(np.clip(values, 0, None))
        edge = (own.shape[-1] - new.shape[-1]) // 2
        own, new = _cut(own, edge), _cut(new, -edge)
        sums = [each.sum(dim=(1, 2), keepdim=True) for each in (own, new)]
        own.copy_(new * (sums[0] / sums[1].clamp_min(1e-9)))
        per_view = image / (STORED_PER_COUNT * self.projector.camera.views)
        with one_thread():
            mean = self.projector.forward(to_layout(per_view[None])) + self.scatter
        n = self.photopeak[..., self.middle].double()
        m = mean[..., self.middle].double().clamp_min(1e-3)
        return float(2 * (torch.xlogy(n, n / m) - n + m).mean())


def _cut(image: Tensor, edge: int) -> Tensor:
    """Without so many rows and columns on every side."""
    if edge <= 0:
        return image
    return image[:, edge:-edge, edge:-edge]


def scan_again(
    *,
    seed: int,
    index: int,
    central_slice: int,
    repeats: int,
    doses: Sequence[float] = (),
) -> Replicates:
    """Of case `index` of cohort `seed`; the same on every call.

    central_slice: of the volume that `simulate_pair` gives, from 0.
    doses: shares of the reference's counts, above 0 and at most 1.
    """
    with one_thread():
        patient = draw_patient(seed=seed, index=index)
        phantom, camera = render_phantom(patient), Camera()
        peaks, sides, mu = _counted(phantom, patient, camera, repeats, doses)
        grid = phantom.grid
        slab = _slab(central_slice, grid.slices)
        projector = Projector(
            camera,
            size=grid.size,
            slices=slab.stop - slab.start,
            pixel_mm=grid.pixel_mm,
            mu=mu[slab].contiguous(),
        )
        photopeak = peaks[..., slab].contiguous()
        scatter = _smooth_scatter(sides, camera, grid.pixel_mm)[..., slab].contiguous()
        volumes = reconstruct(photopeak, scatter, projector=projector, recipe=Recipe())
        stored = (volumes * STORED_PER_COUNT).round_().clamp_(0, 65535)
    measured = Measured(photopeak[:, :, :1], scatter[:, :, :1], projector, stored[0])
    images = _whole(stored[:, measured.middle])
    first = 1 + len(doses)
    return Replicates(images[first:], images[1:first], measured)


def _counted(
    phantom: Phantom,
    patient: Patient,
    camera: Camera,
    repeats: int,
    doses: Sequence[float],
) -> tuple[Tensor, Tensor, Tensor]:
    """Main and side windows, (views, bins, scans, slices): the short scan that the
    case has, the doses, the repeats; and the measured attenuation map."""
    primary, scattered = expected_counts(phantom, patient, camera=camera)
    # what `acquire` draws, in its order
    rng = stream(patient.seed, patient.index, purpose=2)
    means = [primary + scattered]
    full = [count(means[0], rng)]
    mismatch = float(rng.normal(1.0, 0.05))
    means.append(scattered * (camera.side_share * mismatch))
    full.append(count(means[1], rng))
    short = [thin(counts, rng, fraction=SHORT_FRACTION) for counts in full]
    mu = _measured_mu(phantom.mu, rng)
    again = stream(patient.seed, patient.index, purpose=REPEATS)
    windows = []
    for mean, whole, part in zip(means, full, short, strict=True):
        scans = [part, *(_at(dose, part, whole, again) for dose in doses)]
        scans += [count(mean * SHORT_FRACTION, again) for _ in range(repeats)]
        windows.append(torch.from_numpy(np.stack(scans, axis=2).astype(np.float32)))
    return windows[0], windows[1], mu


def _at(dose: float, short: Counts, full: Counts, rng: np.random.Generator) -> Counts:
    """Counts at a share of the full scan's: part of the short scan, or it and more."""
    if dose <= SHORT_FRACTION:
        return thin(short, rng, fraction=dose / SHORT_FRACTION)
    more = (dose - SHORT_FRACTION) / (1 - SHORT_FRACTION)
    return short + thin(full - short, rng, fraction=min(more, 1.0))


def _slab(central: int, slices: int) -> slice:
    """As many slices above as below, so that the central one is in the middle."""
    reach = min(AROUND + MARGIN, central, slices - 1 - central)
    if reach < AROUND:
        raise ValueError(f"slice {central} of {slices} is too near the end")
    return slice(central - reach, central + reach + 1)


def _whole(stored: Tensor) -> Image:
    """In the matrix of the files."""
    edge = (MATRIX - stored.shape[-1]) // 2
    whole: Image = np.pad(
        stored.numpy(), ((0, 0), (0, 0), (edge, edge), (edge, edge))
    ).astype(np.float32)
    return whole
