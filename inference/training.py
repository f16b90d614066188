"""Training a network on pairs of the study's 8-bit images: seeded, repeatable."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from readerstudy.imaging.preprocessing import to_eight_bit

from .prediction import predict
from .quality import psnr_db
from .recipes import (
    QUICK_RECIPE,
    RECIPES,
    SHORT_RECIPE,
    STUDY_RECIPE,
    LossName,
    Recipe,
)

__all__ = [
    "QUICK_RECIPE",
    "RECIPES",
    "SHORT_RECIPE",
    "STUDY_RECIPE",
    "Epoch",
    "LossName",
    "Pairs",
    "Recipe",
    "Trained",
    "train",
    "validation_psnr_db",
]

LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "l1": functional.l1_loss,
    "mse": functional.mse_loss,
}


@dataclass(frozen=True)
class Pairs:
    """short and reference: (N, 64, 64) uint8, image i of one belongs to i of the
    other."""

    short: NDArray[np.uint8]
    reference: NDArray[np.uint8]

    def __post_init__(self) -> None:
        if self.short.shape != self.reference.shape or self.short.ndim != 3:
            raise ValueError(
                f"unlike images: {self.short.shape} and {self.reference.shape}"
            )
        if self.short.dtype != np.uint8 or self.reference.dtype != np.uint8:
            raise ValueError("images must be uint8")

    def __len__(self) -> int:
        return len(self.short)

    def tensors(self, device: str) -> tuple[Tensor, Tensor]:
        """Both as float32 (N, 1, H, W) within 0–1."""
        short, reference = (
            torch.from_numpy(np.array(images)).to(device).float().div_(255)[:, None]
            for images in (self.short, self.reference)
        )
        return short, reference


@dataclass(frozen=True)
class Epoch:
    """What is known after an epoch; losses on the 0–1 scale, PSNR on 8 bits."""

    number: int  # from 1
    of: int
    learning_rate: float
    training_loss: float
    validation_psnr_db: float
    seconds: float


@dataclass(frozen=True)
class Trained:
    parameters: dict[str, NDArray[np.float32]]
    epoch: int  # whose weights were kept
    history: tuple[Epoch, ...]


def validation_psnr_db(network: nn.Module, pairs: Pairs, *, device: str) -> float:
    """Mean PSNR over the images, after the 8-bit step that every arm goes through."""
    output = to_eight_bit(predict(network, pairs.short, device=device))
    return float(np.mean(psnr_db(output, pairs.reference, data_range=255)))


def train(
    network: nn.Module,
    *,
    training: Pairs,
    validation: Pairs,
    recipe: Recipe,
    loss: LossName,
    seed: int,
    on_epoch: Callable[[Epoch], None] | None = None,
    device: str = "cpu",
) -> Trained:
    """Train `network` in place by `recipe`.

    The same network, pairs, recipe, loss, seed and number of threads give the same
    weights on the same device. `seed` rules the order of the images and their
    augmentation; the first weights are the network's own.
    """
    if not len(training) or not len(validation):
        raise ValueError("training and validation need at least one image each")
    # the moments of filters that rest fade into denormal numbers, on which a
    # processor is ten times slower
    torch.set_flush_denormal(True)
    try:
        return _train(
            network, training, validation, recipe, loss, seed, on_epoch, device
        )
    finally:
        torch.set_flush_denormal(False)


def _train(
    network: nn.Module,
    training: Pairs,
    validation: Pairs,
    recipe: Recipe,
    loss: LossName,
    seed: int,
    on_epoch: Callable[[Epoch], None] | None,
    device: str,
) -> Trained:
    run = _Run(network, training, recipe, loss, seed, device)
    history: list[Epoch] = []
    kept: tuple[float, int, dict[str, NDArray[np.float32]]] | None = None
    for number in range(1, recipe.epochs + 1):
        start = time.perf_counter()
        training_loss, learning_rate = run.epoch(number)
        with run.kept_weights():
            psnr = validation_psnr_db(network, validation, device=device)
            if recipe.keep == "last" or kept is None or psnr > kept[0]:
                kept = psnr, number, _numbers(network)
        epoch = Epoch(
            number,
            recipe.epochs,
            learning_rate,
            training_loss,
            psnr,
            time.perf_counter() - start,
        )
        history.append(epoch)
        if on_epoch:
            on_epoch(epoch)
    assert kept is not None
    return Trained(kept[2], kept[1], tuple(history))


def _numbers(network: nn.Module) -> dict[str, NDArray[np.float32]]:
    return {
        name: values.detach().cpu().contiguous().numpy().copy()
        for name, values in network.state_dict().items()
    }


class _Run:
    """What lives through a training run: optimiser, average, chance."""

    def __init__(
        self,
        network: nn.Module,
        pairs: Pairs,
        recipe: Recipe,
        loss: LossName,
        seed: int,
        device: str,
    ) -> None:
        self.network, self.recipe, self.loss = network, recipe, LOSSES[loss]
        network.to(device)
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.short, self.reference = pairs.tensors(device)
        self.chance = torch.Generator().manual_seed(seed)
        self.steps_per_epoch = math.ceil(len(pairs) / recipe.batch_size)
        kind = torch.optim.AdamW if recipe.optimiser == "adamw" else torch.optim.Adam
        self.optimiser = kind(
            network.parameters(),
            lr=recipe.learning_rate,
            eps=recipe.epsilon,
            weight_decay=recipe.weight_decay,
        )
        self.steps = 0
        self.average = [p.detach().clone() for p in network.parameters()]

    def epoch(self, number: int) -> tuple[float, float]:
        """Mean training loss and the last learning rate of the epoch."""
        self.network.train()
        total, learning_rate = 0.0, 0.0
        for batch, (short, reference) in enumerate(self._batches()):
            step = (number - 1) * self.steps_per_epoch + batch
            learning_rate = self.recipe.learning_rate_at(
                step, steps_per_epoch=self.steps_per_epoch
            )
            for group in self.optimiser.param_groups:
                group["lr"] = learning_rate
            self.optimiser.zero_grad(set_to_none=True)
            loss = self.loss(self.network(short), reference)
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimiser.step()
            self._update_average()
            total += float(loss.detach()) * len(short)
        self.network.eval()
        mean = total / len(self.short)
        if not math.isfinite(mean):
            raise FloatingPointError(f"the training loss of epoch {number} is {mean}")
        return mean, learning_rate

    def kept_weights(self) -> "_Swap":
        """For as long as it is entered, the network has the averaged weights."""
        return _Swap(self.network, self.average if self.recipe.averaging else None)

    def _batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        order = torch.randperm(len(self.short), generator=self.chance)
        for chosen in torch.split(order, self.recipe.batch_size):
            chosen = chosen.to(self.short.device)
            pair = torch.cat([self.short[chosen], self.reference[chosen]], dim=1)
            pair = self._augment(pair)
            yield pair[:, :1], pair[:, 1:]

    def _augment(self, pair: Tensor) -> Tensor:
        """Move and mirror both images of a pair alike; (N, 2, H, W)."""
        count, _, height, width = pair.shape
        if self.recipe.flips:
            flip = torch.rand(count, generator=self.chance) < 0.5
            pair = torch.where(
                flip[:, None, None, None].to(pair.device), pair.flip(-1), pair
            )
        if reach := self.recipe.shift_px:
            padded = functional.pad(pair, (reach,) * 4, mode="replicate")
            shifts = torch.randint(
                0, 2 * reach + 1, (count, 2), generator=self.chance
            ).tolist()
            pair = torch.stack(
                [
                    image[:, down : down + height, right : right + width]
                    for image, (down, right) in zip(padded, shifts, strict=True)
                ]
            )
        return pair

    def _update_average(self) -> None:
        if self.recipe.averaging:
            self.steps += 1
            # a short memory at first, so that the random start is soon forgotten
            decay = min(self.recipe.averaging, (1 + self.steps) / (10 + self.steps))
            for mean, now in zip(self.average, self.network.parameters(), strict=True):
                mean.lerp_(now.detach(), 1 - decay)


class _Swap:
    def __init__(self, network: nn.Module, weights: list[Tensor] | None) -> None:
        self.network, self.weights = network, weights

    def __enter__(self) -> None:
        self._exchange()

    def __exit__(self, *_: object) -> None:
        self._exchange()

    def _exchange(self) -> None:
        if self.weights is None:
            return
        for mine, other in zip(self.network.parameters(), self.weights, strict=True):
            now = mine.detach().clone()
            mine.data.copy_(other)
            other.copy_(now)
