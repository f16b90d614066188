"""What a coordinator may send, parsed."""

from django import forms
from django.utils.translation import gettext_lazy as _

from readerstudy.imaging.study_types import DAT_SPECT, STUDY_TYPES


class TakeForm(forms.Form):
    """What is to become of files that are here."""

    name = forms.CharField(max_length=100, label=_("Name of the cohort"))
    study_type = forms.ChoiceField(
        required=False,
        initial=DAT_SPECT,
        label=_("Study type"),
        choices=[(kind.key, _(kind.title)) for kind in STUDY_TYPES.values()],
    )
    resampling = forms.BooleanField(
        required=False,
        label=_("Take scans of other matrices or pixel sizes too"),
        help_text=_(
            "DaT-SPECT only: they are resampled to pixels of 3.29 mm. Only studies "
            "whose protocol allows it can read them."
        ),
    )

    def clean_study_type(self) -> str:
        return self.cleaned_data["study_type"] or DAT_SPECT


class UploadForm(TakeForm):
    """The files themselves are sealed while they come."""


class ImagesForm(forms.Form):
    """Finished images of a cohort; the files are sealed while they come."""

    name = forms.CharField(
        max_length=60,
        label=_("Name of the method"),
        help_text=_("In studies it is called result-… and this name."),
    )


class ConfirmForm(forms.Form):
    """seen: CohortPlan.seen of the page that is confirmed."""

    name = forms.CharField(max_length=100, label=_("Name of the cohort"))
    seen = forms.CharField(max_length=16, required=False, widget=forms.HiddenInput)


class CentralSliceForm(forms.Form):
    """The slice as people count it, from 1, the lowest."""

    slice_number = forms.IntegerField(min_value=1, label=_("Central slice"))
    reason = forms.CharField(max_length=500, label=_("Reason"))
