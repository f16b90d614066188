"""What coordinators choose to sweep, and the examples that are built in."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from readerstudy.cases.models import Case

from .models import Sweep
from .recipes import LOSS_NAMES, RECIPES, SHORT_RECIPE
from .sweeps import plans
from .training_forms import LOSS_WORDS, RECIPE_WORDS, trainable

DEFAULT_MARGIN_DB = 0.3
SPLIT_WORDS = {
    Case.Split.VALIDATION: _("validation cases"),
    Case.Split.TEST: _("test cases: to describe, never to choose a network by"),
}


@dataclass(frozen=True)
class Example:
    """A question that a sweep answers, asked by one click."""

    key: str
    title: str | Promise
    why: str | Promise

    def asked(self, cases: int) -> dict[str, Any]:
        """What the form begins with. cases: there are to learn from."""
        factor = plans.DEPTH if self.key == "depth" else plans.CASES
        levels = list(plans.DEPTHS) if self.key == "depth" else doubling(cases)
        return {
            "factor": factor,
            "levels": ", ".join(str(level) for level in levels),
            "title": self.title,
        }


EXAMPLES = (
    Example(
        "enough",
        _("How many cases are enough?"),
        _("U-Net(L4) on 2, 4, 8 … of the training cases, and on all of them."),
    ),
    Example(
        "depth",
        _("How deep should the U-Net be?"),
        _("U-Net of 1 to 5 levels, as in the study."),
    ),
)


def doubling(cases: int) -> list[int]:
    """2, 4, 8 … and all; one that is close below all is left out."""
    levels = [2**power for power in range(1, 12) if 2**power <= 0.8 * cases]
    return [*levels, cases]


class Numbers(forms.CharField):
    """Numbers with commas or spaces between them."""

    def __init__(self, *, whole: bool, **kwargs: Any) -> None:
        super().__init__(max_length=300, **kwargs)
        self.whole = whole

    def clean(self, value: Any) -> Any:
        words = re.split(r"[\s,;、，]+", super().clean(value).strip(" ,;、，"))
        try:
            return [int(word) if self.whole else float(word) for word in words]
        except ValueError:
            raise forms.ValidationError(
                _now("Give numbers with commas between them, such as 1, 2, 3.")
            ) from None


class SweepForm(forms.Form):
    """Names of fields are those of `services.sweep_request`."""

    factor = forms.ChoiceField(label=_("Factor"), choices=Sweep.Factor.choices)
    levels = Numbers(
        label=_("Levels"),
        whole=False,
        help_text=_(
            "Cases: how many to learn from. Depth: 1 to 5. Counts and window: shares "
            "up to 1. Second loss: the weight of 1 − SSIM, from 0."
        ),
    )
    seeds = Numbers(
        label=_("Seeds"),
        whole=True,
        initial="1, 2, 3",
        help_text=_("One training a level and seed; each seed draws other cases."),
    )
    network = forms.ChoiceField(label=_("Network"))
    recipe = forms.ChoiceField(label=_("Recipe"))
    epochs = forms.IntegerField(
        label=_("Epochs"),
        min_value=1,
        required=False,
        help_text=_("Left empty, as many as the recipe has."),
    )
    loss = forms.ChoiceField(label=_("Loss"))
    split = forms.ChoiceField(label=_("Measured on"), choices=list(SPLIT_WORDS.items()))
    margin_db = forms.FloatField(
        label=_("Margin, dB of PSNR"),
        initial=DEFAULT_MARGIN_DB,
        help_text=_("So much less than the best level is still as good."),
    )
    title = forms.CharField(label=_("Title"), max_length=100, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer("network", trainable(), "unet-l4")
        recipes = [(name, RECIPE_WORDS.get(name, name)) for name in RECIPES]
        self._offer("recipe", recipes, SHORT_RECIPE.name)
        losses = [(name, LOSS_WORDS.get(name, name)) for name in LOSS_NAMES]
        self._offer("loss", losses, LOSS_NAMES[0])

    def _offer(self, name: str, choices: Sequence[tuple[str, Any]], first: str) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices
        field.initial = first
