"""What order, sessions and arms do to grades and to reading times."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..bias.effects import (
    Circumstances,
    Effects,
    TimeRatio,
    exponential,
    exponential_interval,
    order_effects,
    time_ratios,
)
from ..bias.regression import Slope, WaldTest
from ..outcomes import NotEstimable, Reason
from ..readings import MISSING, SIDES, GradeTable, Integers
from .arms import ArmName
from .circumstances import NEVER, ReadsMade

Outcome = Literal["signed_difference", "absolute_difference", "seconds"]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class EffectLine:
    """One outcome. fatigue: for ten reads further on in a session; learning: for every
    session later. Of seconds they are ratios (1: no effect) and standard errors are of
    the logarithm; else differences of grades (0: no effect)."""

    outcome: Outcome
    responses: int
    patients: int
    fatigue: Slope
    learning: Slope
    sessions: WaldTest

    @property
    def is_ratio(self) -> bool:
        return self.outcome == "seconds"


@dataclass(frozen=True)
class TimeRatioLine:
    """How much longer reads of an arm take than those of the control."""

    arm: ArmName
    time: TimeRatio


def effect_lines(
    table: GradeTable, made: ReadsMade, *, first: int
) -> tuple[EffectLine, ...]:
    """table: the arms that have a standard; made: the same readers and cases, and all
    arms, of which the table's begin at the place `first`."""
    grades, standard = table.grades, table.standard[:, None]
    sessions, positions = (
        np.repeat(one[:, first:], len(SIDES), axis=2)
        for one in (made.sessions, made.positions)
    )
    present = (grades != MISSING) & (standard != MISSING) & (sessions != NEVER)
    values = np.array(table.categories, dtype=np.float64)
    signed = (values[grades] - values[standard])[present]
    where = _where(present, table.patients, sessions, positions)
    lines = [
        _line("signed_difference", order_effects(signed, where)),
        _line("absolute_difference", order_effects(np.abs(signed), where)),
    ]
    logs, timed = _timed(table.patients, made)
    return (*lines, _line("seconds", order_effects(logs, timed)))


def time_lines(
    patients: Integers, made: ReadsMade, arms: Sequence[ArmName], *, control: int
) -> tuple[TimeRatioLine, ...]:
    """patients: of every side. arms: as in `made`. control: a place among them."""
    logs, where = _timed(patients, made)
    found = time_ratios(logs, where, arms=range(len(arms)), control=control)
    return tuple(TimeRatioLine(arms[one.arm], one) for one in found)


def _timed(
    patients: Integers, made: ReadsMade
) -> tuple[NDArray[np.float64], Circumstances]:
    """Logarithms of seconds of the reads that have them."""
    present = np.isfinite(made.milliseconds) & (made.sessions != NEVER)
    # a clock of the browser that tells no time at all told less than a millisecond
    seconds = np.maximum(made.milliseconds[present], 1) / 1000
    of_cases = patients[:: len(SIDES)]
    return np.log(seconds), _where(present, of_cases, made.sessions, made.positions)


def _where(
    present: Flags, patients: Integers, sessions: Integers, positions: Integers
) -> Circumstances:
    readers, arms, items = np.nonzero(present)
    return Circumstances(
        readers=readers,
        arms=arms,
        patients=patients[items],
        sessions=sessions[present],
        positions=positions[present],
    )


def _line(outcome: Outcome, found: Effects) -> EffectLine:
    fatigue, learning, sessions = found.fatigue, found.learning, found.sessions
    if outcome == "seconds":
        fatigue, learning = _as_ratio(fatigue), _as_ratio(learning)
        if not found.responses:
            nothing = NotEstimable(Reason.NO_TIME_TOLD)
            fatigue = learning = Slope(nothing, nothing, nothing, nothing)
            sessions = WaldTest(nothing, 0, 0, nothing)
    return EffectLine(
        outcome, found.responses, found.patients, fatigue, learning, sessions
    )


def _as_ratio(slope: Slope) -> Slope:
    return Slope(
        exponential(slope.estimate),
        slope.standard_error,
        exponential_interval(slope.interval),
        slope.p,
    )
