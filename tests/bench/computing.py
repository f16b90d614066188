"""Simulated patients and the shipped network."""

import time
from collections.abc import Callable, Iterator
from functools import partial

from .lines import Line


def simulation() -> Iterator[Line]:
    import torch

    from readerstudy.simulation.cohort import simulate_pair

    torch.set_num_threads(2)
    matrix = torch.rand(1024, 1024)

    def products() -> None:
        for _ in range(20):
            matrix @ matrix

    def wall(act: Callable[[], object]) -> float:
        start = time.perf_counter()
        act()
        return time.perf_counter() - start

    simulate_pair(seed=0, index=0)
    yield Line(
        "both scans of a simulated patient",
        min(wall(partial(simulate_pair, seed=0, index=n)) for n in (1, 2)),
        "s",
        min(wall(products) for _ in range(3)),
        "20 products of 1024² matrices",
        "promised: at most 8 s on two cores",
    )


def inference() -> Iterator[Line]:
    import torch

    from inference.networks.weights import parse_weights
    from inference.prediction import load_network, measure_images_per_second
    from inference.services.weights import SHIPPED

    path = SHIPPED / "unet-l4.safetensors"
    network = load_network(parse_weights(path.read_bytes(), name=path.name))
    ours = measure_images_per_second(network, seconds=4)
    plain = network.to(memory_format=torch.contiguous_format)
    yield Line(
        "U-Net(L4) on one thread",
        ours,
        "images/s",
        measure_images_per_second(plain, seconds=4),
        "torch's usual memory format",
    )
