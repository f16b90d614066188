"""One value a patient: the mean over the slices of what was measured."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence

import numpy as np

from ..outcomes import NotEstimable, estimated
from .analysis_plan import Metric
from .comparisons import MeasuredLine

Value = Callable[[MeasuredLine], float | NotEstimable]


def metric_value(metric: Metric) -> Value:
    return lambda line: line.value(metric)


def patient_means(lines: Sequence[MeasuredLine], value: Value) -> dict[Hashable, float]:
    """patient → mean over the slices that have a value, in order of case codes."""
    values: dict[Hashable, list[float]] = defaultdict(list)
    for line in lines:
        number = estimated(value(line))
        if number is not None:
            values[line.patient].append(number)
    return {patient: float(np.mean(numbers)) for patient, numbers in values.items()}
