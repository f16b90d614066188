"""Do order, session or arm move answers, or how long they take? No Django.

One regression for each response, with a constant for every reader and every arm, and
variances clustered by patient (CR2). Reads of a session come in random order, so arms
and images are not mixed up with position.

fatigue: what changes within a session, for ten reads. learning: what changes from one
session to the next; a case comes once a session, so that remembering cases from earlier
sessions is in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..comparison.ranks import holm_of
from ..outcomes import Interval, NotEstimable, Reason
from ..readings import Integers
from .regression import (
    ClusteredFit,
    Slope,
    WaldTest,
    clustered_fit,
    no_slope,
    wald_test,
)

Floats = NDArray[np.float64]

READS_A_STEP = 10
# Half a gigabyte for a hundred readers and arms; a report is not to take more.
MOST_RESPONSES = 200_000


@dataclass(frozen=True)
class Circumstances:
    """Under which n responses were given, each (n,).

    readers, arms, patients: any whole numbers, one each. sessions: from 1.
    positions: within the session, from 1.
    """

    readers: Integers
    arms: Integers
    patients: Integers
    sessions: Integers
    positions: Integers


@dataclass(frozen=True)
class Effects:
    """What order and sessions do to one response, in its unit.

    fatigue: for every ten reads further on in a session. learning: for every session
    later. sessions: does any session differ from another, whatever the trend?
    """

    responses: int
    patients: int
    fatigue: Slope
    learning: Slope
    sessions: WaldTest


@dataclass(frozen=True)
class TimeRatio:
    """How much longer reads of one arm take than those of the control: 1 is as long.

    Of geometric means, at the same position, in the same session, by the same reader.
    p_holm: over all arms but the control.
    """

    arm: int
    reads: int
    ratio: float | NotEstimable
    interval: Interval | NotEstimable
    p: float | NotEstimable
    p_holm: float | NotEstimable


def order_effects(
    response: Floats, where: Circumstances, *, level: float = 0.95
) -> Effects:
    """Effects of order on response (n,); `level` of the intervals.

    Not estimable: no responses; one session (learning, sessions); an effect that others
    make up, as where each session has one arm only; one patient; no variation; more
    than MOST_RESPONSES.
    """
    if len(response) > MOST_RESPONSES:
        patients = len(np.unique(where.patients))
        none = no_slope(Reason.TOO_LARGE)
        test = WaldTest(none.p, 0, 0, none.p)
        return Effects(len(response), patients, none, none, test)
    columns = [*_constants(where), where.positions / READS_A_STEP]
    later = where.sessions.astype(np.float64) - 1
    trend = _fit(response, [*columns, later], where, level)
    fatigue, learning = trend.slopes[-2:]
    others = np.unique(where.sessions)[1:]
    apart = [(where.sessions == one).astype(np.float64) for one in others]
    by_session = _fit(response, [*columns, *apart], where, level)
    places = range(len(columns), len(columns) + len(apart))
    return Effects(
        trend.observations,
        trend.patients,
        fatigue,
        learning,
        wald_test(by_session, places),
    )


def time_ratios(
    log_seconds: Floats,
    where: Circumstances,
    *,
    arms: Sequence[int],
    control: int,
    level: float = 0.95,
) -> tuple[TimeRatio, ...]:
    """Ratio of reading times of each of `arms` but the control.

    log_seconds: (n,) natural logarithms. Not estimable: an arm, or the control, without
    a time (NO_TIME_TOLD); one patient; no variation; more than MOST_RESPONSES.
    """
    asked = [arm for arm in arms if arm != control]
    if len(log_seconds) > MOST_RESPONSES:
        why = NotEstimable(Reason.TOO_LARGE)
        counts = [int((where.arms == arm).sum()) for arm in asked]
        return tuple(
            TimeRatio(arm, count, why, why, why, why)
            for arm, count in zip(asked, counts, strict=True)
        )
    present = set(np.unique(where.arms).tolist())
    kept = [arm for arm in asked if arm in present] if control in present else []
    others = np.unique(where.arms[where.arms != control]).tolist()
    columns = [
        np.ones(len(log_seconds)),
        *[(where.arms == arm).astype(np.float64) for arm in others],
        *_against_first(where.readers),
        where.positions / READS_A_STEP,
        where.sessions.astype(np.float64) - 1,
    ]
    fit = _fit(log_seconds, columns, where, level)
    found = {arm: fit.slopes[1 + others.index(arm)] for arm in kept}
    p_values: list[float | NotEstimable] = [
        found[arm].p if arm in found else NotEstimable(Reason.NO_TIME_TOLD)
        for arm in asked
    ]
    return tuple(
        _ratio(arm, int((where.arms == arm).sum()), found.get(arm), p, p_holm)
        for arm, p, p_holm in zip(asked, p_values, holm_of(p_values), strict=True)
    )


def _ratio(
    arm: int,
    reads: int,
    slope: Slope | None,
    p: float | NotEstimable,
    p_holm: float | NotEstimable,
) -> TimeRatio:
    if slope is None:
        nothing = NotEstimable(Reason.NO_TIME_TOLD)
        return TimeRatio(arm, reads, nothing, nothing, p, p_holm)
    return TimeRatio(
        arm,
        reads,
        exponential(slope.estimate),
        exponential_interval(slope.interval),
        p,
        p_holm,
    )


def exponential(value: float | NotEstimable) -> float | NotEstimable:
    """From a difference of logarithms to a ratio."""
    return value if isinstance(value, NotEstimable) else float(np.exp(value))


def exponential_interval(value: Interval | NotEstimable) -> Interval | NotEstimable:
    """The same of both ends; not estimable where a ratio has no finite end."""
    if isinstance(value, NotEstimable):
        return value
    if value.high > np.log(np.finfo(float).max):
        return NotEstimable(Reason.NOT_CONVERGED)
    return Interval(
        float(np.exp(value.low)),
        float(np.exp(value.high)),
        value.level,
        value.degrees_of_freedom,
        value.method,
    )


def _constants(where: Circumstances) -> list[Floats]:
    """One for all, and for every arm and every reader but the first."""
    return [
        np.ones(len(where.arms)),
        *_against_first(where.arms),
        *_against_first(where.readers),
    ]


def _against_first(labels: Integers) -> list[Floats]:
    return [(labels == one).astype(np.float64) for one in np.unique(labels)[1:]]


def _fit(
    response: Floats, columns: Sequence[Floats], where: Circumstances, level: float
) -> ClusteredFit:
    design = np.stack(list(columns), axis=1)
    return clustered_fit(response, design, where.patients, level=level)
