"""U-Net++ twice: as the study's library built it, and as its paper has it.

Zhou et al. 2018, doi:10.1007/978-3-030-00889-5_1. In keras-unet-collection 0.1.13 the
skips are never concatenated, so what reaches the output is a plain encoder–decoder.
"""

from torch import Tensor, nn

from .configuration import UNetConfiguration
from .layers import Convolutions, Network, Up, encode, pairs_down, pairs_up


class UNetPlusPlus(Network):
    """As published by the library: no way around the coarsest level."""

    def __init__(self, configuration: UNetConfiguration) -> None:
        super().__init__(configuration)
        norm = configuration.batch_norm
        self.down = nn.ModuleList(
            Convolutions(*pair, batch_norm=norm) for pair in pairs_down(configuration)
        )
        self.up = nn.ModuleList(
            Up(*pair, batch_norm=norm, skips=0) for pair in pairs_up(configuration)
        )
        self.output = nn.Conv2d(configuration.filters[0], 1, 1)

    def features(self, image: Tensor) -> Tensor:
        x = encode(self.down, image)[-1]
        for up in self.up:
            x = up(x)
        return x


class NestedUNetPlusPlus(Network):
    """As in the paper, without deep supervision.

    Node (level, column) takes the coarser level's node of the column before, twice
    its size, and every earlier node of its own level.
    """

    def __init__(self, configuration: UNetConfiguration) -> None:
        super().__init__(configuration)
        norm, filters = configuration.batch_norm, configuration.filters
        self.down = nn.ModuleList(
            Convolutions(*pair, batch_norm=norm) for pair in pairs_down(configuration)
        )
        self.columns = nn.ModuleList(
            nn.ModuleList(
                Up(filters[level + 1], filters[level], batch_norm=norm, skips=column)
                for level in range(len(filters) - column)
            )
            for column in range(1, len(filters))
        )
        self.output = nn.Conv2d(filters[0], 1, 1)

    def features(self, image: Tensor) -> Tensor:
        nodes = [[x] for x in encode(self.down, image)]  # of each level
        for column in self.columns:
            assert isinstance(column, nn.ModuleList)
            new = [
                up(nodes[level + 1][-1], *nodes[level])
                for level, up in enumerate(column)
            ]
            for level, x in enumerate(new):
                nodes[level].append(x)
            del nodes[len(new) :]
        return nodes[0][-1]
