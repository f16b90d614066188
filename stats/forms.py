"""What somebody who plans a study supposes of it."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from readerstudy.imaging.errors import Refused

from .planning import Design
from .planning.precision import MOST_PATIENTS, MOST_READERS

LONGEST_SHARES = 200


class PlanningForm(forms.Form):
    """Every field has a value from the start, as of a study of three readers."""

    patients = forms.IntegerField(
        label=gettext_lazy("Patients"),
        help_text=gettext_lazy("Both sides of each are graded."),
        min_value=2,
        max_value=MOST_PATIENTS,
        initial=50,
    )
    readers = forms.IntegerField(
        label=gettext_lazy("Readers"),
        min_value=1,
        max_value=MOST_READERS,
        initial=3,
    )
    margin = forms.FloatField(
        label=gettext_lazy("Margin of kappa"),
        help_text=gettext_lazy("The loss that would still count as not inferior."),
        min_value=0.001,
        max_value=1,
        initial=0.1,
    )
    primary = forms.FloatField(
        label=gettext_lazy("Kappa expected in the primary arm"),
        min_value=0,
        max_value=1,
        initial=0.66,
    )
    control = forms.FloatField(
        label=gettext_lazy("Kappa expected in the control arm"),
        min_value=0,
        max_value=1,
        initial=0.66,
    )
    within_reader = forms.FloatField(
        label=gettext_lazy("Kappa of a reader with the same reader"),
        help_text=gettext_lazy("Two readings of the same images of the reference."),
        min_value=0.01,
        max_value=0.99,
        initial=0.85,
    )
    sides = forms.FloatField(
        label=gettext_lazy("Correlation of the two sides of a patient"),
        min_value=0,
        max_value=1,
        initial=0.6,
    )
    alike = forms.FloatField(
        label=gettext_lazy("How alike the errors of both arms are"),
        help_text=gettext_lazy(
            "0: each arm misleads on other patients. 1: on the same ones, as two "
            "networks trained on the same images nearly do."
        ),
        min_value=0,
        max_value=1,
        initial=0.7,
    )
    shares = forms.CharField(
        label=gettext_lazy("Patients of each grade, lowest first"),
        help_text=gettext_lazy("Numbers or shares, parted by spaces."),
        max_length=LONGEST_SHARES,
        initial="15 20 25 40",
    )

    @classmethod
    def filled(cls, given: Any) -> "PlanningForm":
        """What was not given is as from the start."""
        start = {name: field.initial for name, field in cls.base_fields.items()}
        return cls({**start, **{k: v for k, v in given.items() if k in start}})

    def clean_shares(self) -> tuple[float, ...]:
        try:
            counts = [float(one) for one in self.cleaned_data["shares"].split()]
        except ValueError as error:
            raise forms.ValidationError(_("These are not numbers.")) from error
        total = sum(counts)
        if min(counts, default=-1) < 0 or not 0 < total < float("inf"):
            raise forms.ValidationError(_("They must be 0 or more, and not all 0."))
        return tuple(one / total for one in counts)

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        names = ("shares", "within_reader", "primary", "control", "sides", "alike")
        if all(name in given for name in names):
            try:
                given["design"] = Design(**{name: given[name] for name in names})
            except Refused as refusal:
                raise forms.ValidationError(_(str(refusal))) from refusal
        return given
