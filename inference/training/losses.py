"""What a training makes small: one loss, and terms that a sweep may add to it."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional

from ..quality import K1, K2, WINDOW_PX, WINDOW_SIGMA_PX
from ..recipes import LossName

Loss = Callable[[Tensor, Tensor], Tensor]


def dissimilarity(output: Tensor, reference: Tensor) -> Tensor:
    """1 − SSIM of images within 0–1, (N, 1, H, W): the mean over all places where
    Wang's window lies wholly inside, as `quality.ssim` computes it."""
    window = _window(output)

    def mean(values: Tensor) -> Tensor:
        rows = functional.conv2d(values, window[None, None, :, None])
        return functional.conv2d(rows, window[None, None, None, :])

    mean_1, mean_2 = mean(output), mean(reference)
    variances = mean(output**2) - mean_1**2 + mean(reference**2) - mean_2**2
    covariance = mean(output * reference) - mean_1 * mean_2
    ratio = (2 * mean_1 * mean_2 + K1**2) * (2 * covariance + K2**2)
    ratio = ratio / ((mean_1**2 + mean_2**2 + K1**2) * (variances + K2**2))
    return 1 - ratio.mean()


def _window(like: Tensor) -> Tensor:
    offset = torch.arange(WINDOW_PX, device=like.device, dtype=like.dtype)
    window = torch.exp(-0.5 * ((offset - WINDOW_PX // 2) / WINDOW_SIGMA_PX) ** 2)
    return window / window.sum()


LOSSES: Mapping[LossName, Loss] = {
    "l1": functional.l1_loss,
    "mse": functional.mse_loss,
}
# What may be added, each with a weight of its own.
TERMS: Mapping[str, Loss] = {"ssim": dissimilarity}


def weighted(loss: LossName, more: Mapping[str, float]) -> Loss:
    """The loss, and each term times its weight; with none, the loss itself."""
    if not more:
        return LOSSES[loss]

    def total(output: Tensor, reference: Tensor) -> Tensor:
        value = LOSSES[loss](output, reference)
        for name, weight in sorted(more.items()):
            value = value + weight * TERMS[name](output, reference)
        return value

    return total
