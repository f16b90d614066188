"""A study's settings in words, as its page shows them; with amendments applied."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from .models import Study
from .protocol import study_cases, training_items
from .questions import QUESTION_SETS, Words

Row = tuple[Words, Words]  # label, value


@dataclass(frozen=True)
class Group:
    title: str
    rows: list[Row]


def settings_told(study: Study) -> list[Group]:
    return [
        Group(_("What is read"), _subject_rows(study)),
        Group(_("Reading"), _reading_rows(study)),
        Group(_("Display of the images"), _display_rows(study)),
        Group(_("Analysis plan"), _analysis_rows(study)),
    ]


def _subject_rows(study: Study) -> list[Row]:
    cohort = study.cohort.name
    if study.case_split:
        cohort = f"{cohort} ({study.get_case_split_display()})"
    questions = QUESTION_SETS.get(study.question_set)
    return [
        (_("Cohort"), cohort),
        (_("Cases"), str(len(study_cases(study)))),
        (_("Questions"), questions.title if questions else study.question_set),
        (_("Training images"), str(len(training_items(study)))),
        (_("Before the first session"), _gate_told(study)),
    ]


def _gate_told(study: Study) -> str:
    if not study.gate:
        return _("nothing is asked")
    return _("%(measure)s with the training key of at least %(minimum)s") % {
        "measure": study.get_gate_display(),
        "minimum": study.gate_minimum,
    }


def _reading_rows(study: Study) -> list[Row]:
    return [
        (_("Sessions"), str(study.sessions)),
        (_("Washout between sessions, in days"), str(study.washout_days)),
        (_("Spacing, in reads"), str(study.spacing)),
        (_("Answers may be changed"), study.get_answer_changes_display()),
        (_("Viewing conditions"), _conditions_told(study)),
        (_("A break is suggested"), _break_told(study)),
        (_("A pause within a read is noted"), _pause_told(study)),
        (_("Readers guess what an image was"), _guesses_told(study)),
    ]


def _conditions_told(study: Study) -> str:
    if study.asks_conditions:
        return _("asked at the start of each session")
    return _("not asked")


def _break_told(study: Study) -> str:
    if not study.break_after_minutes:
        return _("never")
    return _("after %(minutes)d min") % {"minutes": study.break_after_minutes}


def _pause_told(study: Study) -> str:
    return _("after %(minutes)d min") % {"minutes": study.long_pause_minutes}


def _guesses_told(study: Study) -> Words:
    if study.guesses == Study.Guesses.NEVER:
        return study.get_guesses_display()
    return _("%(when)s (%(percent)d%% of the reads)") % {
        "when": study.get_guesses_display(),
        "percent": study.guess_percent,
    }


def _display_rows(study: Study) -> list[Row]:
    return [
        (_("Window rule"), study.window_rule),
        (_("Colour table"), study.lut),
        (_("Interpolation"), study.get_interpolation_display()),
        (_("Least side of a slice"), f"{study.least_slice_side} px"),
    ]


def _analysis_rows(study: Study) -> list[Row]:
    titles = dict(study.arms.values_list("code", "title"))
    margin = (
        "–" if study.kappa_margin is None else f"{study.kappa_margin.normalize():f}"
    )
    return [
        (_("Primary arm"), titles.get(study.primary_arm, study.primary_arm) or "–"),
        (_("Control arm"), titles.get(study.control_arm, study.control_arm) or "–"),
        (_("Margin of kappa"), margin),
        (_("Weights of kappa"), study.get_kappa_weights_display()),
        (_("Interval of kappa"), study.get_kappa_interval_display()),
        (_("Image quality"), ", ".join(study.image_metrics)),
    ]
