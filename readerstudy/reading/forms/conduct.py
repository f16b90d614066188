"""What a coordinator writes to step into a study's reading: which read, and why."""

from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from ..models import Membership, Study

NUMBERS = [MinValueValidator(1), MaxValueValidator(32_767)]
LONGEST_REASON = 2000


class SessionForm(forms.Form):
    """A session of one reader, and a reason."""

    reader = forms.ChoiceField(label=_("Reader"), choices=())
    session = forms.IntegerField(label=_("Session"), validators=NUMBERS)
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("It stays in the log for good: name no patient."),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=LONGEST_REASON,
    )

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        readers = study.memberships.filter(role=Membership.Role.READER)
        self.fields["reader"].choices = [  # type: ignore[attr-defined]
            (code, code)
            for code in readers.order_by("code").values_list("code", flat=True)
        ]


class ReadForm(SessionForm):
    """A read by its number within the session, as its reader's screen counts it."""

    number = forms.IntegerField(label=_("Number of the read"), validators=NUMBERS)

    field_order = ("reader", "session", "number", "reason")
