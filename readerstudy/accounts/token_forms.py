"""What a person chooses for a new token."""

from django import forms
from django.utils.translation import gettext_lazy as _

from .scopes import SCOPES
from .tokens import MAX_DAYS


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        help_text=_("What will use it, so that you recognise it in a year."),
    )
    days = forms.IntegerField(
        label=_("Days"),
        min_value=1,
        max_value=MAX_DAYS,
        initial=90,
        help_text=_("After these it opens nothing."),
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it is for"),
        choices=list(SCOPES.items()),
        widget=forms.CheckboxSelectMultiple,
    )
