"""Whether stored answers and guesses are whole, and those that the audit log knows.

Lines name reads by reader and position, and tell no grade, arm or case.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch

from readerstudy.audit.models import AuditEvent
from readerstudy.imaging.errors import Refused

from ..models import Answer, ArmGuess, Read, Reopening, Study
from ..protocol.windows import Window, offered_windows
from ..questions import (
    Answered,
    Grade,
    Kind,
    Option,
    Question,
    QuestionSet,
    check_answers,
)
from ..recording import answer_digest, grade_of, guess_digest

CHUNK = 2000  # reads held in memory at a time
NO_WINDOW = (None, None)  # of its own: as each read begins
CHANGED_FREELY = 1  # version of protocols under which no read was opened again

VERSIONS = "reads have other versions of their answer than they were asked for"
GRADES = "answers are not one grade or reason for every question and side"
WINDOWS = "answers have a window that the protocol does not let readers choose"
EVENTS = "answers are not those of the audit log"
GUESSES = "arm guesses are not those of the audit log"

Recorded = dict[tuple[str, int], str]  # (reader/position, version) → digest


@dataclass(frozen=True)
class AnswersFound:
    """lines: by what differs, in words.

    in_log: whether they were compared with the audit log. A study that was opened
    before there was a log has none to compare with.
    """

    answers: int
    in_log: bool
    lines: dict[str, list[str]]


def answers_check(study: Study) -> AnswersFound:
    """Every read with its versions, their scores, windows and events."""
    lines: dict[str, list[str]] = {VERSIONS: [], GRADES: [], WINDOWS: [], EVENTS: []}
    in_log = _has_log(study)
    recorded = _recorded(study) if in_log else {}
    asked = _asked(study)
    display = _display(study)
    adjustable = display.get("window_adjustable", False)
    offered = _offered(display)
    frame = display.get("frame", [])
    freely = (study.protocol or {}).get("version") == CHANGED_FREELY
    count = 0
    for read in _reads(study):
        name = f"reader {read.reader.code}, position {read.position}"
        answers = list(read.answers.all())
        count += len(answers)
        lines[VERSIONS] += _version_lines(name, read, answers, freely=freely)
        for answer in answers:
            one = f"{name}, version {answer.version}"
            if not _is_whole(answer, asked, frame):
                lines[GRADES].append(one)
            window = (answer.window_low, answer.window_high)
            if not adjustable and window != NO_WINDOW and window not in offered:
                lines[WINDOWS].append(one)
            if in_log and not _is_recorded(study, read, answer, recorded):
                lines[EVENTS].append(one)
    for place, version in recorded:  # what no answer has taken out
        reader, _slash, position = place.rpartition("/")
        name = f"reader {reader}, position {position}, version {version}"
        lines[EVENTS].append(f"{name}: in the log alone")
    lines[GUESSES] = list(_guess_lines(study)) if in_log else []
    return AnswersFound(count, in_log, lines)


def _has_log(study: Study) -> bool:
    """Whether there was a log when it was opened, be its events there or not."""
    events = AuditEvent.objects.filter(study=study.slug, action="study.open")
    first = AuditEvent.objects.order_by("sequence").first()
    is_younger = first is not None and first.at <= (study.opened_at or first.at)
    return is_younger or events.exists()


def _reads(study: Study) -> Iterator[Read]:
    answers = Answer.objects.order_by("version").prefetch_related("scores")
    again = Reopening.objects.filter(answered_at__isnull=False)
    reads = (
        Read.objects.filter(reader__study=study)
        .select_related("reader")
        .prefetch_related(Prefetch("answers", answers), Prefetch("reopenings", again))
        .order_by("reader", "position")
    )
    return reads.iterator(chunk_size=CHUNK)


def _version_lines(
    name: str, read: Read, answers: list[Answer], *, freely: bool
) -> Iterator[str]:
    """1 as first given and one more each time that the read was opened again.

    freely: as the first release let readers do, until their session ended: each later
    answer brought its reason instead.
    """
    due = 0 if read.submitted_at is None else 1 + len(read.reopenings.all())
    if freely and due == 1:
        due += sum(bool(answer.reason) for answer in answers[1:])
    stored = [answer.version for answer in answers]
    if stored != list(range(1, due + 1)):
        yield f"{name}: versions {stored}, due {due}"


def _asked(study: Study) -> QuestionSet:
    """As the protocol has it; one of an older version knows grades alone."""
    told = (study.protocol or {})["questions"]
    questions = tuple(
        Question(
            key=one["key"],
            words=one["words"],
            answers=tuple(Option(**answer) for answer in one["answers"]),
            kind=Kind(one.get("kind", Kind.GRADE)),
        )
        for one in told["questions"]
    )
    return QuestionSet(told["key"], told["title"], questions)


def _display(study: Study) -> dict[str, Any]:
    display: dict[str, Any] = (study.protocol or {}).get("display", {})
    return display


def _offered(display: dict[str, Any]) -> set[Window]:
    """What readers of whole stacks may draw where they may adjust nothing."""
    shown = (display.get("value_low"), display.get("value_high"))
    return offered_windows(display.get("windows", []), shown)


def _is_whole(answer: Answer, asked: QuestionSet, frame: Sequence[int]) -> bool:
    """Whether the rows are what the same answer, given again, would write."""
    grades = [grade_of(score) for score in answer.scores.all()]
    said: dict[str, dict[str, Answered]] = {}
    for one in grades:
        said.setdefault(one.question, {})[one.side] = _answered(one)
    try:
        return set(check_answers(asked, said, frame=frame)) == set(grades)
    except Refused:
        return False


def _answered(grade: Grade) -> Answered:
    if grade.value is None:
        return grade.text or grade.unassessable
    if not grade.marks:
        return grade.value
    return {"value": grade.value, "marks": [mark._asdict() for mark in grade.marks]}


def _recorded(study: Study) -> Recorded:
    events = AuditEvent.objects.filter(study=study.slug, action="read.submit")
    rows = events.order_by("sequence").values_list("subject_key", "after")
    found: Recorded = {}
    for place, after in rows.iterator():
        assert after is not None, "an answer's event says its version and digest"
        found[place, after["version"]] = after["answers_hmac_sha256"]
    return found


def _is_recorded(study: Study, read: Read, answer: Answer, recorded: Recorded) -> bool:
    """Takes its event out of `recorded`; what is left there has no answer."""
    place = (f"{read.reader.code}/{read.position}", answer.version)
    digest = answer_digest(
        seed=study.seed,
        reader=read.reader.code,
        answer=answer,
        grades=map(grade_of, answer.scores.all()),
    )
    return recorded.pop(place, None) == digest


def _guess_lines(study: Study) -> Iterator[str]:
    events = AuditEvent.objects.filter(study=study.slug, action="guess.submit")
    recorded = {
        place: after["guess_hmac_sha256"]
        for place, after in events.values_list("subject_key", "after")
        if after is not None
    }
    given = ArmGuess.objects.filter(read__reader__study=study, guessed_at__isnull=False)
    for one in given.select_related("read__reader").order_by("read"):
        reader, position = one.read.reader.code, one.read.position
        digest = guess_digest(
            seed=study.seed,
            reader=reader,
            position=position,
            guess=one.guess,
            confidence=one.confidence,
        )
        if recorded.pop(f"{reader}/{position}", None) != digest:
            yield f"reader {reader}, position {position}"
    for place in recorded:
        reader, _slash, number = place.rpartition("/")
        yield f"reader {reader}, position {number}: in the log alone"
