"""The table of a cohort: its cases filtered, in order, with what is wrong with them.

Every problem is one condition of the database: the filter asks it, and the rows of a
page bring the answer with them, so both always say the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import models
from django.db.models import Count, Exists, F, FilteredRelation, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, Least
from django.utils.translation import gettext_lazy as _

from readerstudy.imaging.study_types import STUDY_TYPES

from ..models import Case, Cohort, Rendition, Series

# ParityFinding.blocking within Case.parity, however the database spells its JSON
BLOCKING = Q(parity__findings__iregex=r'"blocking":\s*true')

NO_PART = _("in no part")
PROBLEMS: dict[str, Any] = {
    "parity": _("scans differ, not accepted"),
    "accepted": _("scans differ, accepted"),
    "note": _("note"),
    "slice": _("slice chosen by a person"),
    "missing": _("image missing"),
    "resampled": _("resampled"),
    "binding": _("no binding ratio"),
}
ORDERS: dict[str, Any] = {
    "code": _("code"),
    "age": _("age"),
    "binding": _("binding ratio of the lower side"),
    "counts": _("counts of the short scan"),
}
ANY_PROBLEM = "any"


@dataclass(frozen=True)
class Wanted:
    """Which cases, and in which order. Empty and None: all of them.

    split: of Case.Split; "none" for the cases in no part. problem: of PROBLEMS, or
    ANY_PROBLEM. binding_*: of the reference scan's lower side.
    """

    code: str = ""
    split: str = ""
    sex: str = ""
    age_from: int | None = None
    age_to: int | None = None
    binding_from: float | None = None
    binding_to: float | None = None
    problem: str = ""
    order: str = "code"
    descending: bool = False


def cases_annotated(cohort: Cohort, methods: Mapping[str, int]) -> QuerySet[Case]:
    """With `low` (binding ratio of the lower side of the reference scan),
    `short_counts`, and `has_<problem>` for every problem.

    methods: of the cohort, as cohort_methods gives them.
    """
    by_role: dict[str, Any] = {
        role: FilteredRelation("series", condition=Q(series__role=role))
        for role in Series.Role.values
    }
    made = (
        Rendition.objects.filter(case=OuterRef("pk"))
        .order_by()
        .values("case")
        .annotate(made=Count("pk"))
        .values("made")
    )
    cases: QuerySet[Case] = cohort.cases.annotate(**by_role).annotate(
        low=Least("reference__binding_ratio_right", "reference__binding_ratio_left"),
        short_counts=F("short__total_counts"),
        made=Coalesce(models.Subquery(made), 0),
    )
    return cases.annotate(
        **{
            f"has_{name}": models.Case(
                models.When(condition, then=True),
                default=False,
                output_field=models.BooleanField(),
            )
            for name, condition in _conditions(cohort, methods).items()
        }
    )


def _conditions(cohort: Cohort, methods: Mapping[str, int]) -> dict[str, Any]:
    """What makes each problem one; of cases with what cases_annotated adds."""
    unbound = Q(reference__binding_ratio_right__isnull=True) | Q(
        reference__binding_ratio_left__isnull=True
    )
    has_regions = STUDY_TYPES[cohort.study_type].has_regions
    resampled = Series.objects.filter(case=OuterRef("pk"), resampled_from__isnull=False)
    return {
        "parity": BLOCKING & Q(parity_accepted_at__isnull=True),
        "accepted": BLOCKING & Q(parity_accepted_at__isnull=False),
        "note": ~Q(note=""),
        "slice": Q(central_rule=Case.SliceRule.PERSON),
        "missing": Q(made__lt=len(methods)),
        "resampled": Exists(resampled),
        "binding": unbound if has_regions else Q(pk__in=()),
    }


def cases_wanted(cases: QuerySet[Case], wanted: Wanted) -> QuerySet[Case]:
    """Those of cases_annotated that are wanted, in the order that is wanted."""
    found = cases
    if wanted.code:
        found = found.filter(code__icontains=wanted.code)
    if wanted.split:
        found = found.filter(split="" if wanted.split == "none" else wanted.split)
    if wanted.sex:
        found = found.filter(sex="" if wanted.sex == "none" else wanted.sex)
    limits = {
        "age_years__gte": wanted.age_from,
        "age_years__lte": wanted.age_to,
        "low__gte": wanted.binding_from,
        "low__lte": wanted.binding_to,
    }
    given = {name: limit for name, limit in limits.items() if limit is not None}
    found = found.filter(**given)
    if wanted.problem == ANY_PROBLEM:
        found = found.filter(_any_problem())
    elif wanted.problem:
        found = found.filter(**{f"has_{wanted.problem}": True})
    columns = {"age": "age_years", "binding": "low", "counts": "short_counts"}
    column = F(columns.get(wanted.order, "code"))
    by = column.desc if wanted.descending else column.asc
    return found.order_by(by(nulls_last=True), "code")


def _any_problem() -> Q:
    found = Q()
    for name in PROBLEMS:
        found |= Q(**{f"has_{name}": True})
    return found


def problem_counts(cases: QuerySet[Case]) -> list[tuple[str, Any, int]]:
    """(problem, its words, how many cases have it), those that any case has."""
    counted = cases.aggregate(
        **{
            f"of_{name}": Count("pk", filter=Q(**{f"has_{name}": True}))
            for name in PROBLEMS
        }
    )
    return [
        (name, words, counted[f"of_{name}"])
        for name, words in PROBLEMS.items()
        if counted[f"of_{name}"]
    ]


def part_counts(cohort: Cohort) -> dict[str, int]:
    """Value of Case.Split → how many cases, of those that any case has."""
    counted = cohort.cases.order_by().values("split").annotate(cases=Count("pk"))
    return dict(counted.values_list("split", "cases"))


def split_counts(cohort: Cohort) -> list[tuple[str, int]]:
    """(part in words, how many cases), in the order of Case.Split."""
    counted = part_counts(cohort)
    return [
        (str(label if value else NO_PART), counted[value])
        for value, label in Case.Split.choices
        if value in counted
    ]


@dataclass(frozen=True)
class TableRow:
    """A case as the table shows it: its scans, its images, its problems."""

    case: Case
    methods: Sequence[str]

    @cached_property
    def _scans(self) -> dict[str, Series]:
        return {series.role: series for series in self.case.series.all()}

    @property
    def reference(self) -> Series | None:
        return self._scans.get(Series.Role.REFERENCE)

    @property
    def short(self) -> Series | None:
        return self._scans.get(Series.Role.SHORT)

    @property
    def grid(self) -> Series | None:
        """The scan that gives its images their shape."""
        return self.reference or self.short

    @property
    def count_ratio(self) -> float | None:
        """Counts of the reference ÷ counts of the short scan."""
        if not self.reference or not self.short or self.short.total_counts <= 0:
            return None
        return self.reference.total_counts / self.short.total_counts

    @property
    def images(self) -> list[tuple[str, Rendition | None]]:
        made = {rendition.method: rendition for rendition in self.case.renditions.all()}
        return [(method, made.get(method)) for method in self.methods]

    @property
    def problems(self) -> list[tuple[str, Any]]:
        """(problem, its words); only of cases that cases_annotated gave."""
        return [
            (name, words)
            for name, words in PROBLEMS.items()
            if getattr(self.case, f"has_{name}")
        ]

    @property
    def sentences(self) -> list[str]:
        """What the problems are about: findings of parity, notes, reasons."""
        findings = self.case.parity.get("findings", ())
        said = [one["sentence"] for one in findings if one["blocking"]]
        return [*said, *self.case.notes, *filter(None, [self.case.central_reason])]
