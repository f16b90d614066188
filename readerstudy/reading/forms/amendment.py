"""What a coordinator writes to amend an open study's protocol."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from ..models import Study
from ..protocol.type_rules import OF_STACKS
from ..protocol.types import blank_study, type_of
from ..protocol.words import LABELS
from ..questions import QuestionSet, question_set_of
from ..services.amendments import AMENDABLE
from .analysis import AnalysisForm
from .setting_lines import limits_written
from .settings import ConductForm, GateForm, Section, whole
from .standard_lines import standard_written
from .study import OF_SLICES

LONGEST_REASON = 2000
MAY_BE_EMPTY = frozenset(
    {"asks_conditions", "gate", "gate_minimum", "image_metrics"}
    | {"primary_arm", "control_arm", "kappa_margin", "given_standard"}
    | {"metric_low", "metric_high", "stability_limits"}
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
        kwargs["initial"]["stability_limits"] = limits_written(study.stability_limits)
        super().__init__(*args, **kwargs)
        self.study = study
        self.blank = blank_study(study.cohort)
        self.drop(OF_SLICES if type_of(study).is_stack else OF_STACKS)
        arms = [("", "–"), *study.arms.values_list("code", "title")]
        for of_arm in ("primary_arm", "control_arm"):
            self.fields[of_arm].choices = arms  # type: ignore[attr-defined]
        for name, field in self.fields.items():
            # an empty field would be the default, not what stands
            field.required = name not in MAY_BE_EMPTY
        if not study.training.exists():  # nobody could pass a gate
            self.drop(GateForm.base_fields)

    def asked(self) -> QuestionSet:
        return question_set_of(self.study)

    def sections(self) -> list[Section]:
        conduct = ("title", "washout_days", *ConductForm.base_fields)
        groups = [
            (gettext_lazy("Conduct"), [*conduct, *GateForm.base_fields]),
            (gettext_lazy("Analysis plan"), list(AnalysisForm.base_fields)),
        ]
        return [
            Section(title, "", [self[name] for name in names if name in self.fields])
            for title, names in groups
        ]

    def settings(self) -> dict[str, Any]:
        """The fields that services take by the same name."""
        return {name: self.setting(name) for name in AMENDABLE if name in self.fields}
