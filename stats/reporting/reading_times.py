"""How long readers looked: quartiles of the first answers, by arm and reader."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from readerstudy.reading.models import Answer, Membership, Study

from ..outcomes import NotEstimable, Reason
from .arms import ArmName
from .presented import Shown, presented, shown

FIRST = 1  # version of an answer that was not changed


@dataclass(frozen=True)
class ReadingTime:
    """Seconds from the images on the screen to the answer's confirmation.

    As the reader's browser measured them, without the time in which the page was
    hidden or left. answers: how many; told: of how many of them the browser told the
    time, which alone the quartiles are of. Type 7 of Hyndman and Fan (1996), as R's
    and numpy's defaults. Not estimable: no answer, or no time told.
    """

    answers: int
    told: int
    lower: float | NotEstimable
    median: float | NotEstimable
    upper: float | NotEstimable


@dataclass(frozen=True)
class TimeLine:
    """First readings of one arm, first versions of their answers."""

    arm: ArmName
    readers: tuple[ReadingTime, ...]  # in the order of the report's readers


def reading_time(milliseconds: Sequence[int | None]) -> ReadingTime:
    """milliseconds: one for each answer; None where the browser told none."""
    told = [one / 1000 for one in milliseconds if one is not None]
    if not told:
        reason = Reason.NO_TIME_TOLD if len(milliseconds) else Reason.NOT_ANSWERED
        nothing = NotEstimable(reason)
        return ReadingTime(len(milliseconds), 0, nothing, nothing, nothing)
    lower, median, upper = (float(x) for x in np.quantile(told, (0.25, 0.5, 0.75)))
    return ReadingTime(len(milliseconds), len(told), lower, median, upper)


def time_lines(study: Study, readers: Sequence[Membership]) -> tuple[TimeLine, ...]:
    """Arm by arm, the reference first; of pairs pair by pair."""
    rows = Answer.objects.filter(
        read__session__study=study, read__repeat=0, version=FIRST
    ).values_list("read__reader", "read__arm", "read__second_arm", "spent_ms")
    spent: dict[tuple[int, Shown], list[int | None]] = defaultdict(list)
    for reader, arm, second, milliseconds in rows.order_by().iterator():
        spent[reader, shown(arm, second)].append(milliseconds)
    return tuple(
        TimeLine(
            one.name,
            tuple(reading_time(spent[reader.pk, one.key]) for reader in readers),
        )
        for one in presented(study)
    )
