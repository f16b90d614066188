"""Image quality of each arm against the control: how far apart, by which test."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from readerstudy.reading.models import Arm

from ..comparison import (
    Family,
    KruskalWallis,
    PairedDifference,
    UnpairedComparison,
    dunn_unpaired,
    holm_of,
    kruskal_wallis,
    paired_difference,
)
from ..outcomes import NotEstimable, estimated
from .analysis_plan import Metric
from .arms import ArmName, arm_name
from .comparisons import ImagePairs, MeasuredLine
from .patient_means import metric_value, patient_means


@dataclass(frozen=True)
class ArmDifference:
    """One arm minus the control, of patients who have a value in both.

    wilcoxon_holm: corrected over the arms of the metric. all_pairs, control_only: the
    published way of Dunn's test, slice by slice, by the comparisons that Holm covers.
    """

    arm: ArmName
    paired: PairedDifference
    wilcoxon_holm: float | NotEstimable
    all_pairs: UnpairedComparison
    control_only: UnpairedComparison


@dataclass(frozen=True)
class MetricComparison:
    """kruskal_wallis: of all slices of all arms, as if of different patients."""

    metric: Metric
    kruskal_wallis: KruskalWallis
    arms: tuple[ArmDifference, ...]


@dataclass(frozen=True)
class Comparison:
    """control None: none is planned, and nothing is compared."""

    control: ArmName | None
    metrics: tuple[MetricComparison, ...]


def comparison_section(
    images: ImagePairs, control: Arm | None, *, metrics: Sequence[Metric]
) -> Comparison:
    if control is None:
        return Comparison(None, ())
    arms = list({one.arm.pk: one.arm for one in images.comparisons}.values())
    by_arm: dict[int, list[MeasuredLine]] = {arm.pk: [] for arm in arms}
    for line in images.lines():
        by_arm[line.arm.pk].append(line)
    return Comparison(
        arm_name(control),
        tuple(_metric(metric, arms, by_arm, control) for metric in metrics),
    )


ByArm = Mapping[int, Sequence[MeasuredLine]]  # by the arm's pk


def _metric(
    metric: Metric, arms: Sequence[Arm], by_arm: ByArm, control: Arm
) -> MetricComparison:
    value = metric_value(metric)
    means = {pk: patient_means(lines, value) for pk, lines in by_arm.items()}
    slices = [_numbers([value(line) for line in by_arm[arm.pk]]) for arm in arms]
    others = [arm for arm in arms if arm.pk != control.pk]
    paired = [_paired(means[arm.pk], means[control.pk]) for arm in others]
    corrected = holm_of([one.p for one in paired])
    place = [arm.pk for arm in arms].index(control.pk)
    all_pairs = dunn_unpaired(slices, control=place, family=Family.ALL_PAIRS)
    only = dunn_unpaired(slices, control=place, family=Family.AGAINST_CONTROL)
    lines = zip(others, paired, corrected, all_pairs, only, strict=True)
    return MetricComparison(
        metric,
        kruskal_wallis(slices),
        tuple(ArmDifference(arm_name(arm), a, b, c, d) for arm, a, b, c, d in lines),
    )


def _numbers(values: Sequence[float | NotEstimable]) -> NDArray[np.float64]:
    return np.array([v for v in map(estimated, values) if v is not None])


def _paired(
    arm: Mapping[Hashable, float], control: Mapping[Hashable, float]
) -> PairedDifference:
    return paired_difference([arm[who] - control[who] for who in arm if who in control])
