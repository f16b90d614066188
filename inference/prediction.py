"""A network and its weights at work, from the study's 8-bit image to 0–1."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from . import registry
from .networks import building
from .networks.layers import Network
from .networks.weights import Parameters, WeightsFile, check_shapes
from .stacks import inputs_of

# Several processes of one thread each outrun one process of several threads, and
# with one thread the same input gives the same bytes on every run.
THREADS = 1
BATCH_SIZE = 16


def load_network(weights: WeightsFile) -> Network:
    """The network that these weights belong to, ready to predict."""
    spec = registry.network_get(weights.card.network)
    configuration = registry.network_configuration(spec, weights.card.configuration)
    settings = configuration.to_json()
    shapes = building.parameter_shapes(spec.family, settings)
    check_shapes(weights, shapes=shapes, title=spec.title)
    network = building.build(spec.family, settings, seed=0)
    load_parameters(network, weights.parameters)
    return network


def floating(state: Mapping[str, Tensor]) -> dict[str, NDArray[np.float32]]:
    """The numbers of a network's state that a weights file holds.

    What batch normalisation counts for itself are whole numbers, and of no use
    once a network is trained.
    """
    return {
        name: values.detach().cpu().contiguous().numpy().copy()
        for name, values in state.items()
        if values.is_floating_point()
    }


def load_parameters(network: nn.Module, parameters: Parameters) -> None:
    tensors = {name: torch.from_numpy(np.array(v)) for name, v in parameters.items()}
    counts = {
        n: v for n, v in network.state_dict().items() if not v.is_floating_point()
    }
    network.load_state_dict({**counts, **tensors}, strict=True)
    network.eval()
    # torch's CPU convolutions are 1.4 to 2 times faster in this layout
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


@contextmanager
def threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def predict(
    network: nn.Module,
    stacks: NDArray[np.uint8],
    *,
    in_channels: int,
    batch_size: int = BATCH_SIZE,
    device: str = "cpu",
) -> NDArray[np.float32]:
    """The network's output for each slice: (cases, slices, H, W) uint8 → the same
    shape in float32 within 0–1.

    Input is image / 255 as (N, in_channels, H, W), see `stacks`; the output is
    clipped to [0, 1] and not yet quantised.
    """
    images = inputs_of(stacks, in_channels=in_channels)
    outputs = []
    with torch.inference_mode():
        for start in range(0, len(images), batch_size):
            part = np.array(images[start : start + batch_size])
            batch = torch.from_numpy(part).to(device).float().div_(255)
            batch = batch.contiguous(memory_format=torch.channels_last)
            outputs.append(network(batch)[:, 0].clamp_(0, 1).float().cpu().numpy())
    return np.concatenate(outputs).reshape(stacks.shape)
