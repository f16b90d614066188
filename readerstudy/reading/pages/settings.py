"""A study's settings in words, as its page shows them; with amendments applied."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from ..models import Study
from ..protocol.frozen import study_cases, training_items
from ..protocol.type_rules import OF_STACKS, standard_places
from ..protocol.types import type_of
from ..protocol.words import LABELS, arm_titles, setting_told
from ..questions import Words, is_asked, question_set_of

# what only studies have whose images are three slices
OF_SLICES = frozenset(
    {"window_rule", "kappa_margin", "kappa_weights", "kappa_interval", "image_metrics"}
)
OF_STANDARDS = frozenset({"reference_standard", "given_standard"})
Row = tuple[Words, Words]  # label, value

READING = (
    "sessions",
    "washout_days",
    "spacing",
    "answer_changes",
    "asks_conditions",
    "break_after_minutes",
    "long_pause_minutes",
)
DISPLAY = (
    "window_rule",
    "windows",
    "value_low",
    "value_high",
    "lut",
    "interpolation",
    "window_adjustable",
    "least_slice_side",
)
ANALYSIS = (
    "primary_arm",
    "control_arm",
    "kappa_margin",
    "kappa_weights",
    "kappa_interval",
    "image_metrics",
    "metric_low",
    "metric_high",
    "stability_limits",
    "reference_standard",
    "given_standard",
)


@dataclass(frozen=True)
class Group:
    title: str
    rows: list[Row]


def settings_told(study: Study) -> list[Group]:
    guesses = ("guesses", "guess_percent") if study.guesses != "never" else ("guesses",)
    gate = ("gate", "gate_minimum") if study.gate else ("gate",)
    return [
        Group(_("What is read"), [*_subject_rows(study), *_rows(study, gate)]),
        Group(_("Reading"), _rows(study, READING + guesses)),
        Group(_("Display of the images"), _rows(study, _suiting(study, DISPLAY))),
        Group(_("Analysis plan"), _rows(study, _suiting(study, ANALYSIS))),
    ]


def _suiting(study: Study, names: tuple[str, ...]) -> tuple[str, ...]:
    """Those that say something of studies of this type."""
    others = OF_SLICES if type_of(study).is_stack else frozenset(OF_STACKS)
    if is_asked(study) and not standard_places(question_set_of(study)):
        others |= OF_STANDARDS
    return tuple(name for name in names if name not in others)


def _subject_rows(study: Study) -> list[Row]:
    cohort = study.cohort.name
    if study.case_split:
        cohort = f"{cohort} ({study.get_case_split_display()})"
    title = question_set_of(study).title if is_asked(study) else study.question_set
    return [
        (_("Cohort"), cohort),
        (_("Cases"), str(len(study_cases(study)))),
        *_rows(study, ("resampling_allowed",)),
        (LABELS["question_set"], title),
        *_rows(study, ("own_questions",) if study.own_questions else ()),
        (_("A read shows"), study.get_presentation_display()),
        (_("Training images"), str(len(training_items(study)))),
    ]


def _rows(study: Study, names: tuple[str, ...]) -> list[Row]:
    titles = arm_titles(study)
    return [
        (LABELS[name], setting_told(name, getattr(study, name), titles))
        for name in names
    ]
