"""The image quality tables of a report: one for each metric."""

from collections.abc import Hashable, Sequence

import numpy as np

from readerstudy.reading.models import Arm

from ..comparison.ranks import dunn_against_control, friedman
from ..image_quality.similarity import mean_spread
from ..outcomes import Reason, estimated
from .analysis_plan import Metric
from .arms import arm_name
from .comparisons import ImagePairs, MeasuredLine
from .patient_means import Value, metric_value, patient_means
from .report import ArmQuality, MetricTable


def quality_tables(
    images: ImagePairs,
    control: Arm | None,
    *,
    metrics: Sequence[Metric],
    slice_wise: bool,
) -> tuple[MetricTable, ...]:
    lines = images.lines()
    arms = list({one.arm.pk: one.arm for one in images.comparisons}.values())
    by_arm: dict[int, list[MeasuredLine]] = {arm.pk: [] for arm in arms}
    for line in lines:
        by_arm[line.arm.pk].append(line)
    return tuple(
        _metric_table(metric, arms, by_arm, control, slice_wise=slice_wise)
        for metric in metrics
    )


def _slices(lines: Sequence[MeasuredLine], value: Value) -> dict[Hashable, float]:
    """(case, slice) → value, where there is one."""
    found = {(line.case.pk, line.slice): estimated(value(line)) for line in lines}
    return {place: number for place, number in found.items() if number is not None}


def _measured_blocks(
    by_arm: dict[int, list[MeasuredLine]], *, slice_wise: bool
) -> list[Hashable]:
    """Every block measured in any arm, whether or not the metric has a value there."""
    lines = [line for arm in by_arm.values() for line in arm]
    if slice_wise:
        return list(dict.fromkeys((line.case.pk, line.slice) for line in lines))
    return list(dict.fromkeys(line.patient for line in lines))


def _without_blocks(every: Sequence[Hashable], *, slice_wise: bool) -> Reason:
    """Why no block could be compared, should that be so."""
    if not every:
        return Reason.NO_IMAGES
    return Reason.NO_COMPLETE_SLICE if slice_wise else Reason.NO_COMPLETE_PATIENT


def _metric_table(
    metric: Metric,
    arms: Sequence[Arm],
    by_arm: dict[int, list[MeasuredLine]],
    control: Arm | None,
    *,
    slice_wise: bool,
) -> MetricTable:
    value = metric_value(metric)
    means = [patient_means(by_arm[arm.pk], value) for arm in arms]
    chosen = _slices if slice_wise else patient_means
    blocks = [chosen(by_arm[arm.pk], value) for arm in arms]
    every = _measured_blocks(by_arm, slice_wise=slice_wise)
    complete = [block for block in every if all(block in one for one in blocks)]
    matrix = np.array(
        [[metric.goodness(one[block]) for one in blocks] for block in complete],
        dtype=np.float64,
    ).reshape(len(complete), len(arms))
    without = _without_blocks(every, slice_wise=slice_wise)
    test = friedman(matrix, without=without)
    against = {}
    if control:
        place = [arm.pk for arm in arms].index(control.pk)
        dunn = dunn_against_control(matrix, control=place, without=without)
        against = {one.arm: one for one in dunn}
    return MetricTable(
        metric=metric,
        arms=tuple(
            ArmQuality(
                metric=metric,
                arm=arm_name(arm),
                images=mean_spread([value(line) for line in by_arm[arm.pk]]),
                patients=mean_spread(list(means[index].values())),
                patient_means=tuple(means[index].values()),
                mean_rank=test.mean_ranks[index] if test.mean_ranks else None,
                against_control=against.get(index),
            )
            for index, arm in enumerate(arms)
        ),
        friedman=test,
        blocks="slice" if slice_wise else "patient",
        blocks_left_out=len(every) - len(complete),
    )
