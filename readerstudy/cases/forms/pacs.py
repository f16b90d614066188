"""What a coordinator looks for in a PACS, and what is to become of it, parsed."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ..gateways.pacs import Query, servers
from .sending import TakeForm

LONGEST = 64  # of LO and UI, PS3.5 6.2


def _choices() -> list[tuple[str, str]]:
    return [(name, name) for name in servers()]


class SearchForm(forms.Form):
    """Empty fields match everything; * and ? stand for any letters."""

    pacs = forms.ChoiceField(choices=_choices, label=_("PACS"))
    patient_id = forms.CharField(
        max_length=LONGEST, required=False, label=_("Patient ID")
    )
    description = forms.CharField(
        max_length=LONGEST, required=False, label=_("Description")
    )
    modality = forms.RegexField(
        r"^[A-Z]{2,16}$",
        max_length=16,
        required=False,
        initial="NM",
        label=_("Modality"),
    )
    first = forms.DateField(
        required=False,
        label=_("First day"),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    last = forms.DateField(
        required=False,
        label=_("Last day"),
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and first > last:
            self.add_error("last", _("The last day is before the first."))
        narrowing = ("patient_id", "description", "first", "last")
        if not self.errors and not any(cleaned[name] for name in narrowing):
            raise forms.ValidationError(
                _("Please give a patient ID, a description or a day.")
            )
        return cleaned

    def query(self) -> Query:
        values = {k: v for k, v in self.cleaned_data.items() if k != "pacs"}
        return Query(**values)


class FetchForm(TakeForm):
    """The examinations themselves are listed beside it."""
