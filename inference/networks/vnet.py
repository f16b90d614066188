"""V-Net in two dimensions.

Milletari et al. 2016, doi:10.1109/3DV.2016.79, as keras-unet-collection 0.1.13 (MIT)
builds it, written anew: 3×3 convolutions instead of 5×5×5; a stage of r convolutions
(1, 2, 3, 3, …) with its input added before the last ReLU.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from .configuration import VNetConfiguration
from .layers import Convolution, Network, TransposedConvolution

MOST_CONVOLUTIONS = 3


class ResidualStage(nn.Module):
    """r convolutions, each with ReLU; what `added` holds is added, then ReLU."""

    def __init__(
        self, inputs: int, outputs: int, *, convolutions: int, batch_norm: bool
    ) -> None:
        super().__init__()
        channels = [inputs] + [outputs] * convolutions
        self.convolutions = nn.ModuleList(
            Convolution(*pair, batch_norm=batch_norm) for pair in pairwise(channels)
        )
        # what is added after max-pooling has the finer level's fewer channels
        self.missing = max(0, outputs - inputs)

    def forward(self, x: Tensor, *, added: Tensor) -> Tensor:
        for convolution in self.convolutions:
            x = convolution(x)
        if self.missing:
            added = functional.pad(added, (0, 0, 0, 0, 0, self.missing))
        return functional.relu(x + added)


class VNetDown(nn.Module):
    """Half the size, then a residual stage."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        convolutions: int,
        settings: VNetConfiguration,
    ) -> None:
        super().__init__()
        norm, strided = settings.batch_norm, settings.pooling == "strided"
        self.halve: nn.Module = (
            Convolution(
                inputs, outputs, batch_norm=norm, kernel_size=2, stride=2, padding=0
            )
            if strided
            else nn.MaxPool2d(2)
        )
        self.stage = ResidualStage(
            outputs if strided else inputs,
            outputs,
            convolutions=convolutions,
            batch_norm=norm,
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.halve(x)
        found: Tensor = self.stage(x, added=x)
        return found


class VNetUp(nn.Module):
    """Twice the size; the stage sees the level's features too, the residual not."""

    def __init__(
        self, inputs: int, outputs: int, *, convolutions: int, batch_norm: bool
    ) -> None:
        super().__init__()
        self.twice = TransposedConvolution(inputs, outputs, batch_norm=batch_norm)
        self.stage = ResidualStage(
            2 * outputs, outputs, convolutions=convolutions, batch_norm=batch_norm
        )

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        x = self.twice(x)
        found: Tensor = self.stage(torch.cat([x, skip], dim=1), added=x)
        return found


class VNet(Network):
    def __init__(self, configuration: VNetConfiguration) -> None:
        super().__init__(configuration)
        norm, filters = configuration.batch_norm, configuration.filters
        counts = [min(1 + n, MOST_CONVOLUTIONS) for n in range(len(filters))]
        self.input = Convolution(configuration.in_channels, filters[0], batch_norm=norm)
        self.first = ResidualStage(
            filters[0], filters[0], convolutions=counts[0], batch_norm=norm
        )
        self.down = nn.ModuleList(
            VNetDown(*pair, convolutions=count, settings=configuration)
            for pair, count in zip(pairwise(filters), counts[1:], strict=True)
        )
        self.up = nn.ModuleList(
            VNetUp(*pair, convolutions=count, batch_norm=norm)
            for pair, count in zip(pairwise(filters[::-1]), counts[-2::-1], strict=True)
        )
        self.output = nn.Conv2d(filters[0], 1, 1)

    def features(self, image: Tensor) -> Tensor:
        x: Tensor = self.input(image)
        x = self.first(x, added=x)
        skips: list[Tensor] = []
        for down in self.down:
            skips.append(x)
            x = down(x)
        for up, skip in zip(self.up, reversed(skips), strict=True):
            x = up(x, skip)
        return x
