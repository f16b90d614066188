"""Which cases a report shows as pictures: a typical one, and the worst ones."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from readerstudy.cases.models import Rendition
from readerstudy.cases.selectors import rendition_values
from readerstudy.imaging.errors import Refused
from readerstudy.reading.models import Arm, Read, Study

from ..outcomes import estimated
from ..selectors import study_cases
from .arms import ArmName, arm_name
from .images import ImageSet

MOST_WORST = 12


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
class WorstCase:
    """The case with the lowest PSNR of one arm."""

    arm: ArmName
    case: str
    psnr: float


@dataclass(frozen=True)
class Examples:
    """Chosen by rule, not by eye.

    cases: how many have a value in every compared arm, which are chosen among.
    typical: the case in the middle (the lower of two) by the mean of PSNR over the
    arms; hardest: the one where it is lowest. worst: of each arm, among all cases.
    """

    cases: int
    typical: ExampleCase | None
    hardest: ExampleCase | None
    worst: tuple[WorstCase, ...]


def examples(images: ImageSet, arms: Sequence[Arm]) -> Examples:
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
        worst=_worst(means, arms),
    )


def _example(code: str, by_arm: dict[int, float], arms: Sequence[Arm]) -> ExampleCase:
    values = tuple(ArmValue(arm_name(arm), by_arm.get(arm.pk)) for arm in arms)
    return ExampleCase(code, values)


def _worst(
    means: dict[str, dict[int, float]], arms: Sequence[Arm]
) -> tuple[WorstCase, ...]:
    found = []
    for arm in arms[:MOST_WORST]:
        ranked = sorted(
            (by_arm[arm.pk], code) for code, by_arm in means.items() if arm.pk in by_arm
        )
        if ranked:
            psnr, code = ranked[0]
            found.append(WorstCase(arm_name(arm), code, psnr))
    return tuple(found)


def example_images(
    slug: str, wanted: Collection[tuple[str, str]]
) -> dict[tuple[str, str], NDArray[np.float32]]:
    """(case code, method) → float32 (5, 64, 64), as readers saw it.

    Left out: what is damaged, or no longer the image that was read.
    """
    study = Study.objects.get(slug=slug)
    cases = study_cases(study).filter(code__in={case for case, _method in wanted})
    reads = Read.objects.filter(session__study=study, repeat=0, case__in=cases)
    rows = reads.values_list("case__code", "arm__method", "image_sha256")
    frozen = {(case, method): digest for case, method, digest in rows.order_by()}
    found = {}
    renditions = Rendition.objects.filter(
        case__in=cases, method__in={method for _case, method in wanted}
    )
    for one in renditions.select_related("case"):
        key = (one.case.code, one.method)
        if key in wanted and frozen.get(key, "") in ("", one.sha256):
            try:
                found[key] = rendition_values(one)
            except Refused:
                continue
    return found
