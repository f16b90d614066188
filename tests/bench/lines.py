"""What is measured is a line: a figure, its baseline and the ratio of the two."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
THIRTEEN = ("reference", "short", *(f"network-{number}" for number in range(1, 12)))


@dataclass(frozen=True)
class Line:
    name: str
    value: float
    unit: str
    baseline: float | None = None
    compared_with: str = ""
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return self.value / self.baseline if self.baseline else None

    def __str__(self) -> str:
        text = f"{self.name:<44} {self.value:>10.4g} {self.unit:<12}"
        if self.ratio is not None:
            text += f" {self.ratio:>8.3g} × {self.compared_with}"
        return f"{text}  {self.note}".rstrip()


def cpu_seconds(act: Callable[[], object], *, repeat: int = 1) -> float:
    """The least processor time of `repeat` runs: other programs do not count."""
    best = float("inf")
    for _ in range(repeat):
        start = time.process_time()
        act()
        best = min(best, time.process_time() - start)
    return best


def p95(seconds: Sequence[float]) -> float:
    return float(np.percentile(seconds, 95))
