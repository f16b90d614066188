"""Which two scans are one case: pure decisions on what was found."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_noop

from readerstudy.imaging.preprocessing import CROP, PIXEL_MM, PIXEL_TOLERANCE_MM

from .plan import ScannedSeries
from .sources import LeftOut

# The longer of two scans is the reference if it is longer by at least this factor:
# less is how one protocol varies from run to run.
CLEARLY_LONGER = 1.2
# Spacings and positions of two reconstructions of one examination agree so well.
SAME_SPACING_MM = 0.01
SAME_POSITION_MM = 1.0


@dataclass(frozen=True)
class Pair:
    reference: ScannedSeries
    short: ScannedSeries
    notes: tuple[str, ...]


def pair_up(
    found: Iterable[ScannedSeries],
) -> tuple[list[Pair], list[LeftOut]]:
    """Pairs of a reference and a short scan, and the rest with the reason.

    Two scans belong together if patient and study are the same. The longer is the
    reference; where a duration is missing, the one with more counts.
    """
    left_out: list[LeftOut] = []
    usable: list[ScannedSeries] = []
    for series in _without_duplicates(found, left_out):
        if reason := unusable(series):
            left_out += _all_files([series], reason)
        else:
            usable.append(series)
    examinations: dict[tuple[str, str], list[ScannedSeries]] = defaultdict(list)
    for series in usable:
        examinations[series.patient, series.study].append(series)
    pairs = []
    for scans in examinations.values():
        outcome = _pair_of(scans)
        if isinstance(outcome, Pair):
            pairs.append(outcome)
        else:
            left_out += _all_files(scans, outcome)
    return pairs, left_out


def _all_files(scans: Sequence[ScannedSeries], reason: str) -> list[LeftOut]:
    return [LeftOut(name, reason) for series in scans for name in series.files]


def _without_duplicates(
    found: Iterable[ScannedSeries], left_out: list[LeftOut]
) -> list[ScannedSeries]:
    kept: list[ScannedSeries] = []
    seen: dict[str, str] = {}
    for series in found:
        same_as = seen.get(series.instances) or seen.get(series.content)
        if same_as:
            left_out += _all_files([series], f"It is the same image as {same_as}.")
            continue
        seen[series.instances] = seen[series.content] = series.name
        kept.append(series)
    return kept


def unusable(series: ScannedSeries) -> str:
    """Why a scan cannot be read in this study, whatever its partner; "" if it can."""
    _, rows, columns = series.shape
    _, row_mm, column_mm = series.spacing_mm
    if max(abs(row_mm - PIXEL_MM), abs(column_mm - PIXEL_MM)) > PIXEL_TOLERANCE_MM:
        size = (
            f"{row_mm:.2f}" if row_mm == column_mm else f"{column_mm:.2f}×{row_mm:.2f}"
        )
        return gettext_noop(
            "Its pixels measure %(size)s mm, but %(needed)s mm are needed; "
            "images of other pixel sizes are not resampled."
        ) % {"size": size, "needed": PIXEL_MM}
    if min(rows, columns) < CROP:
        return gettext_noop(
            "Its slices are %(columns)s×%(rows)s pixels, but at least "
            "%(crop)s×%(crop)s are needed."
        ) % {"columns": columns, "rows": rows, "crop": CROP}
    return ""


def _pair_of(scans: Sequence[ScannedSeries]) -> Pair | str:
    """The pair, or why these scans of one examination are none."""
    if len(scans) == 1:
        return gettext_noop(
            "It has no partner: no second scan of the same patient and study."
        )
    if len(scans) > 2:
        return gettext_noop(
            "Its partner is not clear: %(number)s scans of the same patient and "
            "study were found. Keep the two that belong to the cohort."
        ) % {"number": len(scans)}
    if reason := _unlike(*scans):
        return reason
    by_duration = all(series.duration_s for series in scans)
    longer, shorter = sorted(
        scans,
        key=lambda one: (one.duration_s or 0) if by_duration else one.total_counts,
        reverse=True,
    )
    if not _clearly_longer(longer, shorter, by_duration=by_duration):
        by_duration = False
        longer, shorter = sorted(scans, key=lambda one: one.total_counts, reverse=True)
        if not _clearly_longer(longer, shorter, by_duration=False):
            return gettext_noop(
                "It cannot be told which of the two scans is the long one: "
                "neither their durations nor their counts differ clearly "
                "(%(longer)s, %(shorter)s)."
            ) % {"longer": longer.name, "shorter": shorter.name}
    return Pair(longer, shorter, _notes(longer, shorter, by_duration=by_duration))


def _clearly_longer(
    longer: ScannedSeries, shorter: ScannedSeries, *, by_duration: bool
) -> bool:
    if by_duration:
        return (longer.duration_s or 0) >= CLEARLY_LONGER * (shorter.duration_s or 0)
    return longer.total_counts >= CLEARLY_LONGER * shorter.total_counts


def _unlike(one: ScannedSeries, other: ScannedSeries) -> str:
    """Why slice numbers of the one mean nothing in the other; "" if they do."""
    if one.shape != other.shape:
        own, others = ("×".join(map(str, s.shape[::-1])) for s in (one, other))
        return gettext_noop(
            "It does not match its partner: %(own)s and %(others)s voxels."
        ) % {"own": own, "others": others}
    differences = [
        abs(a - b) for a, b in zip(one.spacing_mm, other.spacing_mm, strict=True)
    ]
    if max(differences) > SAME_SPACING_MM:
        return gettext_noop(
            "It does not match its partner: their voxels differ in size."
        )
    return ""


def _notes(
    reference: ScannedSeries, short: ScannedSeries, *, by_duration: bool
) -> tuple[str, ...]:
    notes = []
    if not by_duration:
        notes.append(
            gettext_noop(
                "The durations do not tell the scans apart; "
                "the one with more counts was taken for the reference."
            )
        )
    elif short.total_counts > reference.total_counts:
        notes.append(
            gettext_noop("The shorter scan has more counts than the longer one.")
        )
    if reference.origin_mm and short.origin_mm:
        apart = max(
            abs(a - b)
            for a, b in zip(reference.origin_mm, short.origin_mm, strict=True)
        )
        if apart > SAME_POSITION_MM:
            notes.append(
                gettext_noop("The two scans lie %(apart).1f mm apart in the patient.")
                % {"apart": apart}
            )
    for label, series in (
        (gettext_noop("Reference scan: %(note)s"), reference),
        (gettext_noop("Short scan: %(note)s"), short),
    ):
        notes += [label % {"note": warning} for warning in series.warnings]
    return tuple(notes)
