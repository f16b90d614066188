"""The lines of reads.csv: fetched by the thousand, a dozen queries at any length."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from readerstudy.reading.models import Answer, CodeBreak, Membership, Read, Score, Study

from .. import selectors
from ..reporting.report import Report
from .answers import (
    ANSWER_FIELDS,
    NO_ANSWER,
    GivenAnswer,
    GivenScore,
    answer_cells,
    scores_of,
)
from .codes import PLACE, Codes, codes_of
from .csv_text import written
from .lines import Line

CHUNK = 2000  # reads held in memory at a time


class PlannedRead(NamedTuple):
    """One read, as its row has it."""

    pk: int
    place: tuple[int, ...]  # as PLACE
    first_shown_at: datetime | None
    submitted_at: datetime | None


def reads(study: Study, report: Report) -> Iterator[Line]:
    """One line a planned read and side, by reader and position."""
    codes = codes_of(study)
    broken = CodeBreak.objects.filter(read__session__study=study)
    broken_at = dict(broken.values_list("read_id", "at"))
    for reader in selectors.answering_readers(study):
        of_reader: Line = {
            "reader_simulated": study.simulated_readers or reader.simulated,
            "question": report.question,
        }
        for chunk in _chunks(reader):
            answers = _latest_answers([read.pk for read in chunk])
            scores = scores_of((one.pk for one in answers.values()), report.question)
            for read in chunk:
                answer = answers.get(read.pk)
                shared: Line = {
                    **of_reader,
                    **_read_cells(codes, read, answer),
                    "code_broken_at": broken_at.get(read.pk),
                }
                yield from _sides(read, shared, scores[answer.pk] if answer else ())


def _chunks(reader: Membership) -> Iterator[list[PlannedRead]]:
    """A reader's reads in their order; each query begins where the last one ended."""
    fields = ("pk", *PLACE, "first_shown_at", "submitted_at")
    planned = Read.objects.filter(reader=reader).order_by("position")
    last = 0
    while rows := list(planned.filter(position__gt=last).values_list(*fields)[:CHUNK]):
        chunk = [PlannedRead(row[0], row[1:-2], *row[-2:]) for row in rows]
        yield chunk
        last = chunk[-1].place[PLACE.index("position")]


def _latest_answers(reads: Sequence[int]) -> dict[int, GivenAnswer]:
    """Read pk → the latest version of its answer, where there is one."""
    rows = Answer.objects.filter(read__in=reads).order_by("version")
    given = (GivenAnswer(*row) for row in rows.values_list(*ANSWER_FIELDS))
    return {answer.read: answer for answer in given}  # a later version wins


def _read_cells(codes: Codes, read: PlannedRead, answer: GivenAnswer | None) -> Line:
    arm = codes.arms[read.place[PLACE.index("arm_id")]]
    return {
        **codes.cells(*read.place),
        "arm_role": arm.role,
        "method": arm.method,
        "version": answer.version if answer else None,
        **(answer_cells(answer) if answer else NO_ANSWER),
        "seconds": _seconds(read),
        "first_shown_at": read.first_shown_at,
        "submitted_at": read.submitted_at,
        "scored_at": answer.at if answer else None,
    }


def _sides(
    read: PlannedRead, shared: Line, scores: Sequence[GivenScore]
) -> Iterator[Line]:
    """Both sides, answered or not. What they share is written once."""
    shared = {name: written(value) for name, value in shared.items()}
    by_side = {score.side: score for score in scores}
    for side in Score.Side.values:
        score = by_side.get(side)
        state = _state(read, score)
        yield {
            **shared,
            "side": side,
            "grade": score.value if score else None,
            "assessable": None if state == "not read" else state == "read",
            "not_assessable": score.unassessable if score else None,
            "state": state,
        }


def _state(read: PlannedRead, score: GivenScore | None) -> str:
    if read.submitted_at is None:
        return "not read"
    return "not assessable" if score and score.unassessable else "read"


def _seconds(read: PlannedRead) -> float | None:
    if read.first_shown_at is None or read.submitted_at is None:
        return None
    return round((read.submitted_at - read.first_shown_at).total_seconds(), 3)
