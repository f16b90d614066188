"""A method at work on whole stacks in their own unit, slices of any size.

Networks were made for 64×64 pixels. Larger slices are cut into tiles that overlap, and
put together again with weights that fall towards a tile's edge, so that no seam shows
(as Isensee et al. 2021, doi:10.1038/s41592-020-01008-z, do in three dimensions).
Filters take slices as they are.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from inference.computing import Method
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop
from readerstudy.imaging.study_types import StudyType

Case = TypeVar("Case")
Values = NDArray[np.float32]
Place = tuple[int, int]

SIDE = 64  # pixels of a tile
STEP = 48  # from one tile to the next
LEAST_WEIGHT = 1e-3  # of a tile's corner
SLAB = 8  # slices that a filter is given at once


@dataclass(frozen=True)
class Scale:
    """Between a unit and the 0–1 that methods work in; beyond it is cut off."""

    low: float
    high: float

    def down(self, values: NDArray[Any]) -> Values:
        share = (values.astype(np.float32) - self.low) / (self.high - self.low)
        cut: Values = np.clip(share, 0, 1).astype(np.float32)
        return cut

    def up(self, shares: Values) -> Values:
        values: Values = (self.low + shares * (self.high - self.low)).astype(np.float32)
        return values


def scale_of(kind: StudyType, unit: str, values: NDArray[Any]) -> Scale:
    """The whole range of the unit where it has one, else from 0 to the largest value.

    Refused for a stack that holds nothing above 0 there.
    """
    if unit in kind.ranges:
        return Scale(*kind.ranges[unit])
    highest = float(values.max())
    if highest <= 0:
        raise Refused(
            gettext_noop("The image holds no counts: every pixel is zero or negative.")
        )
    return Scale(0.0, highest)


class WholeStacks:
    """`method` as one of stacks (slices, rows, columns), each with its scale.

    tiled: for a network; a filter is given slices whole, some at a time, for none of
        ours looks at another slice.
    alive: called as soon as any part of a stack is there: a large one takes longer
        than others wait for a sign of life. What it raises ends the work.
    """

    def __init__(
        self,
        method: Method,
        *,
        tiled: bool,
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        self._method, self._tiled, self._alive = method, tiled, alive
        self.told: Mapping[str, Any] = method.told

    def outputs(
        self, cases: Iterable[tuple[Case, NDArray[Any], Scale]]
    ) -> Iterator[list[tuple[Case, Values | Refused]]]:
        """One case at a time, for their sizes may differ; in the unit."""
        for case, stack, scale in cases:
            shares = self._one(scale.down(stack))
            yield [(case, shares if isinstance(shares, Refused) else scale.up(shares))]

    def _one(self, stack: Values) -> Values | Refused:
        parts = cut(stack) if self._tiled else slabs(stack)
        joining = Joining(stack.shape) if self._tiled else Piling(stack.shape)
        refused: list[Refused] = []

        def asked() -> Iterator[tuple[Place, Values]]:
            for part in parts:
                if refused:  # nothing more is asked; what was must still be answered
                    return
                yield part

        for batch in self._method.outputs(asked()):
            for place, made in batch:
                if isinstance(made, Refused):
                    refused.append(made)
                else:
                    joining.add(place, made)
            self._alive()
        return refused[0] if refused else joining.whole()


def places(size: int) -> list[int]:
    """Where tiles begin along a side of `size` pixels; the last one ends with it."""
    if size <= SIDE:
        return [0]
    return [*range(0, size - SIDE, STEP), size - SIDE]


def cut(stack: Values) -> Iterator[tuple[Place, Values]]:
    """(slices, rows, columns) → tiles (slices, 64, 64), row by row, each with where
    it begins; a smaller slice is filled up with its edge."""
    _, rows, columns = stack.shape
    if rows < SIDE or columns < SIDE:
        lacking = [(0, max(0, SIDE - size)) for size in (rows, columns)]
        stack = np.pad(stack, ((0, 0), *lacking), mode="edge")
    for row in places(rows):
        for column in places(columns):
            tile = stack[:, row : row + SIDE, column : column + SIDE]
            yield (row, column), np.ascontiguousarray(tile)


def slabs(stack: Values) -> Iterator[tuple[Place, Values]]:
    """Some whole slices at a time, each with the first one's place."""
    for first in range(0, len(stack), SLAB):
        yield (first, 0), stack[first : first + SLAB]


class Joining:
    """What `cut` cut, put together: the weighted mean where tiles overlap."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        slices, self._rows, self._columns = shape
        across = max(self._rows, SIDE), max(self._columns, SIDE)
        self._total, self._weights = np.zeros((slices, *across)), np.zeros(across)
        ramp = np.maximum(np.hanning(SIDE + 2)[1:-1], LEAST_WEIGHT)
        self._weight = np.outer(ramp, ramp)

    def add(self, place: Place, tile: Values) -> None:
        row, column = place
        here = slice(row, row + SIDE), slice(column, column + SIDE)
        for total, one in zip(self._total, tile, strict=True):
            total[here] += self._weight * one
        self._weights[here] += self._weight

    def whole(self) -> Values:
        self._total /= self._weights
        joined: Values = self._total[:, : self._rows, : self._columns].astype(
            np.float32
        )
        return joined


class Piling:
    """What `slabs` cut, put together."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._whole: Values = np.empty(shape, np.float32)

    def add(self, place: Place, slab: Values) -> None:
        self._whole[place[0] : place[0] + len(slab)] = slab

    def whole(self) -> Values:
        return self._whole
