"""What the networks share, computed as Keras computes it."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop

from .configuration import Configuration


class Network(nn.Module):
    """(N, in_channels, H, W) within 0–1 → (N, 1, H, W); sides multiples of size_step.

    With several input channels the residual form adds the middle one. The output
    is not clipped here: a clipped pixel would have no gradient in training.
    """

    output: nn.Module  # the last layer: filters[0] channels to one

    def __init__(self, configuration: Configuration) -> None:
        super().__init__()
        self.configuration = configuration

    def features(self, image: Tensor) -> Tensor:
        """(N, filters[0], H, W), of which `output` makes the image."""
        raise NotImplementedError

    def forward(self, image: Tensor) -> Tensor:
        if not torch.jit.is_tracing():  # type: ignore[attr-defined, no-untyped-call]
            self.refuse_sides(*image.shape[-2:])
        x: Tensor = self.output(self.features(image))
        if self.configuration.output_activation == "sigmoid":
            x = torch.sigmoid(x)
        if self.configuration.residual:
            middle = self.configuration.in_channels // 2
            x = image[:, middle : middle + 1] + x
        return x

    def refuse_sides(self, height: int, width: int) -> None:
        step = self.configuration.size_step
        if height % step or width % step:
            raise Refused(
                gettext_noop(
                    "This network needs images whose sides are multiples of "
                    "%(step)s pixels, not %(height)s × %(width)s."
                )
                % {"step": step, "height": height, "width": width}
            )


class BatchNorm(nn.Module):
    """Batch normalisation with Keras' numbers: ε 1e-3, momentum 0.99.

    Not nn.BatchNorm2d, which also keeps a whole number (how many batches it saw):
    weights are float32 only.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def start(self, _: torch.Generator) -> None:
        nn.init.ones_(self.weight)
        nn.init.zeros_(self.bias)
        self.get_buffer("running_mean").zero_()
        self.get_buffer("running_var").fill_(1)

    def forward(self, x: Tensor) -> Tensor:
        return functional.batch_norm(
            x,
            self.get_buffer("running_mean"),
            self.get_buffer("running_var"),
            self.weight,
            self.bias,
            training=self.training,
            momentum=0.01,  # torch counts the new batch, Keras the old mean
            eps=1e-3,
        )


class Convolution(nn.Conv2d):
    """A convolution, batch normalisation in its bias' place if wanted, ReLU."""

    def __init__(
        self, inputs: int, outputs: int, *, batch_norm: bool, **options: Any
    ) -> None:
        options = {"kernel_size": 3, "padding": 1, **options}
        super().__init__(inputs, outputs, bias=not batch_norm, **options)
        self.norm = BatchNorm(outputs) if batch_norm else None

    def forward(self, x: Tensor) -> Tensor:
        x = super().forward(x)
        if self.norm is not None:
            x = self.norm(x)
        return functional.relu(x)


class TransposedConvolution(nn.ConvTranspose2d):
    """Twice the size by a 3×3 kernel, as Keras' "same" pads it, then ReLU.

    Keras cuts off what stands over at the end; torch's own padding would cut at the
    beginning as well.
    """

    def __init__(self, inputs: int, outputs: int, *, batch_norm: bool) -> None:
        super().__init__(inputs, outputs, kernel_size=3, stride=2, bias=not batch_norm)
        self.norm = BatchNorm(outputs) if batch_norm else None

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        x = super().forward(x, output_size)[..., :-1, :-1]
        if self.norm is not None:
            x = self.norm(x)
        return functional.relu(x)


class Convolutions(nn.Module):
    """Two 3×3 convolutions, zero padding, each with ReLU."""

    def __init__(self, inputs: int, outputs: int, *, batch_norm: bool) -> None:
        super().__init__()
        self.first = Convolution(inputs, outputs, batch_norm=batch_norm)
        self.second = Convolution(outputs, outputs, batch_norm=batch_norm)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.second(self.first(x))
        return found


class Up(nn.Module):
    """Twice the size, joined with features of the level's own: `skips` maps of them."""

    def __init__(
        self, inputs: int, outputs: int, *, batch_norm: bool, skips: int = 1
    ) -> None:
        super().__init__()
        self.before = Convolution(inputs, outputs, batch_norm=batch_norm)
        self.convolutions = Convolutions(
            (1 + skips) * outputs, outputs, batch_norm=batch_norm
        )

    def forward(self, x: Tensor, *skips: Tensor) -> Tensor:
        x = self.before(bilinear_twice(x))
        joined: Tensor = self.convolutions(torch.cat([x, *skips], dim=1))
        return joined


def bilinear_twice(x: Tensor) -> Tensor:
    """With half-pixel centres, as Keras does it."""
    return functional.interpolate(
        x, scale_factor=2, mode="bilinear", align_corners=False
    )


def pairs_down(configuration: Configuration) -> Iterable[tuple[int, int]]:
    """Channels into and out of each level, the finest first."""
    filters = configuration.filters
    return zip((configuration.in_channels, *filters[:-1]), filters, strict=True)


def pairs_up(configuration: Configuration) -> Iterable[tuple[int, int]]:
    """Channels into and out of each step upwards, the coarsest first."""
    filters = configuration.filters[::-1]
    return pairwise(filters)


def encode(levels: Iterable[nn.Module], image: Tensor) -> list[Tensor]:
    """What each level makes, the finest first, with 2×2 max-pooling in between."""
    found: list[Tensor] = []
    x = image
    for number, level in enumerate(levels):
        if number:
            x = functional.max_pool2d(x, 2)
        x = level(x)
        found.append(x)  # (N, filters[number], H / 2^number, W / 2^number)
    return found
