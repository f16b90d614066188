"""When each read came: its session, its place there, and how long it took."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from readerstudy.reading.models import Answer, Arm, Membership, Study

from ..readings import Integers

FIRST = 1  # version of an answer that was not changed
NEVER = 0  # session of a read that was not made


@dataclass(frozen=True)
class ReadsMade:
    """First readings, first versions of their answers; all (readers, arms, cases).

    sessions: from 1, NEVER where there was no read. positions: within the session, from
    1. milliseconds: NaN where no browser told them.
    """

    sessions: Integers
    positions: Integers
    milliseconds: NDArray[np.float64]


def reads_made(
    study: Study,
    readers: Sequence[Membership],
    arms: Sequence[Arm],
    cases: Sequence[int],
) -> ReadsMade:
    """cases: their pks, in the order of the last axis."""
    at_reader = {reader.pk: place for place, reader in enumerate(readers)}
    at_arm = {arm.pk: place for place, arm in enumerate(arms)}
    at_case = {case: place for place, case in enumerate(cases)}
    shape = (len(readers), len(arms), len(cases))
    sessions, positions = (np.full(shape, NEVER, dtype=np.int64) for _ in range(2))
    milliseconds = np.full(shape, np.nan)
    rows = Answer.objects.filter(
        read__session__study=study, read__repeat=0, version=FIRST
    ).values_list(
        "read__reader",
        "read__arm",
        "read__case",
        "read__session__number",
        "read__position",
        "read__session__first_position",
        "spent_ms",
    )
    for (
        reader,
        arm,
        case,
        session,
        position,
        first,
        spent,
    ) in rows.order_by().iterator():
        if reader not in at_reader or arm not in at_arm or case not in at_case:
            continue
        place = at_reader[reader], at_arm[arm], at_case[case]
        sessions[place] = session
        positions[place] = position - first + 1
        if spent is not None:
            milliseconds[place] = spent
    return ReadsMade(sessions, positions, milliseconds)
