"""What a coordinator writes about a study."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from readerstudy.cases.models import Case, Cohort

from .models import Arm, Membership, Study
from .services import ArmChoice

# the fields that hold user names, and the role they give
PEOPLE = {
    "readers": Membership.Role.READER,
    "statisticians": Membership.Role.STATISTICIAN,
    "coordinators": Membership.Role.COORDINATOR,
}
KNOWN_TITLES = {
    "reference": gettext_lazy("Reference"),
    "short": gettext_lazy("Short"),
    "gaussian": gettext_lazy("Gaussian filter"),
    "bilateral": gettext_lazy("Bilateral filter"),
}


class ArmForm(forms.Form):
    """One row of the table of arms: a method that the cohort's images have."""

    chosen = forms.BooleanField(required=False)
    method = forms.CharField(widget=forms.HiddenInput, max_length=100)
    title = forms.CharField(required=False, max_length=100)
    repeated = forms.BooleanField(required=False)

    def __init__(self, *args: Any, count: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.count = count  # cases that have it


class StudyForm(forms.Form):
    """A draft study: everything but the arms, which ArmForms hold."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=200)
    slug = forms.SlugField(
        label=gettext_lazy("Short name"),
        help_text=gettext_lazy("Part of the address: letters, digits and hyphens."),
        max_length=50,
    )
    readers = forms.CharField(
        label=gettext_lazy("Readers"),
        help_text=gettext_lazy("User names, one a line. They read as A, B, C, …"),
        widget=forms.Textarea(attrs={"rows": 4}),
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
    case_split = forms.ChoiceField(
        label=gettext_lazy("Cases"), required=False, choices=()
    )
    sessions = forms.IntegerField(
        label=gettext_lazy("Sessions"),
        help_text=gettext_lazy(
            "With as many as a case has arms, it comes once in each."
        ),
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        initial=1,
    )
    washout_days = forms.IntegerField(
        label=gettext_lazy("Washout between sessions, in days"),
        validators=[MinValueValidator(0), MaxValueValidator(3650)],
        initial=28,
    )
    spacing = forms.IntegerField(
        label=gettext_lazy("Spacing, in reads"),
        help_text=gettext_lazy("Least distance between two reads of one case."),
        validators=[MinValueValidator(0), MaxValueValidator(10_000)],
        initial=5,
    )
    reference = forms.ChoiceField(
        label=gettext_lazy("Reference arm"), choices=(), required=False
    )

    def __init__(
        self, *args: Any, cohort: Cohort, methods: Mapping[str, int], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.cohort = cohort
        used = cohort.cases.exclude(split="").values_list("split", flat=True).distinct()
        labels = dict(Case.Split.choices)
        self.fields["case_split"].choices = [  # type: ignore[attr-defined]
            ("", _("all")),
            *((split, labels.get(split, split)) for split in sorted(used)),
        ]
        self.fields["reference"].choices = [(m, m) for m in methods]  # type: ignore[attr-defined]
        self.arms = [
            self._arm_form(index, method, count)
            for index, (method, count) in enumerate(methods.items())
        ]

    def _arm_form(self, index: int, method: str, count: int) -> ArmForm:
        initial = {
            "method": method,
            "chosen": True,
            "title": str(KNOWN_TITLES.get(method, method.partition("@")[0])),
            **self.initial.get("arms", {}).get(method, {}),
        }
        data = self.data if self.is_bound else None
        return ArmForm(data, prefix=f"arm-{index}", initial=initial, count=count)

    def is_valid(self) -> bool:
        return all([super().is_valid(), *(arm.is_valid() for arm in self.arms)])

    def clean_readers(self) -> list[User]:
        return accounts_named(self.cleaned_data["readers"])

    def clean_statisticians(self) -> list[User]:
        return accounts_named(self.cleaned_data["statisticians"])

    def clean_coordinators(self) -> list[User]:
        return accounts_named(self.cleaned_data["coordinators"])

    def arm_choices(self) -> list[ArmChoice]:
        """The ticked rows as arms; an empty title is the method's name."""
        reference = self.cleaned_data["reference"]
        allowed = dict(self.fields["reference"].choices)  # type: ignore[attr-defined]
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
            )
            for row in (arm.cleaned_data for arm in self.arms)
            if row["chosen"] and row["method"] in allowed
        ]

    def settings(self) -> dict[str, Any]:
        """The fields that services take by the same name."""
        names = ("title", "sessions", "washout_days", "spacing", "case_split")
        return {
            **{name: self.cleaned_data[name] for name in names},
            **{name: self.cleaned_data[name] for name in PEOPLE},
            "arms": self.arm_choices(),
        }


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


def initial_of(study: Study, methods: Sequence[str], *, by: User) -> dict[str, Any]:
    """A draft as its form shows it to `by`, who coordinates it."""
    arms = {arm.method: arm for arm in study.arms.all()}
    people = study.memberships.exclude(role=Membership.Role.COORDINATOR, user=by)
    reference = [m for m, arm in arms.items() if arm.role == Arm.Role.REFERENCE]
    return {
        "title": study.title,
        "slug": study.slug,
        **{
            field: "\n".join(
                people.filter(role=role)
                .order_by("code", "pk")
                .values_list("user__username", flat=True)
            )
            for field, role in PEOPLE.items()
        },
        "case_split": study.case_split,
        "sessions": study.sessions,
        "washout_days": study.washout_days,
        "spacing": study.spacing,
        "reference": reference[0] if reference else "",
        "arms": {
            method: (
                {
                    "chosen": True,
                    "title": arms[method].title,
                    "repeated": arms[method].repeated,
                }
                if method in arms
                else {"chosen": False}
            )
            for method in methods
        },
    }
