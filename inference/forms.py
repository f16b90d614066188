"""What coordinators choose to run."""

from typing import Any

from django import forms
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from . import selectors
from .learned import learned_under


class JobForm(forms.Form):
    """The method is one of what can be run now: filters, and weights there are."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by_value = {c.value: c for c in selectors.method_choices()}
        method = forms.ChoiceField(
            label=_("Method"),
            choices=[
                (value, self._label(choice)) for value, choice in self.by_value.items()
            ],
        )
        self.fields["method"] = method

    @property
    def notes(self) -> list[tuple[str, str]]:
        """(weights, sentence) of those that learned from images of another kind."""
        return [
            (str(choice.weights), sentence)
            for choice in self.by_value.values()
            if choice.weights
            for sentence in learned_under(choice.weights.card).words
        ]

    def clean_method(self) -> selectors.Choice:
        return self.by_value[self.cleaned_data["method"]]

    @staticmethod
    def _label(choice: selectors.Choice) -> str:
        if choice.weights is None:
            return gettext(choice.spec.title)
        if choice.weights.title.startswith(choice.spec.title):  # it says it itself
            return str(choice.weights)
        return pgettext("network: weights", "%(network)s: %(weights)s") % {
            "network": choice.spec.title,
            "weights": choice.weights,
        }
