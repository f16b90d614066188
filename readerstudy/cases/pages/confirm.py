"""What a person is shown of a plan: each pair with its reasons and its parity, scans
without a partner, files that could not be used."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.core.paginator import Page, Paginator
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from readerstudy.imaging.study_types import STUDY_TYPES

from ..matching.pairing import may_be_input
from ..matching.roles import BELIEVED_RATIOS, CLEARLY_LONGER
from ..models import Case
from ..plan import CohortPlan, ParityFinding, PlannedPair, ScannedSeries, Single
from ..selectors import reasons_and_files
from .compared import (
    Compared,
    Reason,
    compared_stacks,
    described,
    makers,
    on_one_grid,
    stack_reasons,
)

PAIRS_A_PAGE = 25
SINGLES_A_PAGE = 500  # all of them ticked, a form is still within Django's 1000 fields


@dataclass(frozen=True)
class Line:
    """One row of the parity table."""

    label: str
    reference: str
    short: str
    finding: ParityFinding | None


@dataclass(frozen=True)
class Rule:
    label: str
    slice_index: int
    taken: bool


@dataclass(frozen=True)
class PairCard:
    pair: PlannedPair
    reasons: tuple[Reason, ...]
    lines: tuple[Line, ...]
    rules: tuple[Rule, ...]

    @property
    def key(self) -> str:
        return pair_key(self.pair)


@dataclass(frozen=True)
class SingleCard:
    series: ScannedSeries
    slice_index: int


@dataclass(frozen=True)
class ConfirmPage:
    """show: all, uncertain or differing. counts: pairs that each of them shows.
    singles: those of a page, by their reasons."""

    plan: CohortPlan
    show: str
    counts: dict[str, int]
    page: Page[PlannedPair]
    cards: tuple[PairCard, ...]
    singles: tuple[tuple[str, tuple[SingleCard, ...]], ...]
    singles_page: Page[Single]
    left_out: tuple[tuple[str, list[str]], ...]
    others_grid: int  # scans that had other pixels

    @property
    def is_stack(self) -> bool:
        return STUDY_TYPES[self.plan.study_type].is_stack

    @property
    def may_be_alone(self) -> bool:
        """A person may say that a case has no reference."""
        return not STUDY_TYPES[self.plan.study_type].needs_reference

    @property
    def partnerless(self) -> int:
        """Scans that are offered as inputs all at once."""
        return sum(map(may_be_input, self.plan.singles))

    @property
    def uncertain(self) -> int:
        return self.counts["uncertain"]

    @property
    def uncertain_here(self) -> list[str]:
        """Keys of the pairs on this page that nobody has accepted."""
        return [card.key for card in self.cards if not card.pair.certain]


SHOWS: dict[str, Callable[[PlannedPair], bool]] = {
    "all": lambda pair: True,
    "uncertain": lambda pair: not pair.certain,
    "differing": lambda pair: bool(pair.parity.blocking),
}


def pair_key(pair: PlannedPair) -> str:
    """Names the pair in forms: the numbers of its two scans, reference first."""
    return "{}-{}".format(*pair.numbers)


def confirm_page(
    plan: CohortPlan, *, show: str = "", page: str = "", singles: str = ""
) -> ConfirmPage:
    """page, singles: numbers of pages, of the pairs and of the scans in no pair."""
    counts = {name: sum(map(holds, plan.pairs)) for name, holds in SHOWS.items()}
    show = show if counts.get(show) else "all"
    shown = [pair for pair in plan.pairs if SHOWS[show](pair)]
    pairs = Paginator(shown, PAIRS_A_PAGE).get_page(page)
    others = Paginator(_rare_first(plan.singles), _most_singles(plan)).get_page(singles)
    return ConfirmPage(
        plan=plan,
        show=show,
        counts=counts,
        page=pairs,
        cards=tuple(map(_card, pairs)),
        singles=tuple(_grouped(others)),
        singles_page=others,
        left_out=tuple(reasons_and_files(plan)),
        others_grid=sum(bool(scan.resampled_from) for scan in plan.scans),
    )


def _most_singles(plan: CohortPlan) -> int:
    """On a page: as many as may be ticked at once; where none is, all of them, since
    two that are paired by hand must stand on one."""
    if STUDY_TYPES[plan.study_type].needs_reference:
        return max(len(plan.singles), 1)
    return SINGLES_A_PAGE


def _rare_first(singles: Sequence[Single]) -> list[Single]:
    """Those of one reason together."""
    number = Counter(one.reason for one in singles)
    return sorted(singles, key=lambda one: (number[one.reason], one.reason))


def _grouped(
    singles: Iterable[Single],
) -> Iterator[tuple[str, tuple[SingleCard, ...]]]:
    for reason, group in groupby(singles, key=lambda one: one.reason):
        yield (
            reason,
            tuple(SingleCard(one.series, one.series.shown_slice) for one in group),
        )


def _card(pair: PlannedPair) -> PairCard:
    findings = {one.kind: one for one in pair.parity.findings}
    compared: Iterator[Compared] = iter(())
    reasons: Iterator[Reason] = iter(())
    if pair.reference is None:
        pass  # there is nothing to compare
    elif pair.grid.is_stack:
        compared, reasons = compared_stacks(pair), stack_reasons(pair)
    else:
        compared, reasons = _compared(pair), _reasons(pair)
    lines = []
    for label, (reference, short), kinds in compared:
        found = [findings[kind] for kind in kinds if kind in findings]
        worst = max(found, key=lambda one: one.blocking, default=None)
        lines.append(Line(label, reference, short, worst))
    return PairCard(pair, tuple(reasons), tuple(lines), tuple(_rules(pair)))


def _reasons(pair: PlannedPair) -> Iterator[Reason]:
    reference, short = pair.grid, pair.short
    if reference.minutes and short.minutes:
        factor = reference.minutes / short.minutes
        yield Reason(
            _("Durations: %(long).1f and %(short).1f min, %(factor).1f times as long")
            % {
                "long": reference.minutes,
                "short": short.minutes,
                "factor": factor,
            },
            factor >= CLEARLY_LONGER,
        )
    else:
        yield Reason(_("Durations: not stated in both scans"), None)
    ratio = pair.parity.count_ratio
    if ratio is not None:
        lowest, highest = BELIEVED_RATIOS
        usual = lowest <= ratio <= highest
        counted = reference.modality == "NM"
        yield Reason(
            _("Counts: %(ratio).2f times as many (5 are usual)") % {"ratio": ratio},
            usual if counted else None,
        )
    yield described(reference, short)


def _compared(pair: PlannedPair) -> Iterator[Compared]:
    one, other = pair.grid, pair.short
    ratio = pair.parity.count_ratio
    yield from on_one_grid(pair)
    yield (
        _("Counts, and their ratio"),
        (
            _grouped_digits(one.total_counts),
            _grouped_digits(other.total_counts)
            + (f" (1 : {ratio:.2f})" if ratio else ""),
        ),
        ("counts",),
    )
    yield (
        _("Voxels below zero"),
        (str(one.negative_voxels), str(other.negative_voxels)),
        ("negative",),
    )
    yield makers(pair)


def _grouped_digits(value: float) -> str:
    return number_format(value, 0, force_grouping=True)


def _rules(pair: PlannedPair) -> Iterator[Rule]:
    if pair.grid.is_stack:
        return
    for rule, index in pair.grid.candidates.items():
        label = str(Case.SliceRule(rule).label)
        yield Rule(label, index, taken=rule == pair.central_rule)


def what_happened(act: str, done: CohortPlan) -> str:
    """For whoever cannot see that the page has changed."""
    sentences = {
        "swap": _("The reference and the short scan were swapped."),
        "drop": _("The pair was dropped; its scans stand below."),
        "make": _("The two scans were paired."),
        "alone": _("Scans became cases that have no reference."),
        "accept": _("Accepted."),
        "resampling": _("Scans of other pixel sizes are taken, resampled.")
        if done.resampling
        else _("Scans of other pixel sizes are left out."),
    }
    count = len(done.pairs)
    pairs = ngettext("%(count)d pair", "%(count)d pairs", count) % {"count": count}
    return f"{sentences[act]} ({pairs})"


__all__ = ["ConfirmPage", "confirm_page", "pair_key", "what_happened"]
