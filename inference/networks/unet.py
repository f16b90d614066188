"""The study's U-Nets, one to five levels.

Structure of keras-unet-collection 0.1.13 (MIT), written anew: two 3×3
convolutions with ReLU a level, 2×2 max-pooling, bilinear upsampling followed by
a 3×3 convolution *before* the concatenation (Ronneberger et al. 2015,
doi:10.1007/978-3-319-24574-4_28, has a 2×2 up-convolution there), 1×1 output.
No batch normalisation.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop

from .configuration import UNetConfiguration


class Convolutions(nn.Module):
    """Two 3×3 convolutions, zero padding, each with ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.second(functional.relu(self.first(x))))


class Up(nn.Module):
    """Twice the size, joined with the level's own features."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.before = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.convolutions = Convolutions(2 * outputs, outputs)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        # half-pixel centres, as Keras does it
        x = functional.interpolate(
            x, scale_factor=2, mode="bilinear", align_corners=False
        )
        x = functional.relu(self.before(x))
        return self.convolutions(torch.cat([x, skip], dim=1))  # type: ignore[no-any-return]


class UNet(nn.Module):
    """(N, in_channels, H, W) within 0–1 → (N, 1, H, W); H, W multiples of 2^(L−1).

    With several input channels the residual form adds the middle one. The output
    is not clipped here: a clipped pixel would have no gradient in training.
    """

    def __init__(self, configuration: UNetConfiguration) -> None:
        super().__init__()
        self.configuration = configuration
        filters = configuration.filters
        inputs = (configuration.in_channels, *filters[:-1])
        self.down = nn.ModuleList(map(Convolutions, inputs, filters))
        coarse_to_fine = filters[::-1]
        self.up = nn.ModuleList(map(Up, coarse_to_fine[:-1], coarse_to_fine[1:]))
        self.output = nn.Conv2d(filters[0], 1, 1)

    def forward(self, image: Tensor) -> Tensor:
        step = self.configuration.size_step
        if image.shape[-1] % step or image.shape[-2] % step:
            raise Refused(
                gettext_noop(
                    "This network needs images whose sides are multiples of "
                    "%(step)s pixels, not %(height)s × %(width)s."
                )
                % {"step": step, "height": image.shape[-2], "width": image.shape[-1]}
            )
        skips: list[Tensor] = []
        x = image
        for level, convolutions in enumerate(self.down):
            if level:
                x = functional.max_pool2d(x, 2)
            x = convolutions(x)
            skips.append(x)  # (N, filters[level], H / 2^level, W / 2^level)
        for up, skip in zip(self.up, reversed(skips[:-1]), strict=True):
            x = up(x, skip)
        x = self.output(x)  # (N, 1, H, W)
        if self.configuration.output_activation == "sigmoid":
            x = torch.sigmoid(x)
        if self.configuration.residual:
            middle = self.configuration.in_channels // 2
            x = image[:, middle : middle + 1] + x
        return x


def build_unet(configuration: UNetConfiguration, *, seed: int) -> UNet:
    """A new network: Glorot-uniform weights drawn from `seed`, zero biases.

    Glorot & Bengio 2010: uniform within ±sqrt(6 / (fan in + fan out)). The global
    random state of torch is neither used nor moved.
    """
    with torch.device("meta"):
        network = UNet(configuration)
    network.to_empty(device="cpu")
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in network.named_parameters():
        if name.endswith(".bias"):
            nn.init.zeros_(parameter)
        else:
            nn.init.xavier_uniform_(parameter, generator=generator)
    return network
