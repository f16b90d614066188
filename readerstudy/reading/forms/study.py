"""What a coordinator writes about a study."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db.models.functions import Length
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from readerstudy.cases.models import Case, Cohort, Series
from readerstudy.imaging.study_types import STUDY_TYPES, StudyType

from ..models import Arm, Membership, Study
from ..protocol.file import PEOPLE
from ..protocol.frozen import training_items
from ..protocol.rules import TrainingChoice, arm_code, training_problems
from ..protocol.type_rules import OF_STACKS
from ..protocol.types import blank_study, may_lack_reference
from ..questions import OWN, QUESTION_SETS, QuestionSet, Words, own_question_set
from ..services import ArmChoice
from ..services.settings import SETTINGS
from .analysis import AnalysisForm
from .setting_lines import limits_written, windows_written
from .settings import (
    CasesForm,
    ConductForm,
    DisplayForm,
    GateForm,
    ReadingForm,
    Section,
    called,
)
from .standard_lines import standard_written
from .training_lines import lines_read, lines_written

KNOWN_TITLES = {
    "reference": gettext_lazy("Reference"),
    "short": gettext_lazy("Short"),
    "gaussian": gettext_lazy("Gaussian filter"),
    "bilateral": gettext_lazy("Bilateral filter"),
    "nlm": gettext_lazy("Non-local means"),
}
# title, what it is about, fields
FOLDED: tuple[tuple[Words, Words, tuple[str, ...]], ...] = (
    (
        gettext_lazy("Which cases are read"),
        gettext_lazy("All of the cohort, unless you choose."),
        ("case_split", "case_codes", "resampling_allowed"),
    ),
    (
        gettext_lazy("Display of the images"),
        gettext_lazy("The same for every arm."),
        (*DisplayForm.base_fields, "least_slice_side"),
    ),
    (
        gettext_lazy("Conduct"),
        gettext_lazy("Changed answers, breaks and viewing conditions."),
        tuple(name for name in ConductForm.base_fields if name != "least_slice_side"),
    ),
    (
        gettext_lazy("Training of the readers"),
        gettext_lazy("Images with known grades, read before the first session."),
        ("training", *GateForm.base_fields),
    ),
    (
        gettext_lazy("Arm guesses"),
        gettext_lazy("They tell whether the blinding held."),
        ("guesses", "guess_percent"),
    ),
    (
        gettext_lazy("Analysis plan"),
        gettext_lazy("What is done with the answers, fixed before anybody sees one."),
        tuple(AnalysisForm.base_fields),
    ),
)
# fields of studies whose images are three slices, graded by sides
OF_SLICES = (
    *("window_rule", "resampling_allowed", "training", "gate", "gate_minimum"),
    *("guesses", "guess_percent", "kappa_margin", "kappa_weights", "kappa_interval"),
    "image_metrics",
)
SHOWN_PROBLEMS = 20  # lines of the training set that one page complains about


class ArmForm(forms.Form):
    """One row of the table of arms: a method that the cohort's images have."""

    chosen = forms.BooleanField(required=False)
    method = forms.CharField(widget=forms.HiddenInput, max_length=100)
    title = forms.CharField(required=False, max_length=100)
    repeated = forms.BooleanField(required=False)

    def __init__(self, *args: Any, count: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.count = count  # cases that have it


class StudyForm(
    AnalysisForm, GateForm, ConductForm, DisplayForm, CasesForm, ReadingForm
):
    """A draft study: everything but the arms, which ArmForms hold."""

    def __init__(
        self, *args: Any, cohort: Cohort, methods: Mapping[str, int], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(["question_set"])  # keys and standards answer it
        self.cohort = cohort
        self.blank = blank_study(cohort)
        self._suit(STUDY_TYPES[cohort.study_type], self.blank)
        self.drafted: Mapping[str, Any] = self.initial.get("arms", {})
        # arms of the draft come first, in their order, even without an image yet
        own = {method: 0 for method, arm in self.drafted.items() if arm["chosen"]}
        methods = {**own, **methods}
        self._offer("case_split", [("", _("all")), *_splits(cohort)])
        self._offer("reference", [(m, m) for m in methods])
        for field in ("primary_arm", "control_arm"):
            self._offer(field, [("", "–"), *((m, m) for m in methods)])
        self.may_lack_reference = may_lack_reference(cohort)
        self.fields["control_arm"].help_text = _(
            "The arm that the others are compared with. Empty: the repeated arm, if "
            "there is just one."
        )
        self.arms = [
            self._arm_form(index, method, count)
            for index, (method, count) in enumerate(methods.items())
        ]

    def _suit(self, kind: StudyType, blank: Study) -> None:
        """Ask for what studies of this type have, and offer what they may."""
        self.drop(OF_SLICES if kind.is_stack else OF_STACKS)
        sets = [(key, QUESTION_SETS[key].title) for key in kind.question_sets]
        if self.initial.get("question_set") == OWN:
            sets.append((OWN, gettext_lazy("the draft's own questions")))
        self._offer("question_set", sets)
        self._offer("lut", called("lut", kind.luts))
        for name in ("question_set", "lut", "value_low", "value_high"):
            if name in self.fields:
                self.fields[name].initial = getattr(blank, name)
        if kind.is_stack:
            self.fields["windows"].initial = windows_written(blank.windows)
            self.fields["window_adjustable"].help_text = _(
                "Beside the windows of the protocol, anew on each read; kept with the "
                "answer."
            )
            self.fields["question_set"].help_text = _(
                "A forced choice shows two images of a case side by side, all others "
                "one."
            )

    def asked(self) -> QuestionSet:
        key = self.setting("question_set")
        if key == OWN:
            return own_question_set(self.initial["own_questions"])
        return QUESTION_SETS[key]

    def _offer(self, field: str, choices: Sequence[tuple[str, Words]]) -> None:
        self.fields[field].choices = choices  # type: ignore[attr-defined]

    def _arm_form(self, index: int, method: str, count: int) -> ArmForm:
        initial = {
            "method": method,
            "chosen": True,
            "title": self._title(method),
            **self.drafted.get(method, {}),
        }
        data = self.data if self.is_bound else None
        return ArmForm(data, prefix=f"arm-{index}", initial=initial, count=count)

    def _title(self, method: str) -> str:
        """What an arm is called in reports, unless somebody types another name."""
        if method == Series.Role.SHORT and STUDY_TYPES[self.cohort.study_type].is_stack:
            return _("Input")
        return str(KNOWN_TITLES.get(method, method.partition("@")[0]))

    def sections(self) -> list[Section]:
        """What is folded away on the page: it has sensible defaults."""
        return [
            Section(title, about, [self[name] for name in names if name in self.fields])
            for title, about, names in FOLDED
            if not self.fields.keys().isdisjoint(names)
        ]

    def is_valid(self) -> bool:
        return all([super().is_valid(), *(arm.is_valid() for arm in self.arms)])

    def clean_case_codes(self) -> list[str]:
        text = self.cleaned_data["case_codes"].replace(",", "\n")
        codes = [code.strip() for code in text.splitlines() if code.strip()]
        known = set(self.cohort.cases.values_list("code", flat=True))
        missing = [code for code in codes if code not in known]
        if missing:
            raise forms.ValidationError(
                [_("The cohort has no case %s.") % code for code in missing]
            )
        return list(dict.fromkeys(codes))

    def clean_training(self) -> list[TrainingChoice]:
        asked = self.asked()
        read = lines_read(self.cleaned_data["training"], asked)
        found = training_problems(cohort=self.cohort, asked=asked, chosen=read.choices)
        problems = read.problems + [(read.numbers[at], said) for at, said in found]
        if problems:
            lines = [
                _("Line %(line)d: %(why)s") % {"line": line, "why": why}
                for line, why in sorted(problems)
            ]
            raise forms.ValidationError(lines[:SHOWN_PROBLEMS])
        return read.choices

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        if not all(arm.is_valid() for arm in self.arms):
            return cleaned  # its own row says why
        arms = {arm.method: arm for arm in self.arm_choices()}
        for field in ("primary_arm", "control_arm"):
            method = cleaned.get(field)
            if method and method not in arms:
                self.add_error(field, _("This arm is not read."))
            elif method:
                cleaned[field] = arms[method].code
        repeated = [
            arm.code
            for arm in arms.values()
            if arm.repeated and arm.role != Arm.Role.REFERENCE
        ]
        if not cleaned.get("control_arm") and len(repeated) == 1:
            is_primary = repeated[0] == cleaned.get("primary_arm")
            cleaned["control_arm"] = "" if is_primary else repeated[0]
        return cleaned

    def arm_choices(self) -> list[ArmChoice]:
        """The ticked rows as arms; an empty title is the method's name."""
        reference = self.cleaned_data.get("reference")
        allowed = dict(self.fields["reference"].choices)  # type: ignore[attr-defined]
        rows = [
            row
            for row in (arm.cleaned_data for arm in self.arms)
            if row["chosen"] and row["method"] in allowed
        ]
        codes = self._codes([row["method"] for row in rows])
        return [
            ArmChoice(
                method=row["method"],
                title=row["title"] or row["method"],
                role=(
                    Arm.Role.REFERENCE
                    if row["method"] == reference
                    else Arm.Role.COMPARISON
                ),
                repeated=row["repeated"],
                code=code,
            )
            for row, code in zip(rows, codes, strict=True)
        ]

    def _codes(self, methods: Sequence[str]) -> list[str]:
        """Arms of the draft keep their codes, whatever is chosen beside them."""
        kept = {
            method: self.drafted[method]["code"]
            for method in methods
            if self.drafted.get(method, {}).get("code")
        }
        taken = set(kept.values())
        codes = []
        for method in methods:
            code = kept.get(method) or arm_code(method, taken)
            taken.add(code)
            codes.append(code)
        return codes

    def settings(self) -> dict[str, Any]:
        """The fields that services take by the same name."""
        given = {
            **{name: self.setting(name) for name in SETTINGS if name in self.fields},
            **{name: self.cleaned_data[name] for name in PEOPLE},
            "training": self.cleaned_data.get("training", []),
            "arms": self.arm_choices(),
        }
        if given["question_set"] == OWN:
            given["own_questions"] = self.initial["own_questions"]
        return given


def _splits(cohort: Cohort) -> list[tuple[str, Words]]:
    used = cohort.cases.exclude(split="").values_list("split", flat=True).distinct()
    labels = dict(Case.Split.choices)
    return [(split, labels.get(split, split)) for split in sorted(used)]


def initial_of(study: Study, methods: Sequence[str], *, by: User) -> dict[str, Any]:
    """A draft as its form shows it to `by`, who coordinates it."""
    arms = list(study.arms.all())
    method_of = {arm.code: arm.method for arm in arms}
    people = study.memberships.exclude(role=Membership.Role.COORDINATOR, user=by)
    reference = [arm.method for arm in arms if arm.role == Arm.Role.REFERENCE]
    drafted: dict[str, dict[str, Any]] = {
        arm.method: {
            "chosen": True,
            "title": arm.title,
            "repeated": arm.repeated,
            "code": arm.code,
        }
        for arm in arms
    }
    return {
        **{name: getattr(study, name) for name in SETTINGS},
        "slug": study.slug,
        **{
            field: "\n".join(
                people.filter(role=role)
                .order_by(Length("code"), "code", "pk")  # Z before AA
                .values_list("user__username", flat=True)
            )
            for field, role in PEOPLE.items()
        },
        "case_codes": "\n".join(study.case_codes),
        "training": lines_written(training_items(study)),
        "given_standard": standard_written(study.given_standard),
        "windows": windows_written(study.windows),
        "stability_limits": limits_written(study.stability_limits),
        "reference": reference[0] if reference else "",
        "primary_arm": method_of.get(study.primary_arm, ""),
        "control_arm": method_of.get(study.control_arm, ""),
        "arms": drafted
        | {method: {"chosen": False} for method in methods if method not in drafted},
    }
