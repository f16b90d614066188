"""The study's U-Nets, one to five levels.

Structure of keras-unet-collection 0.1.13 (MIT), written anew: two 3×3
convolutions with ReLU a level, 2×2 max-pooling, bilinear upsampling followed by
a 3×3 convolution *before* the concatenation (Ronneberger et al. 2015,
doi:10.1007/978-3-319-24574-4_28, has a 2×2 up-convolution there), 1×1 output.
"""

from torch import Tensor, nn

from .configuration import UNetConfiguration
from .layers import Convolutions, Network, Up, encode, pairs_down, pairs_up


class UNet(Network):
    def __init__(self, configuration: UNetConfiguration) -> None:
        super().__init__(configuration)
        norm = configuration.batch_norm
        self.down = nn.ModuleList(
            Convolutions(inputs, outputs, batch_norm=norm)
            for inputs, outputs in pairs_down(configuration)
        )
        self.up = nn.ModuleList(
            Up(inputs, outputs, batch_norm=norm)
            for inputs, outputs in pairs_up(configuration)
        )
        self.output = nn.Conv2d(configuration.filters[0], 1, 1)

    def features(self, image: Tensor) -> Tensor:
        *skips, x = encode(self.down, image)
        for up, skip in zip(self.up, reversed(skips), strict=True):
            x = up(x, skip)
        return x
