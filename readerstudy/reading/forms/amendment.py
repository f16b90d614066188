"""What a coordinator writes to amend an open study's protocol."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from ..models import Study
from ..protocol.words import LABELS
from ..services.amendments import AMENDABLE
from .settings import AnalysisForm, ConductForm, GateForm, Section, whole
from .standard_lines import standard_written

LONGEST_REASON = 2000
MAY_BE_EMPTY = frozenset(
    {"asks_conditions", "gate", "gate_minimum", "image_metrics"}
    | {"primary_arm", "control_arm", "kappa_margin", "given_standard"}
)


class AmendmentForm(AnalysisForm, GateForm, ConductForm):
    """The settings that may still change, as they stand, and why they are to."""

    title = forms.CharField(label=LABELS["title"], max_length=200)
    washout_days = whole("washout_days")
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy(
            "It is part of the protocol and of the log from now on: name no patient, "
            "no case and no arm."
        ),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=LONGEST_REASON,
    )

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        kwargs["initial"] = {name: getattr(study, name) for name in AMENDABLE}
        kwargs["initial"]["given_standard"] = standard_written(study.given_standard)
        super().__init__(*args, **kwargs)
        arms = [("", "–"), *study.arms.values_list("code", "title")]
        for of_arm in ("primary_arm", "control_arm"):
            self.fields[of_arm].choices = arms  # type: ignore[attr-defined]
        for name, field in self.fields.items():
            # an empty field would be the default, not what stands
            field.required = name not in MAY_BE_EMPTY
        if not study.training.exists():  # nobody could pass a gate
            del self.fields["gate"], self.fields["gate_minimum"]

    def sections(self) -> list[Section]:
        conduct = ("title", "washout_days", *ConductForm.base_fields)
        gate = [name for name in GateForm.base_fields if name in self.fields]
        groups = [
            (gettext_lazy("Conduct"), [*conduct, *gate]),
            (gettext_lazy("Analysis plan"), list(AnalysisForm.base_fields)),
        ]
        return [
            Section(title, "", [self[name] for name in names])
            for title, names in groups
        ]

    def settings(self) -> dict[str, Any]:
        """The fields that services take by the same name."""
        return {name: self.setting(name) for name in AMENDABLE if name in self.fields}
