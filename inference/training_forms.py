"""What coordinators choose to train, and how."""

from typing import Any

from django import forms
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from . import registry
from .recipes import LOSS_NAMES, RECIPES, STUDY_RECIPE

RECIPE_WORDS = {
    "study": _("study: as published, 200 epochs"),
    "quick": _("quick: 60 epochs, flipped and shifted at random, averaged"),
    "short": _("short: as quick, 20 epochs"),
}
LOSS_WORDS = {
    "l1": _("mean absolute difference (L1)"),
    "mse": _("mean squared difference (MSE)"),
}
DEFAULT_NETWORK = "unet-l4"


class TrainingForm(forms.Form):
    """A network of this software, and everything that makes its training this one."""

    network = forms.ChoiceField(label=_("Network"))
    recipe = forms.ChoiceField(label=_("Recipe"))
    loss = forms.ChoiceField(label=_("Loss"))
    seed = forms.IntegerField(
        label=_("Seed"),
        min_value=0,
        max_value=2**31 - 1,
        initial=1,
        help_text=_("The same seed on the same device gives the same weights."),
    )
    title = forms.CharField(
        label=_("Title"),
        max_length=100,
        required=False,
        help_text=_("Left empty, it is made of network, recipe, loss and seed."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer("network", trainable(), DEFAULT_NETWORK)
        recipes = [(name, RECIPE_WORDS.get(name, name)) for name in RECIPES]
        self._offer("recipe", recipes, STUDY_RECIPE.name)
        losses: list[tuple[str, Any]] = [
            (name, LOSS_WORDS.get(name, name)) for name in LOSS_NAMES
        ]
        self._offer("loss", losses, LOSS_NAMES[0])

    def _offer(self, name: str, choices: list[tuple[str, Any]], first: str) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices
        field.initial = first


def trainable() -> list[tuple[str, str]]:
    """Key and words of every network that can be trained here."""
    return [
        (
            spec.key,
            pgettext("network (size)", "%(network)s (%(parameters)s parameters)")
            % {"network": gettext(spec.title), "parameters": f"{spec.parameters:,}"},
        )
        for spec in registry.METHODS.values()
        if spec.kind == "network"
        and spec.can_be_trained
        and not spec.unavailable_reason
    ]
