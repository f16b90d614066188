"""Simulated patients."""

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
