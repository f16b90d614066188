"""R2U-Net: recurrent convolutions with a residual.

Alom et al. 2019, doi:10.1117/1.JMI.6.1.014006 (arXiv:1802.06955), as
keras-unet-collection 0.1.13 (MIT) builds it, written anew: there the repeated
convolutions of a recurrence do not share their weights.
"""

import torch
from torch import Tensor, nn

from .configuration import UNetConfiguration
from .layers import (
    Convolution,
    Network,
    bilinear_twice,
    encode,
    pairs_down,
    pairs_up,
)

STACKS = 2
RECURRENCES = 2


class Recurrent(nn.Module):
    """One convolution, then `RECURRENCES` more of their own result plus the input."""

    def __init__(self, channels: int, *, batch_norm: bool) -> None:
        super().__init__()
        self.steps = nn.ModuleList(
            Convolution(channels, channels, batch_norm=batch_norm)
            for _ in range(1 + RECURRENCES)
        )

    def forward(self, x: Tensor) -> Tensor:
        first, *more = self.steps
        result: Tensor = first(x)
        for step in more:
            result = step(result + x)
        return result


class RecurrentResidual(nn.Module):
    """A 1×1 convolution, to which what its stacks of recurrences make is added."""

    def __init__(self, inputs: int, outputs: int, *, batch_norm: bool) -> None:
        super().__init__()
        self.linear = nn.Conv2d(inputs, outputs, 1)
        self.stacks = nn.Sequential(
            *(Recurrent(outputs, batch_norm=batch_norm) for _ in range(STACKS))
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.linear(x)
        found: Tensor = self.stacks(x) + x
        return found


class R2Up(nn.Module):
    def __init__(self, inputs: int, outputs: int, *, batch_norm: bool) -> None:
        super().__init__()
        self.before = Convolution(inputs, outputs, batch_norm=batch_norm)
        self.block = RecurrentResidual(2 * outputs, outputs, batch_norm=batch_norm)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        x = self.before(bilinear_twice(x))
        found: Tensor = self.block(torch.cat([x, skip], dim=1))
        return found


class R2UNet(Network):
    def __init__(self, configuration: UNetConfiguration) -> None:
        super().__init__(configuration)
        norm = configuration.batch_norm
        self.down = nn.ModuleList(
            RecurrentResidual(*pair, batch_norm=norm)
            for pair in pairs_down(configuration)
        )
        self.up = nn.ModuleList(
            R2Up(*pair, batch_norm=norm) for pair in pairs_up(configuration)
        )
        self.output = nn.Conv2d(configuration.filters[0], 1, 1)

    def features(self, image: Tensor) -> Tensor:
        *skips, x = encode(self.down, image)
        for up, skip in zip(self.up, reversed(skips), strict=True):
            x = up(x, skip)
        return x
