"""A reader's own answers, as far as they may be changed. No arms."""

from dataclasses import dataclass

from django.db.models import Prefetch

from ..models import Answer, Membership, Read, Reopening, Score, Session, Study
from ..questions import Question, QuestionSet, Words, question_set_of, why_shown


@dataclass(frozen=True)
class OwnAnswer:
    """An answer as its reader gave it last."""

    session: int
    number: int  # of the read in its session
    # in the order of `asked`; None: cannot be assessed, and why; "": words alone
    values: tuple[tuple[int | str | None, Words], ...]
    comment: str
    is_open: bool  # opened again already
    is_locked: bool  # a guess was given after it

    @property
    def place(self) -> str:
        return f"{self.session}/{self.number}"


@dataclass(frozen=True)
class OwnSession:
    number: int
    answers: tuple[OwnAnswer, ...]


@dataclass(frozen=True)
class OwnAnswers:
    """What a reader may change; no sessions: nothing, now."""

    until: str  # a value of Study.AnswerChanges
    asked: tuple[tuple[Words, str], ...]  # question and patient's side
    sessions: tuple[OwnSession, ...]


def changeable_answers(reader: Membership) -> OwnAnswers:
    """The reader's own answers that the protocol lets them change now, latest first."""
    rule = reader.study.answer_changes
    asked = question_set_of(reader.study)
    sessions = Session.objects.filter(reader=reader, started_at__isnull=False)
    if rule == Study.AnswerChanges.SESSION:
        sessions = sessions.filter(finished_at__isnull=True)
    is_never = reader.simulated or reader.study.state != Study.State.OPEN
    if is_never or rule == Study.AnswerChanges.NEVER:
        sessions = sessions.none()
    reads = (
        Read.objects.filter(submitted_at__isnull=False)
        .select_related("arm_guess")
        .prefetch_related(
            Prefetch("answers", Answer.objects.prefetch_related("scores")),
            Prefetch("reopenings", Reopening.objects.filter(answered_at__isnull=True)),
        )
        .order_by("-position")
    )
    return OwnAnswers(
        until=rule,
        asked=tuple((question.words, side) for question, side in asked.places),
        sessions=tuple(
            OwnSession(
                session.number,
                tuple(_own_answer(r, session, asked) for r in session.reads.all()),
            )
            for session in sessions.order_by("-number").prefetch_related(
                Prefetch("reads", reads)
            )
        ),
    )


def _own_answer(read: Read, session: Session, asked: QuestionSet) -> OwnAnswer:
    stands = list(read.answers.all())[-1]
    latest = {(s.question, s.side): s for s in stands.scores.all()}
    guess = getattr(read, "arm_guess", None)
    return OwnAnswer(
        session=session.number,
        number=read.position - session.first_position + 1,
        values=tuple(
            _own_value(question, latest.get((question.key, side)))
            for question, side in asked.places
        ),
        comment=stands.comment,
        is_open=bool(read.reopenings.all()),
        is_locked=guess is not None and guess.guessed_at is not None,
    )


def _own_value(
    question: Question, score: Score | None
) -> tuple[int | str | None, Words]:
    """score: none of a text that was left empty."""
    if score is None or score.text:
        return "", score.text if score else "–"
    if score.value is None:
        return None, why_shown(score.unassessable)
    words = {answer.value: answer.words for answer in question.answers}
    return score.value, words.get(score.value, "")
