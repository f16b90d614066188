"""Attention U-Net: what comes up decides how much of a level's features counts.

Oktay et al. 2018, arXiv:1804.03999, as keras-unet-collection 0.1.13 (MIT) builds it,
written anew: the gate works at the finer size, and there is no convolution before
joining.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from .configuration import UNetConfiguration
from .layers import (
    Convolutions,
    Network,
    bilinear_twice,
    encode,
    pairs_down,
    pairs_up,
)


class Gate(nn.Module):
    """Multiplies each pixel of the level's features by a number within 0–1."""

    def __init__(self, *, features: int, coarse: int, inner: int) -> None:
        super().__init__()
        self.of_features = nn.Conv2d(features, inner, 1)
        self.of_coarse = nn.Conv2d(coarse, inner, 1)
        self.share = nn.Conv2d(inner, 1, 1)

    def forward(self, features: Tensor, coarse: Tensor) -> Tensor:
        x = functional.relu(self.of_features(features) + self.of_coarse(coarse))
        return features * torch.sigmoid(self.share(x))


class AttentionUp(nn.Module):
    def __init__(self, inputs: int, outputs: int, *, batch_norm: bool) -> None:
        super().__init__()
        self.gate = Gate(features=outputs, coarse=inputs, inner=max(1, outputs // 2))
        self.convolutions = Convolutions(
            inputs + outputs, outputs, batch_norm=batch_norm
        )

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        x = bilinear_twice(x)
        joined = torch.cat([x, self.gate(skip, x)], dim=1)
        found: Tensor = self.convolutions(joined)
        return found


class AttentionUNet(Network):
    def __init__(self, configuration: UNetConfiguration) -> None:
        super().__init__(configuration)
        norm = configuration.batch_norm
        self.down = nn.ModuleList(
            Convolutions(*pair, batch_norm=norm) for pair in pairs_down(configuration)
        )
        self.up = nn.ModuleList(
            AttentionUp(*pair, batch_norm=norm) for pair in pairs_up(configuration)
        )
        self.output = nn.Conv2d(configuration.filters[0], 1, 1)

    def features(self, image: Tensor) -> Tensor:
        *skips, x = encode(self.down, image)
        for up, skip in zip(self.up, reversed(skips), strict=True):
            x = up(x, skip)
        return x
