"""The training set as lines of text: case, method, and the key's grades by side."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from ..models import TrainingItem
from ..protocol.rules import TrainingChoice
from ..questions import SIDES, QuestionSet

SEPARATORS = ("\t", ";", ",")  # of pasted tables; else spaces
HEADING = ("case", "method", *SIDES)
MOST_LINES = 1000


@dataclass(frozen=True)
class TrainingLines:
    """What was read; `numbers` are the lines of `choices`, from 1."""

    choices: list[TrainingChoice]
    numbers: list[int]
    problems: list[tuple[int, str]]  # (line, what is wrong with it)


def lines_read(text: str, asked: QuestionSet) -> TrainingLines:
    """One image a line: “C001 short 3 2” is the case, the method, and the key's
    grades right and left. Commas, semicolons or tabs may part them instead."""
    read = TrainingLines([], [], [])
    questions = asked.questions
    lines = text.splitlines()
    if len(questions) != 1:
        said = _("Training with several questions can only be written in a file.")
        read.problems.append((1, said))
        lines = []
    if len(lines) > MOST_LINES:
        said = _("There are more than %d lines.") % MOST_LINES
        read.problems.append((MOST_LINES + 1, said))
    for number, line in enumerate(lines[:MOST_LINES], start=1):
        parts = parts_of(line)
        if not line.strip() or tuple(map(str.lower, parts)) == HEADING:
            continue
        if len(parts) != len(HEADING):
            said = _("A line is: case, method, grade right, grade left.")
            read.problems.append((number, said))
            continue
        case, method, *grades = parts
        if not all(re.fullmatch("[0-9]{1,4}", grade, re.ASCII) for grade in grades):
            said = _("The last two are grades: right, then left.")
            read.problems.append((number, said))
            continue
        key = {questions[0].key: dict(zip(SIDES, map(int, grades), strict=True))}
        read.choices.append(TrainingChoice(case, method, key))
        read.numbers.append(number)
    return read


def parts_of(line: str) -> list[str]:
    """What stands in a line of a list or of a pasted table."""
    for separator in SEPARATORS:
        if separator in line:
            return [part.strip() for part in line.split(separator)]
    return line.split()


def lines_written(items: Iterable[TrainingItem]) -> str:
    """The same the other way round."""
    return "\n".join(_line(item) for item in items)


def _line(item: TrainingItem) -> str:
    [sides] = item.key.values()
    parts = [item.case.code, item.method, *(str(sides[side]) for side in SIDES)]
    spaced = any(" " in part for part in parts)
    return (", " if spaced else " ").join(parts)
