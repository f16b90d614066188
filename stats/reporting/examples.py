"""Which cases a report shows in every arm: a typical one, and the hardest one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from readerstudy.reading.models import Arm

from ..outcomes import estimated
from .arms import ArmName, arm_name
from .comparisons import ImagePairs


@dataclass(frozen=True)
class ArmValue:
    """psnr: mean over the case's slices in dB, range 255; None: none has one."""

    arm: ArmName
    psnr: float | None


@dataclass(frozen=True)
class ExampleCase:
    """One case with its image quality in every compared arm."""

    case: str  # code
    values: tuple[ArmValue, ...]

    @property
    def mean(self) -> float | None:
        """Over the arms; None as soon as one has no value."""
        found = [one.psnr for one in self.values if one.psnr is not None]
        return float(np.mean(found)) if len(found) == len(self.values) else None


@dataclass(frozen=True)
class Examples:
    """Chosen by rule, not by eye.

    cases: how many have a value in every compared arm, which are chosen among.
    typical: the case in the middle (the lower of two) by the mean of PSNR over the
    arms; hardest: the one where it is lowest.
    """

    cases: int
    typical: ExampleCase | None
    hardest: ExampleCase | None


def examples(images: ImagePairs, arms: Sequence[Arm]) -> Examples:
    values: dict[str, dict[int, list[float]]] = {}
    for line in images.lines():
        psnr = estimated(line.psnr)
        if psnr is not None:
            by_arm = values.setdefault(line.case.code, {})
            by_arm.setdefault(line.arm.pk, []).append(psnr)
    means = {
        code: {arm: float(np.mean(found)) for arm, found in by_arm.items()}
        for code, by_arm in values.items()
    }
    complete = [
        example
        for code, by_arm in sorted(means.items())
        if (example := _example(code, by_arm, arms)).mean is not None
    ]
    ranked = sorted(complete, key=lambda one: (one.mean or 0.0, one.case))
    return Examples(
        cases=len(ranked),
        typical=ranked[(len(ranked) - 1) // 2] if ranked else None,
        hardest=ranked[0] if len(ranked) > 1 else None,
    )


def _example(code: str, by_arm: dict[int, float], arms: Sequence[Arm]) -> ExampleCase:
    values = tuple(ArmValue(arm_name(arm), by_arm.get(arm.pk)) for arm in arms)
    return ExampleCase(code, values)
