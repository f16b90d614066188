"""What a coordinator writes to step into a study's reading: which read, and why."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..models import Membership, Study
from .settings import accounts_named

APPOINTED = (Membership.Role.COORDINATOR, Membership.Role.STATISTICIAN)
NUMBERS = [MinValueValidator(1), MaxValueValidator(32_767)]
LONGEST_REASON = 2000


class StepForm(forms.Form):
    """Whatever is done to a study that is read needs a reason."""

    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("It stays in the log for good: name no patient."),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=LONGEST_REASON,
    )

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.study = study


class PersonForm(StepForm):
    """Somebody who comes to a study that is open already."""

    user = forms.CharField(label=_("User name"), max_length=150)
    role = forms.ChoiceField(
        label=_("Role"), choices=[(role.value, role.label) for role in APPOINTED]
    )

    field_order = ("user", "role", "reason")

    def clean_user(self) -> User:
        users = accounts_named(self.cleaned_data["user"])
        if len(users) != 1:
            raise forms.ValidationError(gettext("Give one user name."))
        return users[0]


class SessionForm(StepForm):
    """A session of one reader, and a reason."""

    reader = forms.ChoiceField(label=_("Reader"), choices=())
    session = forms.IntegerField(label=_("Session"), validators=NUMBERS)

    field_order: tuple[str, ...] = ("reader", "session", "reason")

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        super().__init__(*args, study=study, **kwargs)
        readers = study.memberships.filter(role=Membership.Role.READER)
        self.fields["reader"].choices = [  # type: ignore[attr-defined]
            (code, code)
            for code in readers.order_by("code").values_list("code", flat=True)
        ]


class ReadForm(SessionForm):
    """A read by its number within the session, as its reader's screen counts it."""

    number = forms.IntegerField(label=_("Number of the read"), validators=NUMBERS)

    field_order = ("reader", "session", "number", "reason")
