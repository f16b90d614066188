"""What a person may correct of pairs and cases, parsed."""

import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class PairsField(forms.Field):
    """Pairs by their keys, e.g. 3-4 of the scans 3 and 4; [(3, 4), …]."""

    widget = forms.MultipleHiddenInput
    default_error_messages = {"invalid": _("Please choose pairs.")}

    def to_python(self, value: Iterable[str] | None) -> list[tuple[int, int]]:
        found = [re.fullmatch(r"(\d{1,9})-(\d{1,9})", one) for one in value or ()]
        if None in found:
            raise forms.ValidationError(self.error_messages["invalid"], "invalid")
        return [(int(one[1]), int(one[2])) for one in found if one]


TWO_SCANS = _("Please choose a reference scan and a short scan.")
ACTS = ("swap", "drop", "make", "alone", "accept", "resampling")


class ScansField(forms.Field):
    """Scans by their numbers."""

    widget = forms.MultipleHiddenInput
    default_error_messages = {
        "invalid": _("Please tick the scans that have no reference.")
    }

    def to_python(self, value: Iterable[str] | None) -> list[int]:
        numbers = list(value or ())
        if not all(re.fullmatch(r"\d{1,9}", one) for one in numbers):
            raise forms.ValidationError(self.error_messages["invalid"], "invalid")
        return list(map(int, numbers))


class PairingForm(forms.Form):
    """One act on the pairs of an upload. Scans are named by their numbers.

    Its buttons and boxes stand in the templates, with their words.
    """

    act = forms.ChoiceField(
        choices=[(one, one) for one in ACTS], widget=forms.HiddenInput
    )
    reference = forms.IntegerField(
        min_value=0, required=False, widget=forms.HiddenInput
    )
    short = forms.IntegerField(min_value=0, required=False, widget=forms.HiddenInput)
    pairs = PairsField(required=False)
    scans = ScansField(required=False)
    # in their place: the number of those that were offered, and all of them are meant
    all_of = forms.IntegerField(min_value=0, required=False, widget=forms.HiddenInput)
    resampling = forms.BooleanField(required=False, label="")
    # where the person was, to go back there
    show = forms.SlugField(required=False, widget=forms.HiddenInput)
    page = forms.SlugField(required=False, widget=forms.HiddenInput)
    singles = forms.SlugField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("act") in ("swap", "drop", "make") and (
            cleaned.get("reference") is None or cleaned.get("short") is None
        ):
            raise forms.ValidationError(TWO_SCANS)
        chosen = cleaned.get("scans") or cleaned.get("all_of")
        if cleaned.get("act") == "alone" and not chosen:
            raise forms.ValidationError(
                _("Please tick the scans that have no reference.")
            )
        return cleaned

    def two_scans(self) -> dict[str, int]:
        return {role: self.cleaned_data[role] for role in ("reference", "short")}


class ParityForm(forms.Form):
    """Why differences of one kind may stay, in one case or in all that have it."""

    kind = forms.SlugField(required=False, widget=forms.HiddenInput)
    code = forms.SlugField(required=False, widget=forms.HiddenInput)
    reason = forms.CharField(max_length=500, label=_("Reason"))
