"""What a coordinator asks of the table of a cohort, and how it is to be divided."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from readerstudy.imaging.study_types import STUDY_TYPES

from ..models import Case, Cohort
from ..selectors.table import ANY_PROBLEM, NO_PART, ORDERS, PROBLEMS, Wanted
from ..services.splits import LONGEST_SEED
from ..splits import PARTS, Sizes

# The study that this house is built for: 207 cases into 120, 37 and 50.
OF_THE_STUDY = Sizes(training=120, validation=37, test=50)
MOST_CASES = 10**6
ALL = ("", _("all"))


def _leave_out(form: forms.Form, name: str, *values: str) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    choices: Any = field.choices
    field.choices = [one for one in choices if one[0] not in values]


class TableForm(forms.Form):
    """The filter; every field may be missing."""

    code = forms.CharField(max_length=32, required=False, label=_("Code holds"))
    split = forms.ChoiceField(
        required=False,
        label=_("Part"),
        choices=[
            ALL,
            *((value, said) for value, said in Case.Split.choices if value),
            ("none", NO_PART),
        ],
    )
    sex = forms.ChoiceField(
        required=False,
        label=_("Sex"),
        choices=[ALL, *Case.Sex.choices, ("none", _("not stated"))],
    )
    age_from = forms.IntegerField(
        required=False, min_value=0, max_value=90, label=_("Age from")
    )
    age_to = forms.IntegerField(
        required=False, min_value=0, max_value=90, label=_("Age to")
    )
    binding_from = forms.FloatField(required=False, label=_("Binding ratio from"))
    binding_to = forms.FloatField(required=False, label=_("Binding ratio to"))
    problem = forms.ChoiceField(
        required=False,
        label=_("Problems"),
        choices=[ALL, (ANY_PROBLEM, _("any problem")), *PROBLEMS.items()],
    )
    order = forms.ChoiceField(
        required=False, label=_("Order by"), choices=list(ORDERS.items())
    )
    descending = forms.BooleanField(required=False, label=_("highest first"))

    def __init__(
        self, *args: Any, methods: list[str], has_regions: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.known = methods
        if not has_regions:  # nothing binds there
            _leave_out(self, "order", "binding", "counts")
            _leave_out(self, "problem", "binding")
        arms = forms.MultipleChoiceField(
            required=False, choices=[(one, one) for one in methods]
        )
        self.fields["arms"] = arms

    def wanted(self) -> Wanted:
        """What is asked for; fields that are wrong ask for nothing."""
        self.is_valid()
        given = {
            name: value
            for name, value in self.cleaned_data.items()
            if name != "arms" and value not in ("", None)
        }
        return Wanted(**given)

    def methods(self) -> list[str]:
        """The arms that are to be shown; all of them unless some are chosen."""
        self.is_valid()
        chosen = self.cleaned_data.get("arms") or self.known
        return [name for name in self.known if name in chosen]


class DivideForm(forms.Form):
    """How many cases each part gets, and what the parts are to be alike in."""

    training = forms.IntegerField(
        min_value=0,
        max_value=MOST_CASES,
        label=pgettext_lazy("part of a cohort", "Training"),
    )
    validation = forms.IntegerField(
        min_value=0, max_value=MOST_CASES, label=_("Validation")
    )
    test = forms.IntegerField(min_value=0, max_value=MOST_CASES, label=_("Test"))
    strata = forms.MultipleChoiceField(
        required=False,
        label=_("Parts alike in"),
        choices=[
            ("sex", _("sex")),
            ("age", _("age")),
            ("binding_ratio", _("binding ratio")),
        ],
        widget=forms.CheckboxSelectMultiple,
    )
    seed = forms.CharField(
        required=False,
        max_length=LONGEST_SEED,
        label=_("Seed"),
        help_text=_("Leave it empty to have one drawn."),
    )

    def sizes(self) -> Sizes:
        return Sizes(**{part: self.cleaned_data[part] for part in PARTS})


def divide_form(cohort: Cohort, cases: int) -> DivideForm:
    """As the cohort is divided, or else in the proportions of the study."""
    form = _divide_form(cohort, cases)
    if not STUDY_TYPES[cohort.study_type].has_regions:
        _leave_out(form, "strata", "binding_ratio")
    return form


def _divide_form(cohort: Cohort, cases: int) -> DivideForm:
    division = getattr(cohort, "division", None)
    if division and division.training + division.validation + division.test == cases:
        return DivideForm(
            initial={
                **{part: getattr(division, part) for part in PARTS},
                "strata": division.strata,
            }
        )
    whole = OF_THE_STUDY
    training = round(cases * whole.training / whole.total)
    validation = round(cases * whole.validation / whole.total)
    return DivideForm(
        initial={
            "training": training,
            "validation": validation,
            "test": cases - training - validation,
        }
    )
