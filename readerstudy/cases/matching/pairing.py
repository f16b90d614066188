"""Which two scans are one case: decisions on what was found, which a person confirms.

What the files say of patient and examination comes first, then what the images show.
Where neither is plain the pair is uncertain: it is shown, but not imported before a
person has accepted it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from django.utils.translation import gettext_noop

from readerstudy.imaging.errors import Refused

from ..digests import patients_among
from ..manifest import Manifest, Row
from ..plan import PlannedPair, ScannedSeries, Single
from ..sources import LeftOut
from .likeness import same_heads
from .planning import planned, planned_alone, same_grid, two_ids, unusable
from .roles import (
    Roles,
    Typical,
    description_says,
    named_role,
    roles_of,
    typical_of,
)

SIDE_BY_SIDE = 2
NO_PARTNER = gettext_noop(
    "It has no partner: no second scan of the same patient and examination."
)
NO_INPUT = gettext_noop(
    "It looks like a reference, and its input is missing: no second scan of the same "
    "patient and examination."
)
BY_A_PERSON = gettext_noop("It was left out by a person.")
NOT_NAMED = gettext_noop("The manifest does not name it.")
PARTS_DIFFER = gettext_noop(
    "Cases %(case)s and %(other)s are examinations of one patient, who must be in one "
    "part."
)
PAIRED_BY_HAND = gettext_noop("The two scans were paired by hand.")


@dataclass(frozen=True)
class Proposal:
    """pairs: with a code only where a manifest gives one; `coded` gives the others."""

    pairs: tuple[PlannedPair, ...]
    singles: tuple[Single, ...]
    left_out: tuple[LeftOut, ...]


def may_be_input(single: Single) -> bool:
    """Whether it is single for want of a partner alone, and so may be taken for an
    input where somebody says of all of them that there are no references."""
    return single.reason == NO_PARTNER


def propose(
    scans: Sequence[ScannedSeries],
    *,
    folder: Path,
    resampling: bool,
    manifest: Manifest | None = None,
) -> Proposal:
    """Pairs of a reference and a short scan, and the rest with the reason."""
    left_out: list[LeftOut] = []
    usable: list[ScannedSeries] = []
    singles: list[Single] = []
    for scan in _without_duplicates(scans, left_out):
        if reason := unusable(scan, resampling=resampling):
            singles.append(Single(scan, reason))
        else:
            usable.append(scan)
    if manifest:
        found = _named(usable, manifest, folder)
    else:
        found = _examinations(usable, folder)
        twins = _twins(found.singles, folder)
        found = Proposal((*found.pairs, *twins.pairs), twins.singles, ())
    return Proposal(found.pairs, (*singles, *found.singles), tuple(left_out))


def _without_duplicates(
    found: Iterable[ScannedSeries], left_out: list[LeftOut]
) -> list[ScannedSeries]:
    kept: list[ScannedSeries] = []
    seen: dict[str, str] = {}
    for series in found:
        same_as = seen.get(series.instances) or seen.get(series.content)
        if same_as:
            reason = gettext_noop("It is the same image as %(other)s.") % {
                "other": same_as
            }
            left_out += [LeftOut(name, reason) for name in series.files]
            continue
        seen[series.instances] = seen[series.content] = series.name
        kept.append(series)
    return kept


def _named(
    scans: Sequence[ScannedSeries], manifest: Manifest, folder: Path
) -> Proposal:
    """The cases that a manifest names; what it does not name stays out."""
    cases: dict[str, list[tuple[ScannedSeries, Row]]] = defaultdict(list)
    singles: list[Single] = []
    for scan in scans:
        if row := manifest.of(scan.number):
            cases[row.case].append((scan, row))
        else:
            singles.append(Single(scan, NOT_NAMED))
    named: dict[str, set[str]] = defaultdict(set)
    for row in manifest.rows:
        named[row.case].add(row.role)
    pairs: list[PlannedPair] = []
    for code, members in cases.items():
        outcome = _by_manifest(code, members, named[code], folder)
        if isinstance(outcome, PlannedPair):
            pairs.append(outcome)
        else:
            singles += [Single(scan, outcome) for scan, _ in members]
    _check_parts(pairs, manifest)
    return Proposal(tuple(pairs), tuple(singles), ())


def _check_parts(pairs: Sequence[PlannedPair], manifest: Manifest) -> None:
    """Refused where the cases of one patient, by whichever id, are in two parts."""
    patients = patients_among({at: pair.patients for at, pair in enumerate(pairs)})
    first: dict[str, PlannedPair] = {}
    for at, pair in enumerate(pairs):
        row = manifest.of(pair.grid.number)
        if not row or not pair.split:
            continue
        other = first.setdefault(patients[at], pair)
        if pair.split != other.split:
            what = PARTS_DIFFER % {"case": pair.code, "other": other.code}
            raise manifest.refused(row.line, "split", what)


def _by_manifest(
    code: str,
    members: Sequence[tuple[ScannedSeries, Row]],
    named: Collection[str],
    folder: Path,
) -> PlannedPair | str:
    """The case of that code, or why its scans are none. A person has named it: of a
    stack that is named as an input alone there is no reference.

    named: the roles in all lines of this code; of some no scan may have been found.
    """
    (one, first), *others = members
    if set(named) == {"short"} and not others and one.is_stack:
        return planned_alone(one, code=code, split=first.split)
    if len(members) != 2:
        return gettext_noop(
            "The manifest must give case %(case)s two scans that can be used; their "
            "number is %(number)s."
        ) % {"case": code, "number": len(members)}
    given = sorted(
        members, key=lambda one: {"reference": 0, "": 1, "short": 2}[one[1].role]
    )
    (one, first), (other, second) = given
    if first.role or second.role:
        if first.role == second.role:
            return gettext_noop(
                "The manifest gives case %(case)s two scans of the same role."
            ) % {"case": code}
        roles: Roles | None = Roles(one, other)
    else:
        roles = roles_of(one, other)
    if roles is None:
        return gettext_noop(
            "It cannot be told which scan of case %(case)s is the long one: the "
            "manifest gives no role, and neither their durations nor their counts "
            "differ clearly."
        ) % {"case": code}
    split = first.split or second.split
    try:
        pair = planned(
            roles,
            folder=folder,
            code=code,
            split=split,
            certain=True,
            notes=two_ids(one, other),
        )
    except Refused as error:
        return str(error)
    return replace(pair, certain=True)


def _examinations(scans: Sequence[ScannedSeries], folder: Path) -> Proposal:
    """Pairs of scans of the same patient, study and kind."""
    groups: dict[tuple[str, str, str], list[ScannedSeries]] = defaultdict(list)
    for scan in scans:
        groups[scan.patient, scan.study, scan.modality].append(scan)
    pairs: list[PlannedPair] = []
    singles: list[Single] = []
    unclear: list[list[ScannedSeries]] = []
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:  # images are compared: arithmetic
        found = pool.map(partial(_examination, folder=folder), groups.values())
        for group, outcome in zip(groups.values(), found, strict=True):
            if outcome is None:
                unclear.append(group)
                continue
            pairs += outcome.pairs
            singles += outcome.singles
    stacks = _are_stacks(scans)
    typical = None if stacks else typical_of(pairs)
    told = stacks and _descriptions_tell(pairs)
    for group in unclear:
        if told and len(group) == 1 and named_role(group[0]) == "reference":
            reason = NO_INPUT
        else:
            reason = _why_none(group, typical)
        singles += [Single(scan, reason) for scan in group]
    return Proposal(tuple(pairs), tuple(singles), ())


def _are_stacks(scans: Sequence[ScannedSeries]) -> bool:
    """Of stacks no duration or count is typical."""
    return any(scan.is_stack for scan in scans)


def _descriptions_tell(pairs: Sequence[PlannedPair]) -> bool:
    """Whether words for roles mean them in this cohort: "routine" may be anything."""
    return any(
        pair.certain and description_says(pair.grid, pair.short) == "reference"
        for pair in pairs
    )


def _examination(group: Sequence[ScannedSeries], *, folder: Path) -> Proposal | None:
    """The pair of one examination and its other scans; None if no two make one."""
    roles, spare = _best(group)
    if roles is None:
        return None
    notes = _among(len(group)) if spare else ()
    try:
        pair = planned(roles, folder=folder, certain=not spare, notes=notes)
    except Refused as error:
        return Proposal((), tuple(Single(scan, str(error)) for scan in group), ())
    others = tuple(Single(scan, *_among(len(group))) for scan in spare)
    return Proposal((pair,), others, ())


def _among(number: int) -> tuple[str]:
    return (
        gettext_noop(
            "%(number)s scans of the same patient and examination were found; "
            "the two that fit best were paired."
        )
        % {"number": number},
    )


def _best(group: Sequence[ScannedSeries]) -> tuple[Roles | None, list[ScannedSeries]]:
    """The two that fit best, if any do, and the others."""
    possible = [
        roles
        for index, one in enumerate(group)
        for other in group[index + 1 :]
        if (roles := roles_of(one, other))
    ]
    if not possible:
        return None, []
    best = min(
        possible,
        key=lambda roles: (
            not same_grid(roles.reference, roles.short),
            roles.misfit,
        ),
    )
    chosen = {best.reference.number, best.short.number}
    return best, [scan for scan in group if scan.number not in chosen]


def _why_none(group: Sequence[ScannedSeries], typical: Typical | None) -> str:
    if len(group) == 1:
        role = typical.role(group[0]) if typical else ""
        if role == "reference":
            return gettext_noop(
                "It looks like a reference scan, and its short scan is missing: no "
                "second scan of the same patient and examination."
            )
        if role == "short":
            return gettext_noop(
                "It looks like a short scan, and its reference scan is missing: no "
                "second scan of the same patient and examination."
            )
        return NO_PARTNER
    roles = {typical.role(scan) for scan in group} if typical else set()
    if roles == {"short"}:
        return gettext_noop(
            "Two short scans of one patient and examination were found, and no "
            "reference scan."
        )
    if roles == {"reference"}:
        return gettext_noop(
            "Two reference scans of one patient and examination were found, and no "
            "short scan."
        )
    return gettext_noop(
        "It cannot be told which of the scans of this patient and examination is the "
        "long one: neither their durations nor their counts differ clearly."
    )


def _twins(singles: Sequence[Single], folder: Path) -> Proposal:
    """Scans without a partner that show the same head: one patient under two ids, or
    in two examinations. Always uncertain."""
    lonely = [one.series for one in singles]
    pairs: list[PlannedPair] = []
    paired: set[int] = set()
    for one, other in same_heads(lonely, folder=folder, may_match=_may_be_twins):
        roles = roles_of(one, other)
        note = _two_names(one, other)
        try:
            assert roles is not None  # _may_be_twins has seen to it
            pairs.append(planned(roles, folder=folder, certain=False, notes=(note,)))
        except Refused:
            continue
        paired |= {one.number, other.number}
    rest = tuple(one for one in singles if one.series.number not in paired)
    return Proposal(tuple(pairs), rest, ())


def _may_be_twins(one: ScannedSeries, other: ScannedSeries) -> bool:
    apart = (one.patient, one.study) != (other.patient, other.study)
    return apart and roles_of(one, other) is not None


def _two_names(one: ScannedSeries, other: ScannedSeries) -> str:
    if one.patient == other.patient:
        return gettext_noop(
            "The scans are of one patient but of two examinations; the images show the "
            "same head."
        )
    return gettext_noop(
        "The scans bear two patient ids, but show the same head: one patient under "
        "two ids?"
    )
