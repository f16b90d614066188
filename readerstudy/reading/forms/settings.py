"""The fields of a study's settings, for the forms of a draft and of an amendment.

Whatever is left empty has its default; what a setting may be, setting_rules knows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.contrib.auth.models import User
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from readerstudy.imaging.lut import LUTS
from readerstudy.imaging.rendering import WINDOWS

from ..models import Study
from ..protocol.rules import RANGES
from ..protocol.words import LABELS, WORDS
from ..questions import QUESTION_SETS, Words
from .setting_lines import windows_read


def whole(setting: str, help_text: Any = "") -> forms.IntegerField:
    least, most = RANGES[setting]
    return forms.IntegerField(
        label=LABELS[setting],
        help_text=help_text,
        min_value=int(least),
        max_value=most,
        required=False,
        initial=getattr(Study(), setting),
    )


def decimal(setting: str, help_text: Any = "") -> forms.DecimalField:
    least, most = RANGES[setting]
    column = cast("models.DecimalField[Any, Any]", Study._meta.get_field(setting))
    return forms.DecimalField(
        label=LABELS[setting],
        help_text=help_text,
        min_value=Decimal(least),
        max_value=Decimal(most),
        max_digits=column.max_digits,
        decimal_places=column.decimal_places,
        required=False,
    )


class _Number(forms.FloatField):
    """A whole number stands without its “.0”."""

    def prepare_value(self, value: Any) -> Any:
        is_whole = isinstance(value, float) and value.is_integer()
        return int(value) if is_whole else super().prepare_value(value)


def fraction(setting: str, help_text: Any = "") -> forms.FloatField:
    return _Number(
        label=LABELS[setting],
        help_text=help_text,
        widget=forms.NumberInput(attrs={"step": "any"}),
        required=False,
    )


def choice(setting: str, choices: Any, help_text: Any = "") -> forms.ChoiceField:
    return forms.ChoiceField(
        label=LABELS[setting],
        help_text=help_text,
        choices=choices,
        required=False,
        initial=getattr(Study(), setting),
    )


@dataclass(frozen=True)
class Section:
    """Fields that are folded together, unless one of them is wrong."""

    title: Words
    about: Words
    fields: list[forms.BoundField]

    @property
    def wrong(self) -> bool:
        return any(field.errors for field in self.fields)


def called(setting: str, values: Iterable[str]) -> list[tuple[str, Words]]:
    return [(value, WORDS[setting].get(value, value)) for value in values]


class SettingsForm(forms.Form):
    """What the parts below have in common: empty is the default."""

    blank: Study | None = None  # a study with the defaults of its type

    def setting(self, name: str) -> Any:
        value = self.cleaned_data.get(name)  # none of it where it is wrong
        is_empty = value in (None, "", [])
        return getattr(self.blank or Study(), name) if is_empty else value

    def drop(self, names: Iterable[str]) -> None:
        """Leave fields out that say nothing of the study's type."""
        for name in names:
            self.fields.pop(name, None)


class DisplayForm(SettingsForm):
    """How images are shown, to be the same for every arm."""

    question_set = choice(
        "question_set", [(key, one.title) for key, one in QUESTION_SETS.items()]
    )
    window_rule = choice("window_rule", called("window_rule", WINDOWS))
    windows = forms.CharField(
        label=LABELS["windows"],
        help_text=gettext_lazy(
            "One a line: its title, the value drawn black, the value drawn white, such "
            "as “soft tissue -160 240”. Reads begin in the first one."
        ),
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        required=False,
    )
    value_low = fraction("value_low")
    value_high = fraction(
        "value_high", gettext_lazy("Values beyond them look like the nearest of both.")
    )
    lut = choice("lut", called("lut", LUTS))
    interpolation = choice("interpolation", Study.Interpolation.choices)
    window_adjustable = forms.BooleanField(
        label=LABELS["window_adjustable"],
        help_text=gettext_lazy(
            "Narrower than the window rule, anew on each read; kept with the answer."
        ),
        required=False,
    )

    def clean_windows(self) -> list[dict[str, Any]]:
        windows, problems = windows_read(self.cleaned_data["windows"])
        if problems:
            raise forms.ValidationError(problems)
        return windows


class ConductForm(SettingsForm):
    """How readings go on; all of it can be amended."""

    answer_changes = choice(
        "answer_changes",
        Study.AnswerChanges.choices,
        gettext_lazy("By the reader, with a reason. Every version is kept."),
    )
    break_after_minutes = whole(
        "break_after_minutes", gettext_lazy("0: no break is suggested.")
    )
    long_pause_minutes = whole("long_pause_minutes")
    least_slice_side = whole(
        "least_slice_side", gettext_lazy("A smaller one is noted as a deviation.")
    )
    asks_conditions = forms.BooleanField(
        label=LABELS["asks_conditions"],
        help_text=gettext_lazy(
            "Display, room light and a test pattern, at the start of every session."
        ),
        required=False,
        initial=True,
    )


class GateForm(SettingsForm):
    """What a reader must reach in training."""

    gate = forms.ChoiceField(
        label=LABELS["gate"],
        choices=[("", gettext_lazy("none")), *Study.Gate.choices],
        required=False,
    )
    gate_minimum = decimal("gate_minimum", gettext_lazy("From 0 to 1, such as 0.6."))

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("gate") and cleaned.get("gate_minimum") is None:
            if "gate_minimum" not in self.errors:
                said = _("A gate needs the least agreement that passes it.")
                self.add_error("gate_minimum", said)
        elif not cleaned.get("gate"):
            cleaned["gate_minimum"] = None
        return cleaned


class ReadingForm(forms.Form):
    """Who reads, and in how many sessions."""

    title = forms.CharField(label=LABELS["title"], max_length=200)
    slug = forms.SlugField(
        label=gettext_lazy("Short name"),
        help_text=gettext_lazy("Part of the address: letters, digits and hyphens."),
        error_messages={
            "invalid": gettext_lazy("Only letters a to z, digits, hyphens and _.")
        },
        max_length=50,
    )
    readers = forms.CharField(
        label=gettext_lazy("Readers"),
        help_text=gettext_lazy("User names, one a line. They read as A, B, C, …"),
        widget=forms.Textarea(attrs={"rows": 4}),
        required=False,
    )
    resampling_allowed = forms.BooleanField(
        label=LABELS["resampling_allowed"],
        help_text=gettext_lazy(
            "Their scans had other pixels than 3.29 mm and were resampled to those."
        ),
        required=False,
    )
    statisticians = forms.CharField(
        label=gettext_lazy("Statisticians"),
        help_text=gettext_lazy(
            "User names, one a line. They see the report once it is unblinded."
        ),
        widget=forms.Textarea(attrs={"rows": 2}),
        required=False,
    )
    coordinators = forms.CharField(
        label=gettext_lazy("Further coordinators"),
        help_text=gettext_lazy("User names, one a line, beside your own."),
        widget=forms.Textarea(attrs={"rows": 2}),
        required=False,
    )
    sessions = forms.IntegerField(
        label=LABELS["sessions"],
        help_text=gettext_lazy(
            "With as many as a case has arms, it comes once in each."
        ),
        validators=[MinValueValidator(1), MaxValueValidator(RANGES["sessions"][1])],
        initial=1,
    )
    washout_days = forms.IntegerField(
        label=LABELS["washout_days"],
        validators=[MinValueValidator(0), MaxValueValidator(RANGES["washout_days"][1])],
        initial=28,
    )
    spacing = forms.IntegerField(
        label=LABELS["spacing"],
        help_text=gettext_lazy("Least distance between two reads of one case."),
        validators=[MinValueValidator(0), MaxValueValidator(RANGES["spacing"][1])],
        initial=5,
    )
    reference = forms.ChoiceField(
        label=gettext_lazy("Reference arm"), choices=(), required=False
    )

    def clean_readers(self) -> list[User]:
        return accounts_named(self.cleaned_data["readers"])

    def clean_statisticians(self) -> list[User]:
        return accounts_named(self.cleaned_data["statisticians"])

    def clean_coordinators(self) -> list[User]:
        return accounts_named(self.cleaned_data["coordinators"])


class CasesForm(forms.Form):
    """Which of the cohort's cases are read, and which train readers before."""

    case_split = forms.ChoiceField(
        label=LABELS["case_split"], required=False, choices=()
    )
    case_codes = forms.CharField(
        label=LABELS["case_codes"],
        help_text=gettext_lazy("Codes, one a line. Empty: all."),
        widget=forms.Textarea(attrs={"rows": 4}),
        required=False,
    )
    training = forms.CharField(
        label=gettext_lazy("Training set"),
        help_text=gettext_lazy(
            "One image a line: case, method, right grade, left grade, such as "
            "“C001 reference 4 3”; or pasted from a table. These cases are not read in "
            "the study."
        ),
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        required=False,
    )
    guesses = forms.ChoiceField(
        label=LABELS["guesses"],
        choices=Study.Guesses.choices,
        required=False,
        initial=Study.Guesses.NEVER,
    )
    guess_percent = whole(
        "guess_percent", gettext_lazy("Drawn at random when the study is opened.")
    )


def accounts_named(text: str) -> list[User]:
    """Accounts in the order they were written; every unknown name is named."""
    wanted = list(dict.fromkeys(text.split()))
    known = {user.username: user for user in User.objects.filter(username__in=wanted)}
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise forms.ValidationError(
            _("There is no account named %s.") % ", ".join(unknown)
        )
    return [known[name] for name in wanted]
