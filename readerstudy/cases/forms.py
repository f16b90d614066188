"""What a coordinator may send, parsed."""

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class UploadForm(forms.Form):
    """A name, and the paths that the browser knows the files by.

    The files themselves stay in request.FILES: there may be thousands.
    """

    name = forms.CharField(max_length=100, label=_("Name of the cohort"))
    paths = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean_paths(self) -> list[str]:
        try:
            paths: Any = json.loads(self.cleaned_data["paths"] or "[]")
        except ValueError:
            return []
        if not isinstance(paths, list):
            return []
        return [path for path in paths if isinstance(path, str)]


class ConfirmForm(forms.Form):
    name = forms.CharField(max_length=100, label=_("Name of the cohort"))


class CentralSliceForm(forms.Form):
    """The slice as people count it, from 1, the lowest."""

    slice_number = forms.IntegerField(min_value=1, label=_("Central slice"))
