"""What coordinators send and say of a network that they bring."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from readerstudy.cases.models import Cohort
from readerstudy.cases.wording import told
from readerstudy.imaging.errors import Refused

from . import selectors
from .told_cards import CSV_LIMIT, Patients, ToldCard, patients_of_csv

NOBODY, COHORT, DIGESTS, UNKNOWN = "nobody", "cohort", "digests", "unknown"
CHOICES = [
    (NOBODY, _("None of this hospital's patients")),
    (COHORT, _("Patients of a cohort here: its training and validation parts")),
    (DIGESTS, _("Patients in a CSV of digests")),
    (UNKNOWN, _("It is not known: it can be looked at, but no study will read it")),
]


class WeightsForm(forms.Form):
    """A file, and the card where the file brings none (ONNX)."""

    file = forms.FileField(
        label=_("File (ONNX or safetensors)"),
        help_text=_(
            "At most 64 MB. It is checked and tried on one image before it is kept."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".onnx,.safetensors"}),
    )
    title = forms.CharField(
        label=_("Title"),
        max_length=100,
        required=False,
        help_text=_("Left empty, the title on the file's own card is used."),
    )
    origin = forms.CharField(
        label=_("Who made it"),
        max_length=200,
        required=False,
        help_text=_("Persons or a group, with a paper or an address if there is one."),
    )
    licence = forms.CharField(
        label=_("Licence"),
        max_length=200,
        required=False,
        help_text=_("What it may be used for, for example CC BY 4.0 or “own work”."),
    )
    training_data = forms.CharField(
        label=_("What it was trained on"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Which images, how many, from where."),
    )
    learned_from = forms.ChoiceField(
        label=_("Whom it learned from"),
        choices=CHOICES,
        required=False,
        widget=forms.RadioSelect,
        help_text=_(
            "No study shows what a network makes of a patient whom it learned from or "
            "by whom it was chosen."
        ),
    )
    cohort = forms.ModelChoiceField(
        label=_("The cohort"), queryset=Cohort.objects.none(), required=False
    )
    digests = forms.FileField(
        label=_("The CSV"),
        required=False,
        help_text=_(
            "For example the CSV of a cohort's table; its test cases are left out."
        ),
    )

    CARD = ("origin", "licence", "training_data", "learned_from", "cohort", "digests")
    NEEDED = ("title", "origin", "licence", "training_data", "learned_from")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        cohorts: Any = self.fields["cohort"]
        cohorts.queryset = selectors.divided_cohorts(user)

    def clean_digests(self) -> Patients | None:
        file = self.cleaned_data["digests"]
        if file is None or self.cleaned_data.get("learned_from") != DIGESTS:
            return None
        try:
            return patients_of_csv(file.read(CSV_LIMIT + 1))
        except Refused as refusal:
            raise forms.ValidationError(told(str(refusal))) from refusal

    def clean(self) -> dict[str, Any]:
        """Whoever says anything of a card says all of it."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if any(found.get(name) for name in self.CARD):
            for name in self.missing():
                self.add_error(name, gettext("Please fill this in."))
        return found

    def missing(self) -> list[str]:
        """What a card still needs, of what was not refused already."""
        found = self.cleaned_data
        needed = list(self.NEEDED)
        if found.get("learned_from") in (COHORT, DIGESTS):
            needed.append(found["learned_from"])
        return [name for name in needed if name in found and not found[name]]

    def ask_for_card(self, sentence: str) -> None:
        """The file turned out to bring none."""
        self.add_error(None, sentence)
        for name in self.missing():
            self.add_error(name, gettext("Please fill this in."))

    def told(self) -> ToldCard | None:
        """The card that was filled in; None if none was."""
        found = self.cleaned_data
        if not found["learned_from"]:
            return None
        return ToldCard(
            title=found["title"],
            origin=found["origin"],
            licence=found["licence"],
            training_data=found["training_data"],
            patients=self._patients(),
        )

    def _patients(self) -> Patients | None:
        found = self.cleaned_data
        if found["learned_from"] == NOBODY:
            return {}
        if found["learned_from"] == COHORT:
            return selectors.patients_learned(found["cohort"])
        return found["digests"] if found["learned_from"] == DIGESTS else None
