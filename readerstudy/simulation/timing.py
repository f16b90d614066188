"""How long one case takes, on this machine."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch

from .scanning import simulate_pair


@dataclass(frozen=True)
class CaseTime:
    """Seconds for both scans of one case, and of the processor for it."""

    wall_s: float
    processor_s: float
    slices: int


def time_one_case(
    *, seed: int = 1, index: int = 0, device: torch.device | str = "cpu"
) -> CaseTime:
    """Simulate one case and measure. The matrices of the rotations are built first."""
    simulate_pair(seed=seed, index=index, device=device)
    wall, processor = time.perf_counter(), time.process_time()
    pair = simulate_pair(seed=seed, index=index, device=device)
    return CaseTime(
        wall_s=time.perf_counter() - wall,
        processor_s=time.process_time() - processor,
        slices=pair.reference.counts.shape[0],
    )
