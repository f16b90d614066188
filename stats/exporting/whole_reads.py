"""Columns of reads.csv and answers.csv where more than grades was asked for, and what
stands in them.

Plain ASCII: the data dictionary reads the same in any program.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from readerstudy.reading.questions import Kind

from ..preference import LEFT, RIGHT
from ..reporting.asked import Asked
from ..reporting.report import Report
from .answer_columns import GRADE
from .lines import Line
from .shared_columns import ARM, Column

SECOND_ARM = Column(
    "second_arm",
    "of a pair the code of the arm on the right of the screen; arm is the one on its "
    "left",
    "",
    "text; empty for one image alone",
)
SAID = (
    Column(
        "kind",
        "what is asked for",
        "",
        "grade, likert, choice, confidence, fidelity or text",
    ),
    Column(
        "value",
        "the answer: of a choice 1 the left image, 2 the right one, 3 no difference; "
        "of a confidence 0 to 100; of others the number of the answer, see answer",
        "",
        "integer; empty when not read, not assessable, or answered in words",
    ),
    Column("answer", "the words of that answer in the protocol", "", "text"),
    Column(
        "preferred",
        "of a choice the code of the arm that was preferred",
        "",
        "text; empty for no difference and for other questions",
    ),
    Column("text", "what the reader wrote to a question for words", "", "text"),
    Column(
        "marks",
        "places that the reader marked on the image, each slice:row:column from 0, "
        "slice 0 the lowest",
        "",
        "text with spaces; empty for none",
    ),
)


MEANING = "the reader's grade, where the question is the one for grades; see answer"


def with_answers(columns: Sequence[Column], report: Report) -> tuple[Column, ...]:
    """The columns of a study of grades, and those of everything else beside them."""
    found: list[Column] = []
    for column in columns:
        if column == GRADE:
            found += [replace(GRADE, meaning=MEANING)] if report.is_graded else []
            found += SAID
        elif column == ARM:
            found += [ARM, SECOND_ARM]
        elif column.name == "side":
            values = "right, left or image (the whole one)"
            found.append(Column("side", column.meaning, column.unit, values))
        else:
            found.append(column)
    return tuple(found)


def answer_said(
    question: Asked,
    *,
    value: int | None,
    text: str,
    marks: Sequence[Mapping[str, Any]],
    arms: tuple[str, str | None],
    graded: str,
) -> Line:
    """The columns SAID, and grade where the study has it. arms: codes, left, right.
    graded: key of the question for grades; empty: there is none."""
    found: Line = {
        "kind": question.kind,
        "value": value,
        "answer": dict(question.answers).get(value) if value is not None else None,
        "preferred": _preferred(question, value, arms),
        "text": text,
        "marks": " ".join(f"{m['slice']}:{m['row']}:{m['column']}" for m in marks),
    }
    if graded:
        found["grade"] = value if question.key == graded else None
    return found


def _preferred(
    question: Asked, value: int | None, arms: tuple[str, str | None]
) -> str | None:
    if question.kind != Kind.CHOICE or value is None:
        return None
    return {LEFT: arms[0], RIGHT: arms[1]}.get(value)
