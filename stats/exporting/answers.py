"""The lines of answers.csv, and what reads.csv says of the latest version."""

from collections.abc import Iterator

from django.db.models import Prefetch

from readerstudy.reading.models import Answer, Score, Study

from .. import selectors
from ..reporting.report import Report
from .answer_columns import ANSWER
from .lines import Line, read_cells

CHUNK = 2000  # answers held in memory at a time


def answer_cells(answer: Answer | None) -> Line:
    """The columns ANSWER; all empty where nothing was answered."""
    if answer is None:
        return {column.name: None for column in ANSWER}
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


def answers(study: Study, report: Report) -> Iterator[Line]:
    """One line a version and side, in the order in which the server stored them."""
    scores = Score.objects.filter(question=report.question).order_by("-side")
    given = (
        Answer.objects.filter(read__session__study=study)
        .select_related("read__session", "read__reader", "read__case", "read__arm")
        .prefetch_related(Prefetch("scores", scores))
        .order_by("at", "pk")
    )
    patients = selectors.patient_codes(study)
    for answer in given.iterator(chunk_size=CHUNK):
        read = answer.read
        for score in answer.scores.all():
            yield {
                **read_cells(study, read, patients),
                "version": answer.version,
                "reason": answer.reason,
                "side": score.side,
                "question": score.question,
                "grade": score.value,
                "not_assessable": score.unassessable,
                **answer_cells(answer),
                "answered_at": answer.at,
            }
