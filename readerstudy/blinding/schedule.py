"""The reading schedule: which reader sees which image, when.

docs/randomisation.md gives the construction and why every guarantee holds. In
short: each reader's sessions are cut into *cells* (three, or a multiple of three
when a case is read more than three times in a session). A design that knows only
the number of a case in order of addition deals its reads to cells, so that arms
are balanced in sessions and cells for every number of cases; then each read takes
a random place inside its cell, no nearer than `spacing` to its case's other reads.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from .colouring import colour_edges
from .streams import Stream

# Printed in protocols: another construction gets another name, never this one.
ALGORITHM = "cells-1"


class ImpossibleSchedule(ValueError):  # noqa: N818 - the constraints, not a fault
    """No schedule can keep these constraints; `str(error)` says which and why."""


class PlannedArm(NamedTuple):
    """An arm of the plan; a repeated one is read twice by every reader."""

    code: str
    repeated: bool = False


class PlannedRead(NamedTuple):
    """One presentation of a case in an arm to a reader."""

    session: int  # from 1
    position: int  # from 1, over all of the reader's sessions
    case: str
    arm: str
    repeat: int  # 0 = the first read of this case in this arm, 1 = the second


@dataclass(frozen=True)
class _Shape:
    """What the counts of a plan imply, before any chance."""

    arms: tuple[PlannedArm, ...]
    sessions: int
    spacing: int

    @cached_property
    def slots(self) -> tuple[int, ...]:
        """The arm's index for each read of a case; a repeated arm's two adjoin."""
        return tuple(
            index
            for index, arm in enumerate(self.arms)
            for _ in range(1 + arm.repeated)
        )

    @cached_property
    def cells(self) -> int:
        """Cells of a session: a multiple of 3, at least one for each read of a case."""
        most = -(-len(self.slots) // self.sessions)
        return 3 * -(-most // 3)

    def widest_spacing(self, cases: int) -> int:
        """Every cell holds at least so many reads when there are `cases` cases."""
        return len(self.slots) * (cases // self.sessions) // self.cells

    @property
    def core(self) -> int:
        """The fewest cases whose cells can keep `spacing`; they are laid first."""
        if self.spacing <= 1 or len(self.slots) == 1:
            return 0
        return self.sessions * -(-self.spacing * self.cells // len(self.slots))


def check_constraints(
    *, cases: int, arms: Sequence[PlannedArm], sessions: int, spacing: int
) -> None:
    """Raise ImpossibleSchedule, with the reason, where no plan can be drawn."""
    if cases < 1:
        raise ImpossibleSchedule("There is no case to read.")
    if not arms:
        raise ImpossibleSchedule("There is no arm to read.")
    if sessions < 1:
        raise ImpossibleSchedule("There must be at least one session.")
    if spacing < 0:
        raise ImpossibleSchedule("The spacing cannot be negative.")
    if sessions > cases:
        raise ImpossibleSchedule(
            f"{sessions} sessions need at least {sessions} cases, so that every "
            f"session holds every arm; there are {cases}."
        )
    if sessions == 1 and any(arm.repeated for arm in arms):
        raise ImpossibleSchedule(
            "An arm that is read twice needs at least two sessions: the second "
            "reading is never in the session of the first."
        )
    shape = _Shape(tuple(arms), sessions, spacing)
    if cases < shape.core:
        several = "session" if sessions == 1 else "sessions"
        raise ImpossibleSchedule(
            f"A spacing of {spacing} reads with {len(shape.slots)} reads of each "
            f"case in {sessions} {several} needs at least {shape.core} cases; there "
            f"are {cases}, which allow a spacing of at most "
            f"{max(1, shape.widest_spacing(cases))}."
        )


def build_schedule(
    *,
    cases: Sequence[str],
    arms: Sequence[PlannedArm],
    readers: Sequence[str],
    sessions: int,
    spacing: int,
    seed: str,
) -> dict[str, list[PlannedRead]]:
    """Return every reader's reads in the order of reading.

    `cases` are in order of addition: a case added at the end moves no other
    read relative to any other. `spacing` is the least difference of position
    between two reads of one case (5: four other reads lie between), and counts
    across the boundary of sessions. A reader's plan depends on the reader's name,
    not on the other readers; the order of `arms` is part of what the seed expands.
    Raises ImpossibleSchedule rather than loosen a constraint.
    """
    for name, values in (
        ("case", list(cases)),
        ("arm", [arm.code for arm in arms]),
        ("reader", list(readers)),
    ):
        repeated = [value for value, times in Counter(values).items() if times > 1]
        if repeated:
            raise ImpossibleSchedule(f"The {name} {repeated[0]} is listed twice.")
    if not readers:
        raise ImpossibleSchedule("There is no reader.")
    check_constraints(cases=len(cases), arms=arms, sessions=sessions, spacing=spacing)
    shape = _Shape(tuple(arms), sessions, spacing)
    return {
        reader: _number(_lay(shape, len(cases), seed, reader), shape, cases)
        for reader in readers
    }


def _stream(seed: str, *label: str | int) -> Stream:
    return Stream(seed, json.dumps(label, ensure_ascii=True, separators=(",", ":")))


def _deal_sessions(
    shape: _Shape, seed: str, reader: str, block: int
) -> list[list[int]]:
    """The session (from 0) of every slot for each of a block's cases.

    A block is as many cases as sessions. Over a block every slot visits every
    session once; the two slots of a repeated arm, in neighbouring places of a
    ring that cases walk two steps at a time, visit them as evenly as possible
    after any number of cases.
    """
    count = shape.sessions
    stream = _stream(seed, reader, "sessions", block)
    ring = stream.permutation(count)
    order = stream.permutation(len(shape.arms))
    place: dict[int, list[int]] = {}
    used = [0] * count
    pairs = [arm for arm in order if shape.arms[arm].repeated]
    for index, arm in enumerate(pairs):
        place[arm] = [2 * index % count, (2 * index + 1) % count]
        for at in place[arm]:
            used[at] += 1
    for arm in order:
        if arm not in place:
            least = min(used)
            free = [at for at in range(count) if used[at] == least]
            place[arm] = [free[stream.below(len(free))]]
            used[place[arm][0]] += 1
    places = [at for arm in range(len(shape.arms)) for at in place[arm]]
    # all even steps and then all odd ones; modulo an odd count this is 0, 2, 4, …
    steps = [*range(0, count, 2), *range(1, count, 2)]
    return [[ring[(at + step) % count] for at in places] for step in steps]


def _deal_cells(shape: _Shape, seed: str, reader: str, cases: int) -> list[list[int]]:
    """The cell (from 0 over all sessions) of every slot for each case.

    Whole superblocks are dealt, also where the cases end within one: what follows
    must not depend on the number of cases. In a superblock (as many blocks as
    cells) every arm's appearances in a session fill whole groups.
    """
    dealt: list[list[int]] = []
    for superblock in range(-(-cases // (shape.cells * shape.sessions))):
        visits: list[list[int]] = []
        for block in range(superblock * shape.cells, (superblock + 1) * shape.cells):
            visits += _deal_sessions(shape, seed, reader, block)
        result = [[-1] * len(shape.slots) for _ in visits]
        for session in range(shape.sessions):
            stream = _stream(seed, reader, "cells", superblock, session)
            for case, slot, cell in _deal_session(shape, visits, session, stream):
                result[case][slot] = session * shape.cells + cell
        dealt += result
    return dealt[:cases]


def _deal_session(
    shape: _Shape, visits: list[list[int]], session: int, stream: Stream
) -> list[tuple[int, int, int]]:
    """The (case, slot, cell) of a superblock's reads in one session.

    Edges from cases to groups of an arm's consecutive appearances are coloured
    with the cells: no cell twice for a case, no cell twice in a group. Cases are
    filled up with blanks to one edge a cell, so that the cells' sizes are balanced
    as an arm's counts are.
    """
    blank = len(shape.arms)
    edges: list[tuple[int, int]] = []
    owners: list[tuple[int, int]] = []
    groups: dict[tuple[int, int], int] = {}
    seen = [0] * (blank + 1)
    for case, visit in enumerate(visits):
        here = [slot for slot, at in enumerate(visit) if at == session]
        for slot in here + [-1] * (shape.cells - len(here)):
            arm = blank if slot < 0 else shape.slots[slot]
            group = (arm, seen[arm] // shape.cells)
            seen[arm] += 1
            edges.append((case, groups.setdefault(group, len(groups))))
            owners.append((case, slot))
    colours = colour_edges(edges, colours=shape.cells, stream=stream)
    return [
        (case, slot, colour)
        for (case, slot), colour in zip(owners, colours, strict=True)
        if slot >= 0
    ]


def _lay(
    shape: _Shape, cases: int, seed: str, reader: str
) -> list[list[tuple[int, int]]]:
    """The (case, arm) pairs of every cell in the order of reading."""
    dealt = _deal_cells(shape, seed, reader, cases)
    laid: list[list[tuple[int, int]]] = [
        [] for _ in range(shape.sessions * shape.cells)
    ]
    for case in range(shape.core):
        for slot, cell in enumerate(dealt[case]):
            laid[cell].append((case, shape.slots[slot]))
    _order_core(laid, shape.spacing, _stream(seed, reader, "core"))
    for case in range(shape.core, cases):
        _insert_case(case, dealt[case], shape, laid, _stream(seed, reader, "in", case))
    return laid


def _order_core(
    laid: list[list[tuple[int, int]]], spacing: int, stream: Stream
) -> None:
    """Order the first cases' reads in place, `spacing` apart.

    Position after position takes a random read of the cell among those whose case
    is far enough back. There is always one: with a cell of at least `spacing`
    reads, at its k-th place (from 0) at most spacing−1−k of the cell's remaining
    reads are too near, and more than that remain.
    """
    last: dict[int, int] = {}
    position = 0
    for index, cell in enumerate(laid):
        remaining, laid[index] = cell, []
        while remaining:
            far = [
                read
                for read in remaining
                if position - last.get(read[0], -spacing) >= spacing
            ]
            read = far[stream.below(len(far))]
            remaining.remove(read)
            laid[index].append(read)
            last[read[0]] = position
            position += 1


def _insert_case(
    case: int,
    cell_of_slot: list[int],
    shape: _Shape,
    laid: list[list[tuple[int, int]]],
    stream: Stream,
) -> None:
    """Insert a case's reads at random places of their cells, `spacing` apart.

    What lies there keeps its order, and only gains distance. Cell after cell the
    place is uniform among those far enough from the place before; there is always
    one, because every cell holds at least `spacing` reads. Cells are walked from
    the first or from the last by the toss of a coin: in one direction only, cases
    would drift that way within their cells.
    """
    walk = sorted((cell, slot) for slot, cell in enumerate(cell_of_slot))
    backward = stream.below(2) == 1
    if backward:
        walk.reverse()
    ahead, before = shape.spacing, walk[0][0]
    inserts: list[tuple[int, int, int]] = []
    for cell, slot in walk:
        low, high = sorted((before, cell))
        ahead += sum(len(laid[between]) for between in range(low + 1, high))
        length = len(laid[cell])
        nearest = max(0, shape.spacing - 1 - ahead)
        offset = nearest + stream.below(length - nearest + 1)
        place = length - offset if backward else offset
        inserts.append((cell, place, shape.slots[slot]))
        ahead, before = length - offset, cell
    for cell, place, arm in inserts:
        laid[cell].insert(place, (case, arm))


def _number(
    laid: list[list[tuple[int, int]]], shape: _Shape, cases: Sequence[str]
) -> list[PlannedRead]:
    """Number sessions, positions and repeats; give cases and arms their names."""
    codes = [arm.code for arm in shape.arms]
    seen: set[tuple[int, int]] = set()
    reads: list[PlannedRead] = []
    for index, cell in enumerate(laid):
        session = 1 + index // shape.cells
        for pair in cell:
            repeat = int(pair in seen)
            seen.add(pair)
            case, arm = pair
            reads.append(
                PlannedRead(session, len(reads) + 1, cases[case], codes[arm], repeat)
            )
    return reads
