"""Given grades of the reference standard as lines of text: case, right, left."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from ..questions import IMAGE, SIDES
from .training_lines import parts_of

MOST_LINES = 10_000


def standard_read(
    text: str, places: Sequence[str] = SIDES
) -> tuple[list[dict[str, Any]], list[str]]:
    """One case a line: “C001 4 3” is the code and the grades right and left. Commas,
    semicolons or tabs may part them instead. Returns the lines and what is wrong.

    places: what is said of each case, by patient's sides or of the whole image.
    """
    heading = ("case", *places)
    given: list[dict[str, Any]] = []
    problems = []
    lines = text.splitlines()
    if len(lines) > MOST_LINES:
        return [], [_("There are more than %d lines.") % MOST_LINES]
    for number, line in enumerate(lines, start=1):
        parts = parts_of(line)
        if not line.strip() or tuple(map(str.lower, parts)) == heading:
            continue
        grades = parts[1:]
        if len(parts) != len(heading) or not all(
            re.fullmatch("[0-9]{1,4}", grade, re.ASCII) for grade in grades
        ):
            said = (
                _("Line %d: a line is: case, grade right, grade left.")
                if len(places) > 1
                else _("Line %d: a line is: case, and 1 with a finding or 0 without.")
            )
            problems.append(said % number)
            continue
        given.append(
            {"case": parts[0], **dict(zip(places, map(int, grades), strict=True))}
        )
    return given, problems


def standard_written(given: Iterable[Mapping[str, Any]]) -> str:
    """The same the other way round."""
    return "\n".join(
        (", " if " " in one["case"] else " ").join(
            str(one[name]) for name in ("case", *SIDES, IMAGE) if name in one
        )
        for one in given
    )
