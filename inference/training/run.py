"""A training run from its first batch, or from a checkpoint, to its weights."""

import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop
from readerstudy.imaging.preprocessing import to_eight_bit

from ..prediction import floating, predict
from ..quality import psnr_db, ssim
from ..recipes import LossName, Recipe
from .augmentation import augment
from .checkpoints import Checkpoint, Epoch
from .losses import Loss, weighted
from .pairs import Pairs, pairs_sha256
from .state import State

Precision = Literal["float32", "bf16"]
CHECKPOINT_EVERY_S = 60.0


class StoppedError(Exception):
    """`should_stop` said so; the last checkpoint holds everything done so far."""


@dataclass(frozen=True)
class Trained:
    parameters: dict[str, NDArray[np.float32]]
    epoch: int  # whose weights were kept
    history: tuple[Epoch, ...]


@dataclass(frozen=True)
class Validated:
    """Means over the images, after the 8-bit step that every arm goes through; both
    with range 255."""

    psnr_db: float
    ssim: float


def validate(
    network: nn.Module, pairs: Pairs, *, in_channels: int, device: str
) -> Validated:
    output = predict(network, pairs.short, in_channels=in_channels, device=device)
    images = to_eight_bit(output)
    return Validated(
        psnr_db=float(np.mean(psnr_db(images, pairs.reference, data_range=255))),
        ssim=float(np.mean(ssim(images, pairs.reference, data_range=255))),
    )


def train(
    network: nn.Module,
    *,
    in_channels: int,
    training: Pairs,
    validation: Pairs,
    recipe: Recipe,
    loss: LossName,
    seed: int,
    on_epoch: Callable[[Epoch], None] | None = None,
    device: str = "cpu",
    precision: Precision = "float32",
    resume: Checkpoint | None = None,
    on_checkpoint: Callable[[Checkpoint], None] | None = None,
    checkpoint_every_s: float = CHECKPOINT_EVERY_S,
    should_stop: Callable[[], bool] | None = None,
    loss_weights: Mapping[str, float] | None = None,
) -> Trained:
    """Train `network` in place by `recipe`.

    The same network, pairs, recipe, loss, seed and number of threads give the same
    weights on the same device, also when the run was stopped and went on from a
    checkpoint. `seed` rules the order of the images and their augmentation; the
    first weights are the network's own.

    should_stop: asked after every batch. When it says yes, a last checkpoint is
        handed to `on_checkpoint` and StoppedError is raised.
    precision: "bf16" computes the network in bfloat16 where torch's autocast does
        so; weights, loss and validation stay float32.
    loss_weights: of terms that are added to the loss, see `losses.TERMS`.
    """
    if not len(training) or not len(validation):
        raise Refused(
            gettext_noop("Training and validation need at least one case each.")
        )
    state = State(
        network, images=len(training), recipe=recipe, seed=seed, device=device
    )
    identity = _identity(network, training, validation, loss, precision)
    identity |= {"recipe": recipe.to_json(), "seed": seed, "in_channels": in_channels}
    if loss_weights:
        identity["loss_weights"] = dict(loss_weights)
    if resume is not None:
        resume.check(identity)
        state.restore(resume)
    between = _Interruptions(
        lambda: state.checkpoint(identity),
        on_checkpoint,
        checkpoint_every_s,
        should_stop,
    )
    images = training.tensors(device, in_channels=in_channels)
    run = _Run(state, images, weighted(loss, loss_weights or {}), precision, between)
    with _repeatable(device):
        while len(state.history) < recipe.epochs:
            epoch = run.epoch(validation, in_channels=in_channels)
            if on_epoch:
                on_epoch(epoch)
    parameters = floating(state.kept_state())
    return Trained(parameters, state.kept_epoch, tuple(state.history))


def _identity(
    network: nn.Module,
    training: Pairs,
    validation: Pairs,
    loss: LossName,
    precision: Precision,
) -> dict[str, Any]:
    """What a checkpoint must be of, beside recipe and seed."""
    return {
        "loss": loss,
        "data": pairs_sha256(training, validation),
        "network": {n: list(v.shape) for n, v in network.state_dict().items()},
        "precision": precision,
    }


@contextmanager
def _repeatable(device: str) -> Iterator[None]:
    # the moments of filters that rest fade into denormal numbers, on which a
    # processor is ten times slower
    torch.set_flush_denormal(True)
    before = torch.are_deterministic_algorithms_enabled()
    if device.startswith("cuda"):
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
        torch.use_deterministic_algorithms(before)


class _Interruptions:
    """Between two batches: is a checkpoint due, is it time to stop?"""

    def __init__(
        self,
        make: Callable[[], Checkpoint],
        on_checkpoint: Callable[[Checkpoint], None] | None,
        every_s: float,
        should_stop: Callable[[], bool] | None,
    ) -> None:
        self.make, self.on_checkpoint = make, on_checkpoint
        self.every_s, self.should_stop = every_s, should_stop
        self.last = time.monotonic()

    def __call__(self) -> None:
        stop = self.should_stop is not None and self.should_stop()
        due = time.monotonic() - self.last >= self.every_s
        if self.on_checkpoint and (stop or due):
            self.on_checkpoint(self.make())
            self.last = time.monotonic()
        if stop:
            raise StoppedError


class _Run:
    def __init__(
        self,
        state: State,
        images: tuple[Tensor, Tensor],
        loss: Loss,
        precision: Precision,
        between_batches: Callable[[], None],
    ) -> None:
        self.state, self.images, self.loss = state, images, loss
        self.precision, self.between_batches = precision, between_batches

    def epoch(self, validation: Pairs, *, in_channels: int) -> Epoch:
        """Train for an epoch, or what is left of it, and validate."""
        state, number = self.state, len(self.state.history) + 1
        start = time.perf_counter() - state.seconds
        rate = self._batches(start)
        mean = float(state.loss_sum) / state.images
        if not math.isfinite(mean):
            raise FloatingPointError(f"the training loss of epoch {number} is {mean}")
        with state.kept_weights():
            found = validate(
                state.network, validation, in_channels=in_channels, device=state.device
            )
            state.keep_if_best(number, found.psnr_db)
        epoch = Epoch(
            number=number,
            of=state.recipe.epochs,
            learning_rate=rate,
            training_loss=mean,
            validation_psnr_db=found.psnr_db,
            validation_ssim=found.ssim,
            seconds=time.perf_counter() - start,
        )
        state.history.append(epoch)
        state.begin_epoch()
        return epoch

    def _batches(self, start: float) -> float:
        """The rest of the epoch's batches; the learning rate of the last one."""
        state = self.state
        state.network.train()
        if state.batch == 0:
            state.draw_order()
        while state.batch < state.steps_per_epoch:
            self._step()
            state.seconds = time.perf_counter() - start
            self.between_batches()
        state.network.eval()
        return state.recipe.learning_rate_at(
            state.steps - 1, steps_per_epoch=state.steps_per_epoch
        )

    def _step(self) -> None:
        state = self.state
        short, reference = self.batch(state.chosen())
        state.set_learning_rate()
        state.optimiser.zero_grad(set_to_none=True)
        with torch.autocast(
            torch.device(state.device).type,
            dtype=torch.bfloat16,
            enabled=self.precision == "bf16",
        ):
            output = state.network(short)
        loss = self.loss(output.float(), reference)
        loss.backward()  # type: ignore[no-untyped-call]
        state.optimiser.step()
        state.step_done(loss, images=len(short))

    def batch(self, chosen: Tensor) -> tuple[Tensor, Tensor]:
        """Inputs and targets of these images, moved and mirrored."""
        state, channels = self.state, self.images[0].shape[1]
        chosen = chosen.to(state.device)
        both = torch.cat([images[chosen] for images in self.images], dim=1)
        both = augment(both, recipe=state.recipe, chance=state.chance)
        return both[:, :channels], both[:, channels:]
