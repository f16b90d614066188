"""What a study asked, as its frozen protocol has it."""

from dataclasses import dataclass

from readerstudy.reading.models import Study
from readerstudy.reading.questions import IMAGE, SIDES, Kind


@dataclass(frozen=True)
class Asked:
    """One question. words and those of its answers are English, or as somebody typed
    them; answers: (value, words) from the lowest value."""

    key: str
    words: str
    kind: str  # a value of questions.Kind
    answers: tuple[tuple[int, str], ...]

    @property
    def sides(self) -> tuple[str, ...]:
        return SIDES if self.kind == Kind.GRADE else (IMAGE,)

    @property
    def values(self) -> tuple[int, ...]:
        return tuple(value for value, _words in self.answers)


def asked(study: Study) -> tuple[Asked, ...]:
    """In the protocol's order; one from before there were kinds asks for grades."""
    questions = (study.protocol or {}).get("questions", {}).get("questions", [])
    return tuple(
        Asked(
            key=one["key"],
            words=one["words"],
            kind=one.get("kind", Kind.GRADE.value),
            answers=tuple(
                sorted((answer["value"], answer["words"]) for answer in one["answers"])
            ),
        )
        for one in questions
    )


def of_kind(questions: tuple[Asked, ...], kind: Kind) -> tuple[Asked, ...]:
    return tuple(one for one in questions if one.kind == kind)
