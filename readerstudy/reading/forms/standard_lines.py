"""Given grades of the reference standard as lines of text: case, right, left."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from ..questions import SIDES
from .training_lines import parts_of

HEADING = ("case", *SIDES)
MOST_LINES = 10_000


def standard_read(text: str) -> tuple[list[dict[str, Any]], list[str]]:
    """One case a line: “C001 4 3” is the code and the grades right and left. Commas,
    semicolons or tabs may part them instead. Returns the lines and what is wrong."""
    given: list[dict[str, Any]] = []
    problems = []
    lines = text.splitlines()
    if len(lines) > MOST_LINES:
        return [], [_("There are more than %d lines.") % MOST_LINES]
    for number, line in enumerate(lines, start=1):
        parts = parts_of(line)
        if not line.strip() or tuple(map(str.lower, parts)) == HEADING:
            continue
        grades = parts[1:]
        if len(parts) != len(HEADING) or not all(
            re.fullmatch("[0-9]{1,4}", grade, re.ASCII) for grade in grades
        ):
            said = _("Line %d: a line is: case, grade right, grade left.")
            problems.append(said % number)
            continue
        given.append(
            {"case": parts[0], **dict(zip(SIDES, map(int, grades), strict=True))}
        )
    return given, problems


def standard_written(given: Iterable[Mapping[str, Any]]) -> str:
    """The same the other way round."""
    return "\n".join(
        ", ".join(str(one[name]) for name in HEADING)
        if " " in one["case"]
        else " ".join(str(one[name]) for name in HEADING)
        for one in given
    )
