"""A pair as it is planned: its slice, its notes, its code; and whether it may stand."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from django.utils.translation import gettext_noop

from readerstudy.imaging.central_slice import DEFAULT_RULE, MIDDLE
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.preprocessing import CROP, PIXEL_MM, STORED_SLICES
from readerstudy.imaging.study_types import STUDY_TYPES

from ..plan import ParityReport, PlannedPair, ScannedSeries
from .parity import compare, same_spacing
from .roles import Roles, named_role, roles_of
from .stacks import compare_stacks

NEEDS_REFERENCE = gettext_noop(
    "Every case of this study type has a reference; only one that is read as whole "
    "stacks can do without."
)
SHORT_NOTE = gettext_noop("Short scan: %(note)s")
INPUT_NOTE = gettext_noop("Input image: %(note)s")
CALLED_REFERENCE = gettext_noop("By its description it is a reference.")
NAMED = 10  # pairs that one sentence names


def unusable(series: ScannedSeries, *, resampling: bool) -> str:
    """Why a scan cannot be read in a study, whatever its partner; "" if it can."""
    if series.is_stack:
        return ""
    if series.resampled_from and not resampling:
        _, row_mm, column_mm = series.resampled_from["spacing_mm"]
        size = (
            f"{row_mm:.2f}" if row_mm == column_mm else f"{column_mm:.2f}×{row_mm:.2f}"
        )
        return gettext_noop(
            "Its pixels measure %(size)s mm, but %(needed)s mm are needed; "
            "images of other pixel sizes are not resampled."
        ) % {"size": size, "needed": PIXEL_MM}
    _, rows, columns = series.shape
    if min(rows, columns) < CROP:
        return gettext_noop(
            "Its slices are %(columns)s×%(rows)s pixels, but at least "
            "%(crop)s×%(crop)s are needed."
        ) % {"columns": columns, "rows": rows, "crop": CROP}
    return ""


def planned(
    roles: Roles,
    *,
    folder: Path,
    code: str = "",
    split: str = "",
    certain: bool,
    notes: tuple[str, ...] = (),
) -> PlannedPair:
    """The pair, its slice chosen on the reference. Refused where that slice cannot be
    cut out of both, and of stacks where their voxels do not answer each other."""
    reference, short = roles.reference, roles.short
    if reference.is_stack:
        _check_stacks(reference, short)
        rule, report = MIDDLE, compare_stacks(reference, short, folder=folder)
    else:
        _check_ends(reference, short)
        rule, report = DEFAULT_RULE, compare(reference, short, folder=folder)
    return PlannedPair(
        code=code,
        reference=reference,
        short=short,
        central_slice=reference.candidates[rule],
        central_rule=rule,
        parity=report,
        notes=(*notes, *roles.notes, *_of_the_scans(reference, short)),
        split=split,
        certain=certain and roles.certain and same_grid(reference, short),
    )


def planned_alone(
    scan: ScannedSeries, *, code: str = "", split: str = ""
) -> PlannedPair:
    """A case without a reference, as a person says. Refused where one is needed."""
    if STUDY_TYPES[scan.study_type].needs_reference:
        raise Refused(NEEDS_REFERENCE)
    odd = [CALLED_REFERENCE] if named_role(scan) == "reference" else []
    return PlannedPair(
        code=code,
        reference=None,
        short=scan,
        central_slice=scan.candidates[MIDDLE],
        central_rule=MIDDLE,
        parity=ParityReport(None, None),
        notes=tuple(INPUT_NOTE % {"note": one} for one in (*odd, *scan.warnings)),
        split=split,
    )


def _check_stacks(reference: ScannedSeries, short: ScannedSeries) -> None:
    if reference.unit != short.unit:
        raise Refused(
            gettext_noop("One of the scans is %(one)s and the other %(other)s.")
            % {"one": reference.modality, "other": short.modality}
        )
    if reference.shape != short.shape:
        raise Refused(
            gettext_noop(
                "The two stacks are of %(reference)s and %(short)s voxels: they must "
                "lie on one grid. Resample one of them onto the other first."
            )
            % {"reference": _sides(reference), "short": _sides(short)}
        )


def _sides(series: ScannedSeries) -> str:
    return "×".join(str(side) for side in reversed(series.shape))


def _check_ends(reference: ScannedSeries, short: ScannedSeries) -> None:
    central = reference.candidates[DEFAULT_RULE]
    margin = STORED_SLICES // 2
    for scan in (reference, short):
        if not margin <= central < scan.shape[0] - margin:
            raise Refused(
                gettext_noop(
                    "Slice %(number)s of %(slices)s is too near the end of the image: "
                    "%(needed)s slices are needed on each side of it."
                )
                % {
                    "number": central + 1,
                    "slices": scan.shape[0],
                    "needed": margin,
                }
            )


def same_grid(one: ScannedSeries, other: ScannedSeries) -> bool:
    return one.shape == other.shape and same_spacing(one, other)


def notes_of(reference: ScannedSeries, short: ScannedSeries) -> tuple[str, ...]:
    """What is said of the two as they are now: of their roles and of each scan."""
    roles = roles_of(reference, short)
    return (*(roles.notes if roles else ()), *_of_the_scans(reference, short))


def two_ids(one: ScannedSeries, other: ScannedSeries) -> tuple[str, ...]:
    """A note where somebody has put the scans of two patient ids together."""
    if one.patient == other.patient:
        return ()
    return (gettext_noop("The two scans bear two patient ids."),)


def _of_the_scans(reference: ScannedSeries, short: ScannedSeries) -> list[str]:
    notes = []
    central, literal = (
        reference.candidates.get(rule) for rule in (DEFAULT_RULE, "hottest-voxel")
    )
    if central is not None and literal is not None and central != literal:
        notes.append(
            gettext_noop(
                "The highest count of the whole image is in slice %(literal)s, outside "
                "the middle of the brain (a salivary gland?); slice %(taken)s was "
                "taken. Please check it."
            )
            % {"literal": literal + 1, "taken": central + 1}
        )
    second = INPUT_NOTE if short.is_stack else SHORT_NOTE
    for label, series in (
        (gettext_noop("Reference scan: %(note)s"), reference),
        (second, short),
    ):
        notes += [label % {"note": warning} for warning in series.warnings]
    return notes


def coded(
    pairs: Iterable[PlannedPair], *, taken: Collection[str] = ()
) -> tuple[PlannedPair, ...]:
    """All with a code, ordered by it: those without get C001, C002, …, as far as
    these are free, in the order of their keyed digests, which is nobody's.

    taken: further codes that are not free.
    """
    pairs = list(pairs)
    taken = {*taken, *(pair.code for pair in pairs)}
    found = [pair for pair in pairs if pair.code]
    number, width = 0, _width(pairs)
    for pair in sorted(
        (pair for pair in pairs if not pair.code),
        key=lambda one: (one.grid.patient, one.grid.study),
    ):
        number += 1
        while f"C{number:0{width}}" in taken:
            number += 1
        found.append(replace(pair, code=f"C{number:0{width}}"))
    return tuple(sorted(found, key=lambda one: one.code))


def renumbered(pairs: Sequence[PlannedPair]) -> tuple[PlannedPair, ...]:
    """In the order of their codes, but C001, C002, … without a gap."""
    width = _width(pairs)
    in_order = sorted(pairs, key=lambda one: (len(one.code), one.code))
    return tuple(
        replace(pair, code=f"C{number:0{width}}")
        for number, pair in enumerate(in_order, start=1)
    )


def _width(pairs: Sequence[PlannedPair]) -> int:
    """Digits of a code: alike in a cohort, so that codes in order are in order."""
    return max(3, len(str(len(pairs))))


def check_certain(pairs: Iterable[PlannedPair]) -> None:
    """Refused while a person has yet to say that two scans belong together."""
    if waiting := [pair.code for pair in pairs if not pair.certain]:
        codes = ", ".join(waiting[:NAMED]) + (", …" if len(waiting) > NAMED else "")
        raise Refused(
            gettext_noop("Please accept or drop the uncertain pairs first: %(codes)s.")
            % {"codes": codes}
        )
