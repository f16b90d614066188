"""What pages of cohorts of whole stacks say beside the pictures: window and slices."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from readerstudy.imaging.study_types import STUDY_TYPES, Preset

from ..models import Case, Cohort
from ..selectors import grid_of
from .stack_pictures import STRIP, USUAL, evenly, presets_of


@dataclass(frozen=True)
class StackLooks:
    """presets: windows to choose among. window: the one that pictures are shown in,
    "" where none can be chosen. slices: (index, number from 1) of those that are
    shown, lowest first. middle: number of the one that was asked for, None for slices
    of the whole stack, which has `count`."""

    presets: tuple[Preset, ...]
    window: str
    slices: tuple[tuple[int, int], ...] = ()
    middle: int | None = None
    count: int = 0

    @property
    def previous(self) -> int | None:
        return self.middle - 1 if self.middle and self.middle > 1 else None

    @property
    def next(self) -> int | None:
        more = self.middle is not None and self.middle < self.count
        return self.middle + 1 if more and self.middle else None


def cohort_looks(cohort: Cohort, asked: Mapping[str, str]) -> StackLooks | None:
    """None for a cohort that is not read as whole stacks."""
    if not STUDY_TYPES[cohort.study_type].is_stack:
        return None
    presets = presets_of(cohort)
    keys = {one.key for one in presets}
    window = asked.get("window", "")
    usual = USUAL if USUAL in keys else ""
    return StackLooks(presets, window if window in keys else usual)


def stack_looks(case: Case, asked: Mapping[str, str]) -> StackLooks | None:
    """asked: `window`, and `slice` with the slice, from 1, that is looked for."""
    looks = cohort_looks(case.cohort, asked)
    if looks is None:
        return None
    count = grid_of(case).slices
    wanted = asked.get("slice", "")
    middle = int(wanted) if re.fullmatch(r"[0-9]{1,9}", wanted) else 0
    if 1 <= middle <= count:
        shown = [one for one in range(middle - 2, middle + 1) if 0 <= one < count]
    else:
        middle, shown = 0, evenly(count, STRIP)
    slices = tuple((index, index + 1) for index in shown)
    return StackLooks(looks.presets, looks.window, slices, middle or None, count)
