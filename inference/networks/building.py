"""A network of any family from its settings, and the names and shapes in it."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from .attention_unet import AttentionUNet
from .configuration import configuration_of
from .drunet import DRUNet
from .layers import Network
from .nafnet import NAFNet
from .r2unet import R2UNet
from .transunet import TransUNet
from .unet import UNet
from .unetpp import NestedUNetPlusPlus, UNetPlusPlus
from .vnet import VNet

MODULES: dict[str, Callable[[Any], Network]] = {
    "unet": UNet,
    "vnet": VNet,
    "unetpp": UNetPlusPlus,
    "unetpp-nested": NestedUNetPlusPlus,
    "r2unet": R2UNet,
    "attention-unet": AttentionUNet,
    "transunet": TransUNet,
    "nafnet": NAFNet,
    "drunet": DRUNet,
}


def build(family: str, settings: Mapping[str, Any], *, seed: int) -> Network:
    """A new network: Glorot-uniform weights drawn from `seed`, zero biases.

    Normalisations start as the identity. The global random state of torch is neither
    used nor moved.
    """
    network = outline(family, settings)
    network.to_empty(device="cpu")
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            _glorot(module, generator)
        elif isinstance(module, nn.LayerNorm):
            module.reset_parameters()
        elif start := getattr(module, "start", None):
            start(generator)
    return network


def parameter_shapes(
    family: str, settings: Mapping[str, Any]
) -> dict[str, tuple[int, ...]]:
    """Name → shape of all that weights of this network hold; no memory is taken."""
    state = outline(family, settings).state_dict()
    return {name: tuple(values.shape) for name, values in state.items()}


def outline(family: str, settings: Mapping[str, Any]) -> Network:
    """The network without numbers (on torch's "meta" device)."""
    configuration = configuration_of(family, settings)
    with torch.device("meta"):
        return MODULES[family](configuration)


def _glorot(
    module: nn.Conv2d | nn.ConvTranspose2d | nn.Linear, generator: torch.Generator
) -> None:
    """Glorot & Bengio 2010: uniform within ±sqrt(6 / (fan in + fan out)).

    Both are of one group: a depthwise convolution has as many of them as channels.
    """
    groups = getattr(module, "groups", 1)
    group = module.weight[: len(module.weight) // groups]
    fans = sum(nn.init._calculate_fan_in_and_fan_out(group))
    limit = 3**0.5 * (2 / fans) ** 0.5
    nn.init.uniform_(module.weight, -limit, limit, generator=generator)
    if module.bias is not None:
        nn.init.zeros_(module.bias)
