"""Rotation-based SPECT projector with attenuation and distance-dependent blur.

For each view the image is turned so that depth runs along one axis (bilinear,
as a sparse matrix), weighted with the attenuation on the way to the detector,
blurred plane by plane (separable Gaussians as banded matrices) and summed over
depth. The adjoint applies the transposes of the same matrices, so it is exact.

Layouts: image (pixels, channels, slices) with pixels = rows * columns;
projections (views, bins, channels, slices). Channels (the scans) share every
rotation. All in float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import erf
from torch import Tensor

from .camera import FWHM_PER_SIGMA, Camera


def to_layout(volumes: Tensor) -> Tensor:
    """(channels, slices, rows, columns) to (rows * columns, channels, slices)."""
    return volumes.flatten(2).permute(2, 0, 1).contiguous()


def from_layout(image: Tensor, size: int) -> Tensor:
    """(rows * columns, channels, slices) to (channels, slices, rows, columns)."""
    channels, slices = image.shape[1:]
    return image.permute(1, 2, 0).reshape(channels, slices, size, size).contiguous()


@lru_cache(maxsize=2)
def rotation_matrices(size: int, views: int) -> tuple[sparse.csr_matrix, ...]:
    """For each view the matrix (size^2, size^2) that turns the image.

    Row depth * size + bin of the result samples the image at
    bin * u + depth * (-n), where n = (sin t, -cos t) points at the detector and
    u = (cos t, sin t) along it, so depth 0 is nearest to the detector.
    """
    angles = Camera(views=views).angles_rad()
    return tuple(_rotation_matrix(size, float(angle)) for angle in angles)


def _rotation_matrix(size: int, angle: float) -> sparse.csr_matrix:
    middle = (size - 1) / 2
    depth, bins = np.meshgrid(
        np.arange(size) - middle, np.arange(size) - middle, indexing="ij"
    )
    column = bins * np.cos(angle) - depth * np.sin(angle) + middle
    row = bins * np.sin(angle) + depth * np.cos(angle) + middle
    row0, column0 = np.floor(row).astype(int), np.floor(column).astype(int)
    rows, columns, weights = [], [], []
    target = np.arange(size * size).reshape(size, size)
    for down in (0, 1):
        for right in (0, 1):
            i, j = row0 + down, column0 + right
            weight = (1 - np.abs(row - i)) * (1 - np.abs(column - j))
            inside = (i >= 0) & (i < size) & (j >= 0) & (j < size) & (weight > 0)
            rows.append(target[inside])
            columns.append((i * size + j)[inside])
            weights.append(weight[inside].astype(np.float32))
    entries = (
        np.concatenate(weights),
        (np.concatenate(rows), np.concatenate(columns)),
    )
    return sparse.csr_matrix(entries, shape=(size * size, size * size))


def blur_matrix(count: int, sigma_pixels: float) -> NDArray[np.float32]:
    """(count, count): a Gaussian integrated over each pixel; loses only the edges."""
    edges = np.arange(count)[:, None] - np.arange(count)[None, :]
    scale = np.sqrt(2) * sigma_pixels
    kernel = (erf((edges + 0.5) / scale) - erf((edges - 0.5) / scale)) / 2
    # Denormal numbers in the far tails make a processor ten times slower.
    kernel[kernel < 1e-7] = 0.0
    matrix: NDArray[np.float32] = kernel.astype(np.float32)
    return matrix


class Projector:
    """Projections of a field of `size` by `size` pixels and `slices` slices.

    mu: (slices, size, size) in 1/mm, or None for no attenuation.
    blur: False leaves out the collimator (perfect resolution).
    """

    def __init__(
        self,
        camera: Camera,
        *,
        size: int,
        slices: int,
        pixel_mm: float,
        mu: Tensor | None = None,
        blur: bool = True,
        device: torch.device | str = "cpu",
    ) -> None:
        self.camera = camera
        self.size = size
        self.slices = slices
        self.pixel_mm = pixel_mm
        self.device = torch.device(device)
        self._rotations = rotation_matrices(size, camera.views)
        self._turns: dict[int, Tensor] = {}
        self._across: Tensor | None = None
        self._along: Tensor | None = None
        if blur:
            self._across, self._along = self._blurs()
        self._transmission = None if mu is None else self._transmissions(mu)

    def _blurs(self) -> tuple[Tensor, Tensor]:
        """Blur across (size, size, size) and along the axis (size, slices, slices)."""
        middle = (self.size - 1) / 2
        depth_mm = (np.arange(self.size) - middle) * self.pixel_mm
        distance = np.maximum(self.camera.radius_mm + depth_mm, 0.0)
        sigmas = self.camera.fwhm_mm(distance) / FWHM_PER_SIGMA / self.pixel_mm
        across = np.stack([blur_matrix(self.size, s) for s in sigmas])
        along = np.stack([blur_matrix(self.slices, s) for s in sigmas])
        return (
            torch.from_numpy(across).to(self.device),
            torch.from_numpy(along).to(self.device),
        )

    def _transmissions(self, mu: Tensor) -> list[Tensor]:
        """For each view the share of photons that leave, (size, size, 1, slices).

        Photons start evenly within their own voxel: (1 - exp(-m)) / m of them
        leave it, m being its optical thickness.
        """
        image = to_layout(mu.to(self.device)[None] * self.pixel_mm)
        result = []
        for view in range(self.camera.views):
            thickness = self._rotate(view, image).view(self.size, self.size, 1, -1)
            before = torch.cumsum(thickness, dim=0) - thickness
            own = torch.where(
                thickness > 1e-6,
                -torch.expm1(-thickness) / thickness.clamp_min(1e-6),
                torch.ones_like(thickness),
            )
            result.append(own * torch.exp(-before))
        return result

    def _rotate(self, view: int, image: Tensor, *, back: bool = False) -> Tensor:
        """Apply the rotation matrix of `view`, or its transpose."""
        flat = image.reshape(self.size**2, -1)
        matrix = self._rotations[view]
        if self.device.type == "cpu":
            turned = (matrix.T if back else matrix) @ flat.numpy()
            return torch.from_numpy(turned).view(self.size, self.size, *image.shape[1:])
        key = view if not back else ~view
        if key not in self._turns:
            self._turns[key] = _to_torch(matrix.T if back else matrix, self.device)
        return (self._turns[key] @ flat).view(self.size, self.size, *image.shape[1:])

    def forward(self, image: Tensor, views: Sequence[int] | None = None) -> Tensor:
        """(pixels, channels, slices) to (views, bins, channels, slices)."""
        chosen = range(self.camera.views) if views is None else views
        return torch.stack([self._project(image, view) for view in chosen])

    def adjoint(
        self, projections: Tensor, views: Sequence[int] | None = None
    ) -> Tensor:
        """(views, bins, channels, slices) to (pixels, channels, slices)."""
        chosen = range(self.camera.views) if views is None else views
        total: Tensor | None = None
        for projection, view in zip(projections, chosen, strict=True):
            part = self._back_project(projection, view)
            total = part if total is None else total.add_(part)
        assert total is not None
        return total

    def _project(self, image: Tensor, view: int) -> Tensor:
        size, (channels, slices) = self.size, image.shape[1:]
        turned = self._rotate(view, image)
        if self._transmission is not None:
            turned = turned * self._transmission[view]
        if self._across is None or self._along is None:
            return turned.sum(0)
        wide = torch.bmm(self._across, turned.view(size, size, channels * slices))
        blurred = torch.bmm(wide.view(size, size * channels, slices), self._along)
        return blurred.sum(0).view(size, channels, slices)

    def _back_project(self, projection: Tensor, view: int) -> Tensor:
        size, (channels, slices) = self.size, projection.shape[1:]
        if self._across is None or self._along is None:
            spread = projection[None].expand(size, -1, -1, -1).contiguous()
        else:
            flat = projection.reshape(size * channels, slices)
            along = torch.matmul(flat, self._along.transpose(1, 2))
            across = self._across.transpose(1, 2)
            spread = torch.bmm(across, along.view(size, size, channels * slices))
            spread = spread.view(size, size, channels, slices)
        if self._transmission is not None:
            spread = spread.mul_(self._transmission[view])
        return self._rotate(view, spread.flatten(0, 1), back=True).flatten(0, 1)


def _to_torch(matrix: sparse.spmatrix, device: torch.device) -> Tensor:
    csr = matrix.tocsr()
    return torch.sparse_csr_tensor(
        torch.from_numpy(csr.indptr.astype(np.int64)),
        torch.from_numpy(csr.indices.astype(np.int64)),
        torch.from_numpy(csr.data),
        size=csr.shape,
        device=device,
        check_invariants=True,
    )
