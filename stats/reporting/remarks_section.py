"""What readers wrote in their own words."""

from dataclasses import dataclass

from readerstudy.reading.questions import Kind

from .arms import ArmName, arm_name
from .asked import Asked, of_kind
from .whole_answers import WholeAnswers


@dataclass(frozen=True)
class Remark:
    """second: of a pair the arm on the right of the screen; `arm` was on its left."""

    question: str
    arm: ArmName
    second: ArmName | None
    case: str
    reader: str
    text: str


@dataclass(frozen=True)
class Remarks:
    """By arm, case and reader; first readings. reads: that could have had one."""

    questions: tuple[Asked, ...]
    remarks: tuple[Remark, ...]


def remarks_section(
    questions: tuple[Asked, ...], answers: WholeAnswers
) -> Remarks | None:
    """None where no question asks for words."""
    asked = of_kind(questions, Kind.TEXT)
    if not asked:
        return None
    arms = {arm.pk: arm_name(arm) for arm in answers.arms}
    codes = dict(zip(answers.cases, answers.codes, strict=True))
    readers = {one.pk: one.code for one in answers.readers}
    found = [
        Remark(
            question.words,
            arms[one.arm],
            arms[one.second] if one.second else None,
            codes[one.case],
            readers[one.reader],
            one.text,
        )
        for question in asked
        for one in answers.of(question.key)
        if one.text and one.case in codes and one.reader in readers
    ]
    return Remarks(asked, tuple(sorted(found, key=_place)))


def _place(one: Remark) -> tuple[int, str, str, str]:
    return one.arm.position, one.case, one.reader, one.question
