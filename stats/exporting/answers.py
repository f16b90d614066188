"""The lines of answers.csv, and what reads.csv says of the latest version."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from readerstudy.reading.models import Answer, Score, Study

from ..reporting.asked import Asked
from ..reporting.report import Report
from .answer_columns import ANSWER
from .codes import PLACE, codes_of
from .csv_text import written
from .lines import Line
from .whole_reads import answer_said

CHUNK = 2000  # answers held in memory at a time


class GivenAnswer(NamedTuple):
    """One version of an answer, as its row has it."""

    pk: int
    read: int
    version: int
    reason: str
    at: datetime
    comment: str
    window_low: int | None
    window_high: int | None
    shown_at: datetime
    first_ms: int | None
    spent_ms: int | None
    away_ms: int | None
    held_ms: int | None


ANSWER_FIELDS = tuple(
    {"read": "read_id"}.get(name, name) for name in GivenAnswer._fields
)


class GivenScore(NamedTuple):
    side: str
    question: str
    value: int | None
    unassessable: str
    text: str
    marks: list[dict[str, int]]


NO_ANSWER: Line = {column.name: None for column in ANSWER}


def answer_cells(answer: GivenAnswer) -> Line:
    """The columns ANSWER."""
    return {
        "comment": answer.comment,
        "window_low": answer.window_low,
        "window_high": answer.window_high,
        "shown_at": answer.shown_at,
        "first_seconds": _seconds(answer.first_ms),
        "reading_seconds": _seconds(answer.spent_ms),
        "away_seconds": _seconds(answer.away_ms),
        "held_seconds": _seconds(answer.held_ms),
    }


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def scores_of(
    answers: Iterable[int], questions: Collection[str]
) -> dict[int, list[GivenScore]]:
    """Answer pk → its scores, the right side first."""
    rows = Score.objects.filter(answer__in=list(answers), question__in=questions)
    found: dict[int, list[GivenScore]] = defaultdict(list)
    for answer, *fields in rows.order_by("-side").values_list(
        "answer_id", *GivenScore._fields
    ):
        found[answer].append(GivenScore(*fields))
    return found


def questions_of(report: Report) -> dict[str, Asked | None]:
    """By key, in their order; None: the grade of a study that asks for nothing else."""
    if not report.asked:
        return {report.question: None}
    return {one.key: one for one in report.asked}


def answers(study: Study, report: Report) -> Iterator[Line]:
    """One line a version and side, in the order in which the server stored them."""
    codes = codes_of(study)
    order = _in_order(study)
    questions = questions_of(report)
    fields = (*(f"read__{name}" for name in PLACE), "read__second_arm_id")
    for start in range(0, len(order), CHUNK):
        keys = order[start : start + CHUNK].tolist()
        rows = Answer.objects.filter(pk__in=keys).values_list(*fields, *ANSWER_FIELDS)
        given = {row[len(fields)]: row for row in rows}
        scores = scores_of(keys, questions)
        for key in keys:
            *place, second = given[key][: len(fields)]
            cells = codes.cells(*place)
            if report.asked:
                cells["second_arm"] = codes.arm_code(second)
            answer = GivenAnswer(*given[key][len(fields) :])
            yield from _lines(cells, answer, scores[key], report)


def said_cells(
    question: Asked | None, score: GivenScore | None, line: Line, report: Report
) -> Line:
    """What was answered; of a study of grades alone the grade and nothing else."""
    if question is None:
        return {"grade": score.value if score else None}
    arm, second = line["arm"], line["second_arm"]
    return answer_said(
        question,
        value=score.value if score else None,
        text=score.text if score else "",
        marks=score.marks if score else (),
        arms=(str(arm), str(second) if second else None),
        graded=report.question,
    )


def _lines(
    place: Line, answer: GivenAnswer, scores: Sequence[GivenScore], report: Report
) -> Iterator[Line]:
    """By question, in the order of the protocol; the right side first."""
    shared: Line = {
        **place,
        "version": answer.version,
        "reason": answer.reason,
        **answer_cells(answer),
        "answered_at": answer.at,
    }
    shared = {name: written(value) for name, value in shared.items()}
    for key, question in questions_of(report).items():
        for score in scores:
            if score.question == key:
                yield {
                    **shared,
                    "side": score.side,
                    "question": key,
                    "not_assessable": score.unassessable,
                    **said_cells(question, score, shared, report),
                }


def _in_order(study: Study) -> NDArray[np.int64]:
    """(n,) pks of all answers of a study by time: 16 bytes each while it is made.

    A database that sorts a million whole rows does it in memory, or takes its time.
    """
    rows = Answer.objects.filter(read__session__study=study).order_by()
    given = rows.values_list("pk", "at").iterator(chunk_size=CHUNK)
    times = np.fromiter(
        ((at.timestamp(), pk) for pk, at in given),
        dtype=[("at", np.float64), ("pk", np.int64)],
        count=rows.count(),
    )
    return np.asarray(times["pk"][np.lexsort((times["pk"], times["at"]))])
