"""What is learned from: the short and the reference image of every slice."""

import hashlib
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..stacks import inputs_of


@dataclass(frozen=True)
class Pairs:
    """short and reference: (cases, slices, H, W) uint8; a slice of one belongs to
    the same slice of the other."""

    short: NDArray[np.uint8]
    reference: NDArray[np.uint8]

    def __post_init__(self) -> None:
        if self.short.shape != self.reference.shape or self.short.ndim != 4:
            raise ValueError(
                f"unlike images: {self.short.shape} and {self.reference.shape}"
            )
        if self.short.dtype != np.uint8 or self.reference.dtype != np.uint8:
            raise ValueError("images must be uint8")

    def __len__(self) -> int:
        """The number of images (slices of all cases)."""
        return int(self.short.shape[0] * self.short.shape[1])

    @property
    def cases(self) -> int:
        return len(self.short)

    def tensors(self, device: str, *, in_channels: int) -> tuple[Tensor, Tensor]:
        """Inputs (N, in_channels, H, W) and targets (N, 1, H, W): float32 in 0–1."""
        inputs = inputs_of(self.short, in_channels=in_channels)
        targets = inputs_of(self.reference, in_channels=1)
        short, reference = (
            torch.from_numpy(np.array(images)).to(device).float().div_(255)
            for images in (inputs, targets)
        )
        return short, reference


def pairs_sha256(*parts: Pairs) -> str:
    """One hash of all pixels, in order: what exactly was learned from."""
    digest = hashlib.sha256()
    for part in parts:
        for stacks in (part.short, part.reference):
            images = stacks.reshape(-1, *stacks.shape[-2:])
            digest.update(str(images.shape).encode() + images.tobytes())
    return digest.hexdigest()
