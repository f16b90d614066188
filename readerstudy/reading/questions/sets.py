"""The question sets that a protocol may name: a registry that one can read."""

from django.utils.translation import gettext_lazy

from .kinds import (
    LEFT_ONE,
    NO_DIFFERENCE,
    RIGHT_ONE,
    Kind,
    Option,
    Question,
    QuestionSet,
)

REMARK = Question("remark", gettext_lazy("Remark"), kind=Kind.TEXT)
QUALITY = (
    Option(5, gettext_lazy("excellent")),
    Option(4, gettext_lazy("good")),
    Option(3, gettext_lazy("fair")),
    Option(2, gettext_lazy("poor")),
    Option(1, gettext_lazy("unusable")),
)
PREFERRED = (
    Option(LEFT_ONE, gettext_lazy("the left one")),
    Option(RIGHT_ONE, gettext_lazy("the right one")),
    Option(NO_DIFFERENCE, gettext_lazy("no difference")),
)

_SETS = (
    QuestionSet(
        key="striatum-grade-1-4",
        title=gettext_lazy("Striatal uptake, four grades for each side"),
        questions=(
            Question(
                key="grade",
                words=gettext_lazy("Grade"),
                answers=(
                    Option(4, gettext_lazy("normal")),
                    Option(3, gettext_lazy("putamen mildly reduced")),
                    Option(2, gettext_lazy("putamen severely reduced")),
                    Option(1, gettext_lazy("putamen and caudate severely reduced")),
                ),
            ),
        ),
    ),
    QuestionSet(
        key="forced-choice",
        title=gettext_lazy("Forced choice: which of two images is better"),
        questions=(
            Question(
                key="preference",
                words=gettext_lazy("Which image is better?"),
                answers=PREFERRED,
                kind=Kind.CHOICE,
            ),
        ),
    ),
    QuestionSet(
        key="image-quality",
        title=gettext_lazy("Image quality, four criteria from 1 to 5"),
        questions=(
            Question("noise", gettext_lazy("Noise"), QUALITY, Kind.LIKERT),
            Question("sharpness", gettext_lazy("Sharpness"), QUALITY, Kind.LIKERT),
            Question(
                "artefacts",
                gettext_lazy("Freedom from artefacts"),
                QUALITY,
                Kind.LIKERT,
            ),
            Question(
                "acceptability",
                gettext_lazy("Acceptability for diagnosis"),
                QUALITY,
                Kind.LIKERT,
            ),
            REMARK,
        ),
    ),
    QuestionSet(
        key="finding-confidence",
        title=gettext_lazy("Confidence, 0 to 100, that a finding is present"),
        questions=(
            Question(
                key="confidence",
                words=gettext_lazy("How sure are you that a finding is present?"),
                kind=Kind.CONFIDENCE,
            ),
        ),
    ),
    QuestionSet(
        key="anatomical-fidelity",
        title=gettext_lazy("Anatomical fidelity, with marks on the image"),
        questions=(
            Question(
                key="fidelity",
                words=gettext_lazy("Is the anatomy true?"),
                answers=(
                    Option(1, gettext_lazy("nothing wrong")),
                    Option(2, gettext_lazy("something moved")),
                    Option(3, gettext_lazy("something removed")),
                    Option(4, gettext_lazy("something added")),
                    Option(5, gettext_lazy("unusable")),
                ),
                kind=Kind.FIDELITY,
            ),
            REMARK,
        ),
    ),
)
QUESTION_SETS: dict[str, QuestionSet] = {one.key: one for one in _SETS}
