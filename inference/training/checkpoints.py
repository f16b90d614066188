"""A training run laid down at any batch, to go on from there with the same bits."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from torch import Tensor

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop

CHECKPOINT_FORMAT = "readerstudy-checkpoint-1"


@dataclass(frozen=True)
class Epoch:
    """What is known after an epoch; losses on the 0–1 scale, PSNR and SSIM on the
    8-bit images with range 255."""

    number: int  # from 1
    of: int
    learning_rate: float
    training_loss: float
    validation_psnr_db: float
    validation_ssim: float
    seconds: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Checkpoint:
    """All that a run goes on from.

    identity: what the run is one of (recipe, loss, seed, data, shapes); a run with
        another one refuses the checkpoint.
    epoch: finished ones. batch: those of the unfinished epoch that are done.
    loss_sum: of these batches' images. seconds: spent on them.
    kept_epoch, kept_psnr_db: of the weights to keep so far; 0 and nothing at first.
    tensors: network, moments of the optimiser, moving average, weights kept so
        far, the order of the unfinished epoch and the state of chance.
    """

    identity: dict[str, Any]
    epoch: int
    batch: int
    steps: int
    loss_sum: float
    seconds: float
    kept_epoch: int
    kept_psnr_db: float | None
    history: tuple[Epoch, ...]
    tensors: Mapping[str, Tensor]

    def to_bytes(self) -> bytes:
        """As safetensors; the same checkpoint gives the same bytes."""
        from safetensors.torch import save

        state = {
            name: value
            for name, value in vars(self).items()
            if name not in ("tensors", "history")
        }
        state["history"] = [epoch.to_json() for epoch in self.history]
        tensors = {name: self.tensors[name] for name in sorted(self.tensors)}
        return save(tensors, metadata={CHECKPOINT_FORMAT: json.dumps(state)})

    @classmethod
    def from_bytes(cls, content: bytes) -> "Checkpoint":
        """Nothing is unpickled; anything but a whole checkpoint is refused."""
        from safetensors import SafetensorError
        from safetensors.torch import load

        try:
            tensors = load(content)
            length = int.from_bytes(content[:8], "little")
            header = json.loads(content[8 : 8 + length])
            state = json.loads(header["__metadata__"][CHECKPOINT_FORMAT])
            history = tuple(Epoch(**epoch) for epoch in state.pop("history"))
            return cls(**state, history=history, tensors=tensors)
        except (SafetensorError, KeyError, TypeError, ValueError) as error:
            raise Refused(
                gettext_noop("This is no checkpoint of a training, or a damaged one.")
            ) from error

    def check(self, identity: Mapping[str, Any]) -> None:
        """Refuse to go on with a training that is another one."""
        differing = sorted(
            name
            for name in {*identity, *self.identity}
            if identity.get(name) != self.identity.get(name)
        )
        if differing:
            raise Refused(
                gettext_noop(
                    "This checkpoint is of another training; what differs: %(names)s."
                )
                % {"names": ", ".join(differing)}
            )
