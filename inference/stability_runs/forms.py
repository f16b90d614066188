"""What coordinators choose to look at."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from inference.stability import Settings
from readerstudy.cases.models import Cohort

from .methods import subjects
from .settings import RESCAN, SEED

ALL = ""
NOT_LISTED = gettext_noop("Choose one of the methods in the list.")
USUAL = Settings()


class StabilityForm(forms.Form):
    """One of the cohort's methods, or all of them; how often, and by which seed."""

    method = forms.ChoiceField(label=_("Method"), required=False)
    repeats = forms.IntegerField(
        label=_("Repeats of the input"),
        min_value=10,
        max_value=100,
        initial=USUAL.repeats,
        help_text=_("each of another noise, 10 to 100"),
    )
    simulation_seed = forms.IntegerField(
        label=_("Seed of the simulation"),
        min_value=0,
        required=False,
        help_text=_("by which the cohort was simulated: its grades are then known"),
    )
    rescan = forms.BooleanField(
        label=_("Scan the simulated patients again"),
        required=False,
        help_text=_("some seconds more for each case; else the noise is modelled"),
    )

    def __init__(self, *args: Any, cohort: Cohort, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = subjects(cohort)
        self._methods = [subject.method for subject in found]
        chosen = self.fields["method"]
        assert isinstance(chosen, forms.ChoiceField)
        chosen.choices = [
            (ALL, _("all of them")),
            *((one.method, _(one.title)) for one in found),
        ]
        if not cohort.simulated:
            del self.fields["simulation_seed"], self.fields["rescan"]

    @property
    def methods(self) -> list[str]:
        chosen = self.cleaned_data["method"]
        return [chosen] if chosen else self._methods

    @property
    def settings(self) -> dict[str, Any]:
        told = {"repeats": self.cleaned_data["repeats"]}
        seed = self.cleaned_data.get("simulation_seed")
        if seed is not None:
            told[SEED] = seed
        if self.cleaned_data.get("rescan"):
            told[RESCAN] = True
        return told

    @property
    def first_error(self) -> str:
        for name, errors in self.errors.items():
            return f"{self.fields[name].label}: {errors[0]}"
        return str(_(NOT_LISTED))
