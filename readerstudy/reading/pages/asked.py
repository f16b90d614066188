"""What a study asks of its readers and how it shows images: the same for every read."""

from dataclasses import dataclass

from readerstudy.imaging.preprocessing import CROP, SHOWN_SLICES

from ..models import Study
from ..questions import OFFERED, Question, question_set_of, why_shown
from .stack import StackStage, stack_stage


@dataclass(frozen=True)
class AskedAnswer:
    value: int
    words: str


@dataclass(frozen=True)
class AskedQuestion:
    """Asked for each side of the patient, or of the whole image."""

    key: str
    kind: str  # of questions.Kind
    words: str
    sides: tuple[str, ...]  # in the order they stand on the screen; or “image”
    answers: tuple[AskedAnswer, ...]  # from the lowest on


@dataclass(frozen=True)
class Asked:
    """As the reading screen is told it; a field that is not here cannot leak."""

    questions: tuple[AskedQuestion, ...]
    reasons: tuple[str, ...]  # offered where a side cannot be assessed
    slices: int
    side: int  # of a slice, in its own pixels; of a stack the longer one
    stack: StackStage | None  # how whole stacks come, and pairs of them
    interpolation: str
    least_side: int  # of a slice, in pixels of the screen
    break_after: int  # minutes; 0 = never
    window_adjustable: bool
    changes: str  # until when answers may be changed, a value of Study.AnswerChanges


def asked_of(study: Study) -> Asked:
    stack = stack_stage(study)
    return Asked(
        questions=tuple(map(_asked, question_set_of(study).questions)),
        reasons=tuple(why_shown(offered) for offered in OFFERED),
        slices=stack.slices if stack else SHOWN_SLICES,
        side=max(stack.rows, stack.columns) if stack else CROP,
        stack=stack,
        interpolation=study.interpolation,
        least_side=study.least_slice_side,
        break_after=study.break_after_minutes,
        window_adjustable=study.window_adjustable,
        changes=study.answer_changes,
    )


def _asked(question: Question) -> AskedQuestion:
    ordered = sorted(question.answers, key=lambda answer: answer.value)
    return AskedQuestion(
        key=question.key,
        kind=question.kind,
        words=str(question.words),
        sides=question.sides,
        answers=tuple(AskedAnswer(one.value, str(one.words)) for one in ordered),
    )
