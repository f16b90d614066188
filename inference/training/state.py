"""What lives through a training run: network, optimiser, average, chance."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from ..recipes import Recipe
from .checkpoints import Checkpoint, Epoch


class State:
    """Everything a run changes, laid down and taken up as a `Checkpoint`.

    order, batch, loss_sum, seconds: of the epoch under way; see Checkpoint.
    """

    def __init__(
        self, network: nn.Module, *, images: int, recipe: Recipe, seed: int, device: str
    ) -> None:
        self.network, self.recipe, self.device = network, recipe, device
        network.to(device)
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.images = images
        self.steps_per_epoch = math.ceil(images / recipe.batch_size)
        self.chance = torch.Generator().manual_seed(seed)
        kind = torch.optim.AdamW if recipe.optimiser == "adamw" else torch.optim.Adam
        self.optimiser = kind(
            network.parameters(),
            lr=recipe.learning_rate,
            eps=recipe.epsilon,
            weight_decay=recipe.weight_decay,
        )
        self.average = [p.detach().clone() for p in network.parameters()]
        self.steps = 0
        self.history: list[Epoch] = []
        self.kept: dict[str, Tensor] = {}
        self.kept_epoch, self.kept_psnr_db = 0, -math.inf
        self.order = torch.empty(0, dtype=torch.int64)
        self.begin_epoch()

    def begin_epoch(self) -> None:
        self.batch, self.seconds = 0, 0.0
        self.loss_sum = torch.zeros((), dtype=torch.float64, device=self.device)

    def draw_order(self) -> None:
        self.order = torch.randperm(self.images, generator=self.chance)

    def chosen(self) -> Tensor:
        """The images of the batch that is due."""
        start = self.batch * self.recipe.batch_size
        return self.order[start : start + self.recipe.batch_size]

    def set_learning_rate(self) -> float:
        """For the step that is due."""
        rate = self.recipe.learning_rate_at(
            self.steps, steps_per_epoch=self.steps_per_epoch
        )
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        return rate

    def step_done(self, loss: Tensor, *, images: int) -> None:
        self.loss_sum += loss.detach().double() * images
        self.steps += 1
        self.batch += 1
        if self.recipe.averaging:
            # a short memory at first, so that the random start is soon forgotten
            decay = min(self.recipe.averaging, (1 + self.steps) / (10 + self.steps))
            for mean, now in zip(self.average, self.network.parameters(), strict=True):
                mean.lerp_(now.detach(), 1 - decay)

    @contextmanager
    def kept_weights(self) -> Iterator[None]:
        """For as long as it is entered, the network has the averaged weights."""
        if self.recipe.averaging is None:
            yield
            return
        self._exchange()
        try:
            yield
        finally:
            self._exchange()

    def _exchange(self) -> None:
        for mine, other in zip(self.network.parameters(), self.average, strict=True):
            now = mine.detach().clone()
            mine.data.copy_(other)
            other.copy_(now)

    def keep_if_best(self, epoch: int, psnr_db: float) -> None:
        """Called while the network has the weights that were validated."""
        if self.recipe.keep == "last":
            self.kept_epoch = epoch
        elif not self.kept or psnr_db > self.kept_psnr_db:
            self.kept_epoch, self.kept_psnr_db = epoch, psnr_db
            self.kept = {
                name: _copy(values)
                for name, values in self.network.state_dict().items()
            }

    def kept_state(self) -> dict[str, Tensor]:
        """The weights to keep: of the best epoch, or as they are now."""
        if self.kept:
            return self.kept
        with self.kept_weights():
            state = self.network.state_dict()
            return {name: _copy(values) for name, values in state.items()}

    def checkpoint(self, identity: dict[str, Any]) -> Checkpoint:
        tensors = {"chance": self.chance.get_state(), "order": self.order}
        for name, values in self.network.state_dict().items():
            tensors[f"network.{name}"] = values
        for number, parameter in enumerate(self.network.parameters()):
            for name, values in self.optimiser.state[parameter].items():
                tensors[f"optimiser.{number}.{name}"] = values
        if self.recipe.averaging is not None:
            for number, values in enumerate(self.average):
                tensors[f"average.{number}"] = values
        for name, values in self.kept.items():
            tensors[f"kept.{name}"] = values
        return Checkpoint(
            identity=identity,
            epoch=len(self.history),
            batch=self.batch,
            steps=self.steps,
            loss_sum=float(self.loss_sum),
            seconds=self.seconds,
            kept_epoch=self.kept_epoch,
            kept_psnr_db=self.kept_psnr_db if self.kept else None,
            history=tuple(self.history),
            tensors={name: _copy(values) for name, values in tensors.items()},
        )

    def restore(self, found: Checkpoint) -> None:
        """Go on where the checkpoint was made; it must have passed its check."""
        tensors = found.tensors
        self.network.load_state_dict(_part(tensors, "network."))
        for number, parameter in enumerate(self.network.parameters()):
            moments: dict[str, Tensor] = {}
            for name, values in _part(tensors, f"optimiser.{number}.").items():
                # laid out in memory as if they had never left it
                like = parameter.detach() if values.dim() else values
                moments[name] = torch.empty_like(like).copy_(values)
            if moments:
                self.optimiser.state[parameter] = moments
        if self.recipe.averaging is not None:
            for number, values in enumerate(self.average):
                values.copy_(tensors[f"average.{number}"])
        self.kept = _part(tensors, "kept.")
        self.kept_epoch = found.kept_epoch
        if found.kept_psnr_db is not None:
            self.kept_psnr_db = found.kept_psnr_db
        self.chance.set_state(tensors["chance"])
        self.order = tensors["order"]
        self.batch, self.steps = found.batch, found.steps
        self.seconds = found.seconds
        self.loss_sum.fill_(found.loss_sum)
        self.history = list(found.history)


def _copy(values: Tensor) -> Tensor:
    return values.detach().cpu().contiguous().clone()


def _part(tensors: Any, prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): values
        for name, values in tensors.items()
        if name.startswith(prefix)
    }
