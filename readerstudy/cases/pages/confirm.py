"""What a person is shown of a plan: each pair with its reasons and its parity, scans
without a partner, files that could not be used."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from readerstudy.imaging.central_slice import DEFAULT_RULE

from ..matching.parity import matrix, voxel
from ..matching.roles import BELIEVED_RATIOS, CLEARLY_LONGER, description_says
from ..models import Case
from ..plan import CohortPlan, ParityFinding, PlannedPair, ScannedSeries, Single
from ..selectors import reasons_and_files

PAIRS_A_PAGE = 25


@dataclass(frozen=True)
class Reason:
    """What speaks for these two and these roles, or against it (None: neither)."""

    sentence: str
    speaks_for: bool | None


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
    """show: all, uncertain or differing. counts: pairs that each of them shows."""

    plan: CohortPlan
    show: str
    counts: dict[str, int]
    page: Page[PlannedPair]
    cards: tuple[PairCard, ...]
    singles: tuple[tuple[str, tuple[SingleCard, ...]], ...]
    left_out: tuple[tuple[str, list[str]], ...]
    others_grid: int  # scans that had other pixels

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
    return f"{pair.reference.number}-{pair.short.number}"


def confirm_page(plan: CohortPlan, *, show: str = "", number: str = "") -> ConfirmPage:
    counts = {name: sum(map(holds, plan.pairs)) for name, holds in SHOWS.items()}
    show = show if counts.get(show) else "all"
    shown = [pair for pair in plan.pairs if SHOWS[show](pair)]
    page = Paginator(shown, PAIRS_A_PAGE).get_page(number)
    return ConfirmPage(
        plan=plan,
        show=show,
        counts=counts,
        page=page,
        cards=tuple(map(_card, page)),
        singles=tuple(_grouped(plan.singles)),
        left_out=tuple(reasons_and_files(plan)),
        others_grid=sum(bool(scan.resampled_from) for scan in plan.scans),
    )


def _grouped(
    singles: Sequence[Single],
) -> Iterator[tuple[str, tuple[SingleCard, ...]]]:
    groups: dict[str, list[SingleCard]] = defaultdict(list)
    for one in singles:
        index = one.series.candidates[DEFAULT_RULE]
        groups[one.reason].append(SingleCard(one.series, index))
    for reason in sorted(groups, key=lambda one: (len(groups[one]), one)):
        yield reason, tuple(groups[reason])


def _card(pair: PlannedPair) -> PairCard:
    findings = {one.kind: one for one in pair.parity.findings}
    lines = []
    for label, (reference, short), kinds in _compared(pair):
        found = [findings[kind] for kind in kinds if kind in findings]
        worst = max(found, key=lambda one: one.blocking, default=None)
        lines.append(Line(label, reference, short, worst))
    return PairCard(pair, tuple(_reasons(pair)), tuple(lines), tuple(_rules(pair)))


def _reasons(pair: PlannedPair) -> Iterator[Reason]:
    reference, short = pair.reference, pair.short
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
    says = description_says(reference, short)
    if says:
        agree = says == "reference"
        yield Reason(
            _("Descriptions: they agree")
            if agree
            else _("Descriptions: they say the opposite"),
            agree,
        )
    else:
        yield Reason(_("Descriptions: they do not tell the scans apart"), None)


def _compared(
    pair: PlannedPair,
) -> Iterator[tuple[str, tuple[str, str], tuple[str, ...]]]:
    """Label, values of both scans, and the kinds of findings about them."""
    one, other = pair.reference, pair.short
    ratio = pair.parity.count_ratio
    yield _("Matrix"), (matrix(one), matrix(other)), ("matrix",)
    yield _("Slices"), (str(one.shape[0]), str(other.shape[0])), ("slices",)
    yield _("Voxel, mm"), (voxel(one), voxel(other)), ("spacing", "resampled")
    yield (
        _("Displacement in the images, mm (left, back, head)"),
        ("–", _displacement(pair)),
        ("offset", "offset-unknown", "mirrored", "position", "frame"),
    )
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
    yield (
        _("Camera"),
        (one.manufacturer or "–", other.manufacturer or "–"),
        ("camera",),
    )


def _grouped_digits(value: float) -> str:
    return number_format(value, 0, force_grouping=True)


def _displacement(pair: PlannedPair) -> str:
    offset = pair.parity.offset_mm
    return ", ".join(f"{one:+.1f}" for one in offset) if offset else "–"


def _rules(pair: PlannedPair) -> Iterator[Rule]:
    for rule, index in pair.reference.candidates.items():
        label = str(Case.SliceRule(rule).label)
        yield Rule(label, index, taken=rule == pair.central_rule)


def what_happened(act: str, done: CohortPlan) -> str:
    """For whoever cannot see that the page has changed."""
    sentences = {
        "swap": _("The reference and the short scan were swapped."),
        "drop": _("The pair was dropped; its scans stand below."),
        "make": _("The two scans were paired."),
        "accept": _("Accepted."),
        "resampling": _("Scans of other pixel sizes are taken, resampled.")
        if done.resampling
        else _("Scans of other pixel sizes are left out."),
    }
    count = len(done.pairs)
    pairs = ngettext("%(count)d pair", "%(count)d pairs", count) % {"count": count}
    return f"{sentences[act]} ({pairs})"


__all__ = ["ConfirmPage", "confirm_page", "pair_key", "what_happened"]
