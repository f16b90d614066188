"""The promises of a schedule, checked on the schedule alone.

Nothing here knows how a schedule was built: a plan from the database, from a
file or from another program is judged in the same way.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise

from .schedule import PlannedArm, PlannedRead


def broken_promises(
    reads: Sequence[PlannedRead],
    *,
    cases: Sequence[str],
    arms: Sequence[PlannedArm],
    sessions: int,
    spacing: int,
) -> list[str]:
    """Say in sentences what one reader's schedule breaks; empty when sound."""
    return [
        *_complete(reads, cases, arms),
        *_ordered(reads, sessions),
        *_apart(reads, arms, sessions, spacing),
        *_balanced(reads, arms, sessions),
        *_spread(reads, arms, sessions),
    ]


def reads_per_case(arms: Sequence[PlannedArm]) -> int:
    return sum(1 + arm.repeated for arm in arms)


def thirds_tolerance(arms: Sequence[PlannedArm], sessions: int) -> int:
    """How far an arm's count in a third of a session may be from a third of it.

    3 reads for up to three reads of a case in a session: one because a count is
    whole, and one at each border because the thirds of a session are cut by
    position, not by cell. Each further three reads of a case add as much again.
    """
    per_session = -(-reads_per_case(arms) // sessions)
    return 3 * -(-per_session // 3)


def _complete(
    reads: Sequence[PlannedRead], cases: Sequence[str], arms: Sequence[PlannedArm]
) -> list[str]:
    planned = Counter((read.case, read.arm, read.repeat) for read in reads)
    expected = {
        (case, arm.code, repeat)
        for case in cases
        for arm in arms
        for repeat in range(1 + arm.repeated)
    }
    broken = []
    if missing := expected - set(planned):
        broken.append(f"{len(missing)} reads are missing.")
    if foreign := set(planned) - expected:
        broken.append(f"{len(foreign)} reads do not belong to the plan.")
    if twice := [key for key, times in planned.items() if times > 1]:
        broken.append(f"{len(twice)} reads are planned twice.")
    return broken


def _ordered(reads: Sequence[PlannedRead], sessions: int) -> list[str]:
    broken = []
    if [read.position for read in reads] != list(range(1, len(reads) + 1)):
        broken.append("Positions do not run from 1 without a gap.")
    numbers = [read.session for read in reads]
    if numbers != sorted(numbers) or set(numbers) != set(range(1, sessions + 1)):
        broken.append("Sessions do not follow one another, or one is empty.")
    return broken


def _apart(
    reads: Sequence[PlannedRead],
    arms: Sequence[PlannedArm],
    sessions: int,
    spacing: int,
) -> list[str]:
    broken = []
    of_case: dict[str, list[PlannedRead]] = defaultdict(list)
    for read in reads:
        of_case[read.case].append(read)
    once = sessions >= reads_per_case(arms)
    for case, own in of_case.items():
        if once and len({read.session for read in own}) < len(own):
            broken.append(f"Case {case} comes twice in one session.")
        for first, second in pairwise(own):
            if second.position - first.position < spacing:
                broken.append(
                    f"Case {case} comes back after "
                    f"{second.position - first.position} reads."
                )
        sessions_of: dict[str, list[PlannedRead]] = defaultdict(list)
        for read in own:
            sessions_of[read.arm].append(read)
        for arm, pair in sessions_of.items():
            if len(pair) == 2 and not (
                pair[0].session < pair[1].session
                and (pair[0].repeat, pair[1].repeat) == (0, 1)
            ):
                broken.append(f"Case {case} in arm {arm} is not repeated later.")
    return broken


def _balanced(
    reads: Sequence[PlannedRead], arms: Sequence[PlannedArm], sessions: int
) -> list[str]:
    counts = Counter((read.session, read.arm) for read in reads)
    broken = []
    for arm in arms:
        held = [counts[number, arm.code] for number in range(1, sessions + 1)]
        if max(held) - min(held) > 1:
            broken.append(f"Sessions hold arm {arm.code} {held} times.")
    return broken


def _spread(
    reads: Sequence[PlannedRead], arms: Sequence[PlannedArm], sessions: int
) -> list[str]:
    broken = []
    tolerance = thirds_tolerance(arms, sessions)
    for number in range(1, sessions + 1):
        held = [read.arm for read in reads if read.session == number]
        cuts = [round(len(held) * third / 3) for third in range(4)]
        for arm in arms:
            even = held.count(arm.code) / 3
            for start, end in pairwise(cuts):
                count = held[start:end].count(arm.code)
                if abs(count - even) >= tolerance:
                    broken.append(
                        f"A third of session {number} holds arm {arm.code} "
                        f"{count} times instead of about {even:.1f}."
                    )
    return broken
