"""Two images side by side: which arms meet, and which of them is on the left.

A pair is planned as one arm, so everything that `schedule` promises of arms holds for
pairs. Which of the two is on the left of the screen is drawn afterwards, by a stream
of its own, and moves no read.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations

from .schedule import PlannedArm, PlannedRead, build_schedule
from .streams import Stream

# Printed in protocols beside schedule.ALGORITHM; another way of drawing gets another.
ALGORITHM = "sides-1"
BETWEEN = "~"  # never part of an arm's code


def planned_pairs(arms: Sequence[PlannedArm]) -> list[PlannedArm]:
    """Every two arms once, in their order; read twice if both of them are."""
    return [
        PlannedArm(pair_code(one.code, other.code), one.repeated and other.repeated)
        for one, other in combinations(arms, 2)
    ]


def pair_code(left: str, right: str) -> str:
    return f"{left}{BETWEEN}{right}"


def arms_of(code: str) -> list[str]:
    """The codes of the arms that a read shows, from the left; of a single one, it."""
    return code.split(BETWEEN)


def build_pairs(
    *,
    cases: Sequence[str],
    arms: Sequence[PlannedArm],
    readers: Sequence[str],
    sessions: int,
    spacing: int,
    seed: str,
) -> dict[str, list[PlannedRead]]:
    """As build_schedule, of all pairs of `arms`; a read's `arm` is “left~right”."""
    pairs = planned_pairs(arms)
    plan = build_schedule(
        cases=cases,
        arms=pairs,
        readers=readers,
        sessions=sessions,
        spacing=spacing,
        seed=seed,
    )
    return {
        reader: _turned(reads, _turns(seed, reader, pairs, cases))
        for reader, reads in plan.items()
    }


def _turns(
    seed: str, reader: str, pairs: Sequence[PlannedArm], cases: Sequence[str]
) -> dict[tuple[str, str], bool]:
    """(pair, case) → whether the first read has the pair the other way round.

    Of every two cases in order of addition one is, by the toss of a coin: as many as
    are not, ±1, after any number of cases, and a case added at the end turns no other.
    """
    turns = {}
    for pair in pairs:
        label = json.dumps([reader, "sides", pair.code], separators=(",", ":"))
        stream = Stream(seed, label)
        for index, case in enumerate(cases):
            if index % 2 == 0:
                first = stream.below(2) == 1
            turns[pair.code, case] = first ^ (index % 2 == 1)
    return turns


def _turned(
    reads: Sequence[PlannedRead], turns: Mapping[tuple[str, str], bool]
) -> list[PlannedRead]:
    """The second read of a pair is the other way round than the first."""
    return [
        read._replace(arm=pair_code(*reversed(arms_of(read.arm))))
        if turns[read.arm, read.case] ^ (read.repeat == 1)
        else read
        for read in reads
    ]


def unturned(
    reads: Sequence[PlannedRead], arms: Sequence[PlannedArm]
) -> list[PlannedRead]:
    """With every pair as `planned_pairs` calls it, for `guarantees.broken_promises`."""
    place = {arm.code: index for index, arm in enumerate(arms)}
    return [
        read._replace(
            arm=BETWEEN.join(
                sorted(arms_of(read.arm), key=lambda code: place.get(code, len(place)))
            )
        )
        for read in reads
    ]


def broken_sides(reads: Sequence[PlannedRead], arms: Sequence[PlannedArm]) -> list[str]:
    """What one reader's plan breaks of the promises about sides, in sentences."""
    broken = []
    shown = {(read.case, read.arm, read.repeat) for read in reads}
    for one, other in combinations([arm.code for arm in arms], 2):
        codes = pair_code(one, other), pair_code(other, one)
        for repeat in (0, 1):
            held = Counter(
                arm for case, arm, again in shown if again == repeat and arm in codes
            )
            if abs(held[codes[0]] - held[codes[1]]) > 1:
                broken.append(
                    f"The pair {codes[0]} has its first arm on the left "
                    f"{held[codes[0]]} times and on the right {held[codes[1]]} times."
                )
        for case, arm, again in shown:
            if again and arm in codes and (case, arm, 0) in shown:
                broken.append(f"Case {case} shows the pair {arm} twice alike.")
    return sorted(broken)
