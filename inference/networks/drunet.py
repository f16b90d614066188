"""DRUNet, small: residual blocks in a U-shape, without a single bias.

Zhang et al. 2021, doi:10.1109/TPAMI.2021.3088914. Without biases a brighter image
comes out brighter by the same factor. Unlike there, the strength of the noise is not
told to the network: the short scans are all of one length.
"""

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional

from .configuration import DRUNetConfiguration
from .layers import Network


class ResidualBlock(nn.Module):
    """Two convolutions with a ReLU between them; the input is added."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = x + self.second(functional.relu(self.first(x)))
        return found


class DRUNet(Network):
    def __init__(self, configuration: DRUNetConfiguration) -> None:
        super().__init__(configuration)
        filters, count = configuration.filters, configuration.blocks
        self.input = nn.Conv2d(
            configuration.in_channels, filters[0], 3, padding=1, bias=False
        )
        self.down = nn.ModuleList(_blocks(f, count) for f in filters[:-1])
        self.halve = nn.ModuleList(
            nn.Conv2d(*pair, 2, stride=2, bias=False) for pair in pairwise(filters)
        )
        self.bottom = _blocks(filters[-1], count)
        self.twice = nn.ModuleList(
            nn.ConvTranspose2d(*pair, 2, stride=2, bias=False)
            for pair in pairwise(filters[::-1])
        )
        self.up = nn.ModuleList(_blocks(f, count) for f in filters[-2::-1])
        self.output = nn.Conv2d(filters[0], 1, 3, padding=1, bias=False)

    def features(self, image: Tensor) -> Tensor:
        first: Tensor = self.input(image)
        x: Tensor = first
        skips: list[Tensor] = []
        for blocks, halve in zip(self.down, self.halve, strict=True):
            x = halve(blocks(x))
            skips.append(x)
        x = self.bottom(x)
        for twice, blocks, skip in zip(
            self.twice, self.up, reversed(skips), strict=True
        ):
            x = blocks(twice(x + skip))
        return x + first


def _blocks(channels: int, count: int) -> nn.Sequential:
    return nn.Sequential(*(ResidualBlock(channels) for _ in range(count)))
