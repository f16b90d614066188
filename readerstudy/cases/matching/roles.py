"""Which of two scans is the reference: by duration, counts and description."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, log
from statistics import median

from django.utils.translation import gettext_noop

from ..plan import PlannedPair, ScannedSeries

# The longer of two scans is the reference if it is longer by at least this factor:
# less is how one protocol varies from run to run.
CLEARLY_LONGER = 1.2
# Counts alone are believed where their ratio lies in between; 5 is what is expected.
USUAL_RATIO = 5.0
BELIEVED_RATIOS = (2.0, 12.5)
# A scan is like the others of a role within this factor of their median.
ALIKE = 1.5

NOTHING_TELLS = gettext_noop(
    "Neither descriptions nor exposures tell which of the two is the reference: the "
    "first one was taken for it. Please look, and swap them if need be."
)
DOSE_CONTRADICTS = gettext_noop(
    "By its description the input is the one of more exposure, time or counts."
)

# Tc-99m is no 99 minutes.
MINUTES = re.compile(
    r"(?<![\d.,])(?<!tc)(?<!tc[-_ ])(\d+(?:[.,]\d+)?)"
    r"\s*(?:min\b|mins\b|minutes?\b|m\b|分)",
    re.I,
)
WORDS = {
    "short": re.compile(r"short|fast|quick|half|brief|短|高速", re.I),
    "reference": re.compile(r"\bref|full|standard|long|routine|標準|通常|長", re.I),
}
# what is called so beside what a stack is to be restored to
STACK_WORDS = {
    "short": re.compile(
        r"short|fast|quick|half|quarter|brief|(?<![a-z])low(?![a-z])|ldct|sparse|few"
        r"|noisy|degraded|limited|undersampled|input|短|低|高速|入力",
        re.I,
    ),
    "reference": re.compile(
        r"(?<![a-z])ref|full|standard|long|routine|normal|target|truth|ndct"
        r"|標準|通常|長|参照|正解",
        re.I,
    ),
}


@dataclass(frozen=True)
class Roles:
    """notes: why a person should look. certain: False where they must.

    misfit: how far the ratio of the two is from what a cohort has; 0 is best.
    """

    reference: ScannedSeries
    short: ScannedSeries
    notes: tuple[str, ...] = ()
    certain: bool = True
    misfit: float = 0.0


def roles_of(one: ScannedSeries, other: ScannedSeries) -> Roles | None:
    """None where nothing tells the two apart; of stacks a person may say it then."""
    if one.is_stack:
        return stack_roles(one, other)
    for decide in (_by_duration, _by_counts, _by_description):
        if roles := decide(one, other):
            return roles
    return None


def stack_roles(one: ScannedSeries, other: ScannedSeries) -> Roles:
    """By description first: an input need not be the one of less dose or time."""
    said, dosed = _said(one, other), _by_dose(one, other)
    if said:
        one, other = (one, other) if said == "reference" else (other, one)
        if dosed and dosed[0] is other:
            return Roles(one, other, (DOSE_CONTRADICTS,), certain=False)
        return Roles(one, other)
    if dosed:
        return Roles(*dosed)
    return Roles(one, other, (NOTHING_TELLS,), False, misfit=log(USUAL_RATIO))


def _by_dose(
    one: ScannedSeries, other: ScannedSeries
) -> tuple[ScannedSeries, ScannedSeries] | None:
    """The one of clearly more exposure, time or counts, first."""
    both = (one, other)
    measures = [
        [scan.exposure_mas for scan in both],
        [scan.duration_s for scan in both],
        [scan.total_counts if scan.modality == "NM" else None for scan in both],
    ]
    for of_one, of_other in measures:
        if (
            of_one
            and of_other
            and max(of_one, of_other) >= CLEARLY_LONGER * min(of_one, of_other)
        ):
            return _sorted(one, other, of_one, of_other)
    return None


def _by_duration(one: ScannedSeries, other: ScannedSeries) -> Roles | None:
    if not one.duration_s or not other.duration_s:
        return None
    reference, short = _sorted(one, other, one.duration_s, other.duration_s)
    ratio = (reference.duration_s or 0) / (short.duration_s or 1)
    if ratio < CLEARLY_LONGER:
        return None
    notes, certain = [], True
    if short.total_counts > reference.total_counts:
        notes.append(
            gettext_noop("The shorter scan has more counts than the longer one.")
        )
        certain = short.total_counts < CLEARLY_LONGER * reference.total_counts
    if contradiction := _contradiction(reference, short):
        notes.append(contradiction)
        certain = False
    return Roles(reference, short, tuple(notes), certain, _misfit(ratio))


def _by_counts(one: ScannedSeries, other: ScannedSeries) -> Roles | None:
    reference, short = _sorted(one, other, one.total_counts, other.total_counts)
    if reference.total_counts < CLEARLY_LONGER * max(short.total_counts, 1.0):
        return None
    ratio = reference.total_counts / max(short.total_counts, 1.0)
    notes = [
        gettext_noop(
            "The durations do not tell the scans apart; "
            "the one with more counts was taken for the reference."
        )
    ]
    lowest, highest = BELIEVED_RATIOS
    certain = lowest <= ratio <= highest
    if contradiction := _contradiction(reference, short):
        notes.append(contradiction)
        certain = False
    return Roles(reference, short, tuple(notes), certain, _misfit(ratio))


def _by_description(one: ScannedSeries, other: ScannedSeries) -> Roles | None:
    if _said(one, other) == "reference":
        reference, short = one, other
    elif _said(other, one) == "reference":
        reference, short = other, one
    else:
        return None
    note = gettext_noop(
        "Neither durations nor counts tell the scans apart; their descriptions do."
    )
    return Roles(reference, short, (note,), certain=False, misfit=log(USUAL_RATIO))


def _sorted(
    one: ScannedSeries, other: ScannedSeries, of_one: float, of_other: float
) -> tuple[ScannedSeries, ScannedSeries]:
    return (one, other) if of_one >= of_other else (other, one)


def _misfit(ratio: float) -> float:
    return abs(log(ratio / USUAL_RATIO))


def _contradiction(reference: ScannedSeries, short: ScannedSeries) -> str:
    if _said(reference, short) != "short":
        return ""
    return gettext_noop("The descriptions call the reference scan the short one.")


def _said(one: ScannedSeries, other: ScannedSeries) -> str:
    """What the descriptions call `one`, beside `other`; "" if they do not tell."""
    minutes = _minutes(one), _minutes(other)
    if minutes[0] and minutes[1] and minutes[0] != minutes[1]:
        return "reference" if minutes[0] > minutes[1] else "short"
    words = _word(one), _word(other)
    if words[0] == words[1]:
        return ""
    opposite = {"short": "reference", "reference": "short", "": ""}
    return words[0] or opposite[words[1]]


def _plain(series: ScannedSeries) -> str:
    return unicodedata.normalize("NFKC", series.description)


def _minutes(series: ScannedSeries) -> float:
    found = MINUTES.findall(_plain(series))
    return float(found[0].replace(",", ".")) if len(found) == 1 else 0.0


def _word(series: ScannedSeries) -> str:
    """Role that its description names, if it names one of them."""
    words = STACK_WORDS if series.is_stack else WORDS
    found = [role for role, word in words.items() if word.search(_plain(series))]
    return found[0] if len(found) == 1 else ""


def named_role(series: ScannedSeries) -> str:
    """What its description calls a scan, beside no other; "" if it does not tell."""
    return _word(series)


def description_says(reference: ScannedSeries, short: ScannedSeries) -> str:
    """reference: the descriptions agree with the roles; short: they contradict."""
    return _said(reference, short)


@dataclass(frozen=True)
class Typical:
    """Medians of a cohort's certain pairs: (reference, short)."""

    durations_s: tuple[float, float] | None
    counts: tuple[float, float]

    def role(self, series: ScannedSeries) -> str:
        """What a scan alone looks like; "" if like neither."""
        if series.duration_s and self.durations_s:
            value, medians = series.duration_s, self.durations_s
        else:
            value, medians = series.total_counts, self.counts
        apart = [abs(log(max(value, 1e-9) / one)) for one in medians]
        nearest = min((0, 1), key=lambda one: apart[one])
        if exp(apart[nearest]) > ALIKE or medians[0] < CLEARLY_LONGER * medians[1]:
            return ""
        return ("reference", "short")[nearest]


def typical_of(pairs: Iterable[PlannedPair]) -> Typical | None:
    """None without a certain pair to go by."""
    certain = [pair for pair in pairs if pair.certain]
    counts = [(one.grid.total_counts, one.short.total_counts) for one in certain]
    if not counts or min(map(min, counts)) <= 0:
        return None
    durations = [
        (one.grid.duration_s, one.short.duration_s)
        for one in certain
        if one.grid.duration_s and one.short.duration_s
    ]
    return Typical(
        durations_s=(
            (
                median(long for long, _ in durations),
                median(short for _, short in durations),
            )
            if durations
            else None
        ),
        counts=(median(one for one, _ in counts), median(other for _, other in counts)),
    )
