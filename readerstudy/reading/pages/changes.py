"""A reader's own answers, one after the other, as their own programs are told them."""

from dataclasses import dataclass

from ..selectors.own_answers import OwnAnswers


@dataclass(frozen=True)
class OwnGrade:
    question: str
    side: str
    value: int | None  # None: it cannot be assessed, or is a text
    words: str


@dataclass(frozen=True)
class OwnAnswerTold:
    session: int
    number: int
    grades: tuple[OwnGrade, ...]
    comment: str
    is_open: bool
    is_locked: bool


def own_answers(answers: OwnAnswers) -> list[OwnAnswerTold]:
    return [
        OwnAnswerTold(
            session=one.session,
            number=one.number,
            grades=tuple(
                OwnGrade(str(question), side, _whole(value), str(words))
                for (question, side), (value, words) in zip(
                    answers.asked, one.values, strict=True
                )
            ),
            comment=one.comment,
            is_open=one.is_open,
            is_locked=one.is_locked,
        )
        for session in answers.sessions
        for one in session.answers
    ]


def _whole(value: int | str | None) -> int | None:
    return value if isinstance(value, int) else None
