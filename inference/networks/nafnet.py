"""NAFNet, small: a U-shape of blocks without any activation function.

Chen et al. 2022, doi:10.1007/978-3-031-20071-7_2: normalisation over the channels, a
depthwise convolution, a gate that multiplies one half of the channels by the other,
attention over channels by their means, and blocks that start as the identity.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from .configuration import NAFNetConfiguration
from .layers import Network

NORM_EPSILON = 1e-6


class ChannelNorm(nn.Module):
    """Each pixel's channels: mean 0, variance 1, then scaled and moved."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def start(self, _: torch.Generator) -> None:
        nn.init.ones_(self.weight)
        nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        # in torch's own kernel, with channels last, as the pictures lie anyway
        x = functional.layer_norm(
            x.permute(0, 2, 3, 1),
            (self.channels,),
            self.weight,
            self.bias,
            NORM_EPSILON,
        )
        return x.permute(0, 3, 1, 2)


def gate(x: Tensor) -> Tensor:
    """One half of the channels times the other."""
    first, second = x.chunk(2, dim=1)
    return first * second


class NAFBlock(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        twice = 2 * channels
        self.first_norm = ChannelNorm(channels)
        self.widen = nn.Conv2d(channels, twice, 1)
        self.around = nn.Conv2d(twice, twice, 3, padding=1, groups=twice)
        self.attention = nn.Conv2d(channels, channels, 1)
        self.narrow = nn.Conv2d(channels, channels, 1)
        self.first_share = nn.Parameter(torch.zeros(channels, 1, 1))
        self.second_norm = ChannelNorm(channels)
        self.widen_again = nn.Conv2d(channels, twice, 1)
        self.narrow_again = nn.Conv2d(channels, channels, 1)
        self.second_share = nn.Parameter(torch.zeros(channels, 1, 1))

    def start(self, _: torch.Generator) -> None:
        nn.init.zeros_(self.first_share)
        nn.init.zeros_(self.second_share)

    def forward(self, x: Tensor) -> Tensor:
        inner = gate(self.around(self.widen(self.first_norm(x))))
        inner = inner * self.attention(inner.mean(dim=(2, 3), keepdim=True))
        x = x + self.first_share * self.narrow(inner)
        inner = gate(self.widen_again(self.second_norm(x)))
        found: Tensor = x + self.second_share * self.narrow_again(inner)
        return found


class NAFNet(Network):
    def __init__(self, configuration: NAFNetConfiguration) -> None:
        super().__init__(configuration)
        filters = configuration.filters
        self.input = nn.Conv2d(configuration.in_channels, filters[0], 3, padding=1)
        self.down = nn.ModuleList(
            _blocks(channels, count)
            for channels, count in zip(
                filters[:-1], configuration.down_blocks, strict=True
            )
        )
        self.halve = nn.ModuleList(
            nn.Conv2d(*pair, 2, stride=2) for pair in pairwise(filters)
        )
        self.bottom = _blocks(filters[-1], configuration.bottom_blocks)
        # four finer pixels lie in the channels of each coarser one
        self.twice = nn.ModuleList(
            nn.Conv2d(coarse, 4 * fine, 1, bias=False)
            for coarse, fine in pairwise(filters[::-1])
        )
        self.up = nn.ModuleList(
            _blocks(channels, count)
            for channels, count in zip(
                filters[-2::-1], configuration.up_blocks, strict=True
            )
        )
        self.output = nn.Conv2d(filters[0], 1, 3, padding=1)

    def features(self, image: Tensor) -> Tensor:
        x: Tensor = self.input(image)
        skips: list[Tensor] = []
        for blocks, halve in zip(self.down, self.halve, strict=True):
            x = blocks(x)
            skips.append(x)
            x = halve(x)
        x = self.bottom(x)
        for twice, blocks, skip in zip(
            self.twice, self.up, reversed(skips), strict=True
        ):
            x = blocks(functional.pixel_shuffle(twice(x), 2) + skip)
        return x


def _blocks(channels: int, count: int) -> nn.Sequential:
    return nn.Sequential(*(NAFBlock(channels) for _ in range(count)))
