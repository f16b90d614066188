"""What the preflight asks of a study's type, its questions and its whole stacks."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from readerstudy.cases.models import Case, Rendition, Series

from ..images import least_range, value_step
from ..models import Study
from ..protocol.type_rules import type_problems
from ..protocol.types import MOST_PIXELS, frame_of, type_of, units_of
from ..protocol.words import LABELS
from ..questions import Kind, is_asked, question_set_of
from .findings import Finding

TOLD = ("window_rule", "lut")  # by the preflight of the plan
MOST_LOOKED_AT = 12  # cases whose scans are asked for gaps between their values


def type_findings(study: Study, cases: list[Case]) -> list[Finding]:
    """cases: those that are read."""
    if not is_asked(study):
        return []  # which is told already
    return [
        *_settings(study),
        *(_stacks(study, cases) if cases and type_of(study).is_stack else ()),
        *_guesses(study),
        *_training(study),
        *_truth(study, cases),
    ]


def _settings(study: Study) -> Iterator[Finding]:
    """A draft that was written before its cohort was of this type."""
    for name, said in type_problems(study):
        if name not in TOLD:
            yield Finding(f"{LABELS[name]}: {said}", "study")


def _stacks(study: Study, cases: list[Case]) -> Iterator[Finding]:
    units = units_of(cases)
    if len(units) > 1:
        text = _("The images of this study have values of several units: %s.")
        yield Finding(text % ", ".join(units), "cohort")
    if study.value_low is None:
        text = _(
            "There is no range of values that is shown: say the least and greatest."
        )
        yield Finding(text, "study")
    elif len(units) == 1:
        yield from _gaps(study, cases, units[0])
    if not study.windows:
        yield Finding(_("There is no window in which a read begins."), "study")
    slices, rows, columns = frame_of(study, cases) or (0, 0, 0)
    if slices * rows * columns > MOST_PIXELS:
        text = _(
            "The stacks are too large to be read: %(slices)d slices of %(rows)d × "
            "%(columns)d pixels are %(pixels)d, at most %(most)d are possible. Leave "
            "out the largest cases, or import fewer slices of them."
        )
        size = {"slices": slices, "rows": rows, "columns": columns}
        pixels = {"pixels": slices * rows * columns, "most": MOST_PIXELS}
        yield Finding(text % (size | pixels), "cohort")


def _gaps(study: Study, cases: list[Case], unit: str) -> Iterator[Finding]:
    """Where gaps between the levels of a scan could be seen."""
    assert study.value_low is not None and study.value_high is not None
    some = cases[:: -(-len(cases) // MOST_LOOKED_AT)]  # scans of one kind are alike
    scans = Rendition.objects.filter(
        case__in=[case.pk for case in some], method__in=Series.Role.values
    )
    step = max(map(value_step, scans), default=0.0)
    low, high = study.value_low, study.value_high
    if least := least_range(unit, step, low, high):
        text = _(
            "The scans hold multiples of %(step)g, filters' and networks' images do "
            "not: between %(low)g and %(high)g an arm could be told by its gaps. Show "
            "a range of %(least)g at least."
        )
        told = {"step": step, "low": low, "high": high, "least": least}
        yield Finding(text % told, "study")


def _guesses(study: Study) -> Iterator[Finding]:
    """The page of a guess draws three central slices, and one image."""
    if study.guesses == Study.Guesses.NEVER:
        return
    if question_set_of(study).is_of_pairs:
        yield Finding(_("Nobody can be asked what a pair of images was."), "study")
    elif type_of(study).is_stack:
        text = _("Readers of whole stacks cannot be asked for arm guesses.")
        yield Finding(text, "study")


def _training(study: Study) -> Iterator[Finding]:
    asked = question_set_of(study).questions
    if study.training.exists() and any(one.kind != Kind.GRADE for one in asked):
        text = _(
            "A training set needs questions for grades of each side, and no other."
        )
        yield Finding(text, "study")


def _truth(study: Study, cases: list[Case]) -> Iterator[Finding]:
    """Who is sure of a finding is right or wrong: somebody has to know."""
    kinds = {question.kind for question in question_set_of(study).questions}
    if Kind.CONFIDENCE not in kinds:
        return
    if study.reference_standard != Study.Standard.GIVEN:
        text = _(
            "Confidence is compared with the truth: the reference standard has to be "
            "given, 1 for a case with a finding and 0 for one without."
        )
        yield Finding(text, "study")
        return
    read = {case.code for case in cases}
    found = {one["image"] for one in study.given_standard if one["case"] in read}
    if found in ({0}, {1}):
        text = _("The given standard has cases of one kind only, so no ROC curve.")
        yield Finding(text, "study")
