"""What a coordinator may send, parsed."""

from django import forms
from django.utils.translation import gettext_lazy as _


class UploadForm(forms.Form):
    """A name; the files themselves stay in request.FILES."""

    name = forms.CharField(max_length=100, label=_("Name of the cohort"))


class ConfirmForm(forms.Form):
    name = forms.CharField(max_length=100, label=_("Name of the cohort"))


class CentralSliceForm(forms.Form):
    """The slice as people count it, from 1, the lowest."""

    slice_number = forms.IntegerField(min_value=1, label=_("Central slice"))
