"""The lines of reads.csv: fetched by the thousand, a dozen queries at any length."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from readerstudy.reading.models import Answer, CodeBreak, Membership, Read, Study
from readerstudy.reading.questions import SIDES

from .. import selectors
from ..reporting.report import Report
from .answers import (
    ANSWER_FIELDS,
    NO_ANSWER,
    GivenAnswer,
    GivenScore,
    answer_cells,
    questions_of,
    said_cells,
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
    second_arm: int | None
    first_shown_at: datetime | None
    submitted_at: datetime | None


def reads(study: Study, report: Report) -> Iterator[Line]:
    """One line a planned read, question and side, by reader and position."""
    codes = codes_of(study)
    questions = questions_of(report)
    broken = CodeBreak.objects.filter(read__session__study=study)
    broken_at = dict(broken.values_list("read_id", "at"))
    for reader in selectors.answering_readers(study):
        of_reader: Line = {
            "reader_simulated": study.simulated_readers or reader.simulated,
        }
        for chunk in _chunks(reader):
            answers = _latest_answers([read.pk for read in chunk])
            scores = scores_of((one.pk for one in answers.values()), questions)
            for read in chunk:
                answer = answers.get(read.pk)
                shared: Line = {
                    **of_reader,
                    **_read_cells(codes, read, answer),
                    "code_broken_at": broken_at.get(read.pk),
                }
                if report.asked:
                    shared["second_arm"] = codes.arm_code(read.second_arm)
                given = scores[answer.pk] if answer else ()
                yield from _sides(read, shared, given, report)


def _chunks(reader: Membership) -> Iterator[list[PlannedRead]]:
    """A reader's reads in their order; each query begins where the last one ended."""
    fields = ("pk", *PLACE, "second_arm_id", "first_shown_at", "submitted_at")
    planned = Read.objects.filter(reader=reader).order_by("position")
    last = 0
    while rows := list(planned.filter(position__gt=last).values_list(*fields)[:CHUNK]):
        chunk = [PlannedRead(row[0], row[1:-3], *row[-3:]) for row in rows]
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
    read: PlannedRead, shared: Line, scores: Sequence[GivenScore], report: Report
) -> Iterator[Line]:
    """Every question and side, answered or not. What they share is written once."""
    shared = {name: written(value) for name, value in shared.items()}
    by_place = {(score.question, score.side): score for score in scores}
    for key, question in questions_of(report).items():
        for side in question.sides if question else SIDES:
            score = by_place.get((key, side))
            state = _state(read, score)
            yield {
                **shared,
                "question": key,
                "side": side,
                "assessable": None if state == "not read" else state == "read",
                "not_assessable": score.unassessable if score else None,
                "state": state,
                **said_cells(question, score, shared, report),
            }


def _state(read: PlannedRead, score: GivenScore | None) -> str:
    if read.submitted_at is None:
        return "not read"
    return "not assessable" if score and score.unassessable else "read"


def _seconds(read: PlannedRead) -> float | None:
    if read.first_shown_at is None or read.submitted_at is None:
        return None
    return round((read.submitted_at - read.first_shown_at).total_seconds(), 3)
