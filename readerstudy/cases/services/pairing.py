"""A person corrects what was proposed, before anything is imported.

A pair is named by the numbers of its two scans, reference first: what a page showed
before another window changed it is refused, not done to another pair.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from readerstudy.imaging.errors import Refused

from ..manifest import Manifest
from ..matching.pairing import (
    BY_A_PERSON,
    NOT_NAMED,
    PAIRED_BY_HAND,
    may_be_input,
    propose,
)
from ..matching.planning import (
    coded,
    notes_of,
    planned,
    planned_alone,
    renumbered,
    two_ids,
    unusable,
)
from ..matching.roles import Roles
from ..models import Upload
from ..plan import CohortPlan, PlannedPair, ScannedSeries, Single
from .scanning import plan_warnings
from .uploads import CHANGED_MEANWHILE, plan_keep, upload_plan

SWAPPED = gettext_noop("Reference and short scan were swapped by hand.")
ACCEPTED = gettext_noop("A person has said that the two scans belong together.")
PARTNER_RESAMPLED = gettext_noop("Its partner would have to be resampled.")

Change = Callable[[CohortPlan], CohortPlan]


@transaction.atomic
def _change(upload: Upload, change: Change) -> CohortPlan:
    """Load, change, keep; two windows take turns by the lock on the row."""
    locked = Upload.objects.select_for_update().get(pk=upload.pk)
    if locked.state != Upload.State.READY:
        raise Refused(_("These files are not waiting to be confirmed."))
    changed = change(upload_plan(locked))
    if changed.manifest is None:  # what was dropped leaves no gap
        changed = replace(changed, pairs=renumbered(changed.pairs))
    warnings = plan_warnings(changed.pairs, _manifest(changed))
    changed = replace(changed, warnings=warnings)
    plan_keep(locked, changed)
    return changed


def _manifest(plan: CohortPlan) -> Manifest | None:
    return Manifest.from_json(plan.manifest) if plan.manifest else None


def _coded(plan: CohortPlan, *more: PlannedPair) -> tuple[PlannedPair, ...]:
    """The pairs of the plan, and more of them with codes that nobody has."""
    manifest = _manifest(plan)
    return coded([*plan.pairs, *more], taken=manifest.codes if manifest else ())


def pair_swap(*, upload: Upload, reference: int, short: int) -> CohortPlan:
    """The other scan is the reference; the slice is chosen on it anew."""

    def change(plan: CohortPlan) -> CohortPlan:
        pair = _pair(plan, reference, short)
        if pair.reference is None:
            raise Refused(_("There is no reference to swap with."))
        swapped = planned(
            Roles(pair.short, pair.reference),
            folder=plan.folder,
            code=pair.code,
            split=pair.split,
            certain=True,
            notes=_swapped_notes(pair, pair.reference),
        )
        return _with(plan, pair, replace(swapped, certain=True))

    return _change(upload, change)


def _swapped_notes(pair: PlannedPair, reference: ScannedSeries) -> tuple[str, ...]:
    """What was said of the roles is over; what was said of the two stays."""
    over = {SWAPPED, *notes_of(reference, pair.short)}
    kept = tuple(note for note in pair.notes if note not in over)
    return kept if SWAPPED in pair.notes else (*kept, SWAPPED)


def pair_drop(*, upload: Upload, reference: int, short: int) -> CohortPlan:
    """Its scans are not imported, unless they are paired again."""

    def change(plan: CohortPlan) -> CohortPlan:
        pair = _pair(plan, reference, short)
        dropped = [Single(scan, BY_A_PERSON) for scan in pair.scans]
        return replace(
            plan,
            pairs=tuple(one for one in plan.pairs if one is not pair),
            singles=_in_order([*plan.singles, *dropped]),
        )

    return _change(upload, change)


def pair_make(*, upload: Upload, reference: int, short: int) -> CohortPlan:
    """A case of two scans that are in no pair."""

    def change(plan: CohortPlan) -> CohortPlan:
        scans = [_single(plan, number) for number in (reference, short)]
        _check_partners(scans[0], scans[1], resampling=plan.resampling)
        pair = planned(
            Roles(scans[0], scans[1]),
            folder=plan.folder,
            certain=True,
            notes=(PAIRED_BY_HAND, *two_ids(*scans)),
        )
        return replace(
            plan,
            pairs=_coded(plan, replace(pair, certain=True)),
            singles=tuple(
                one for one in plan.singles if one.series.number not in pair.numbers
            ),
        )

    return _change(upload, change)


def cases_make_alone(*, upload: Upload, scans: Sequence[int]) -> CohortPlan:
    """A case of each of these scans, of which a person says that there is no
    reference. Refused where the study type needs one."""

    return _change(upload, lambda plan: _with_alone(plan, scans))


def cases_make_all_alone(*, upload: Upload, count: int) -> CohortPlan:
    """As cases_make_alone, of all that are single for want of a partner alone: not of
    what a person left out, nor of scans that do not fit together.

    count: how many the person was shown; Refused if it is another number now.
    """

    def change(plan: CohortPlan) -> CohortPlan:
        scans = [one.series.number for one in plan.singles if may_be_input(one)]
        if len(scans) != count:
            raise Refused(CHANGED_MEANWHILE)
        return _with_alone(plan, scans)

    return _change(upload, change)


def _with_alone(plan: CohortPlan, scans: Sequence[int]) -> CohortPlan:
    singles = {one.series.number: one.series for one in plan.singles}
    if not singles.keys() >= set(scans):
        raise Refused(CHANGED_MEANWHILE)
    alone = {number: singles[number] for number in scans}
    return replace(
        plan,
        pairs=_coded(plan, *map(planned_alone, alone.values())),
        singles=tuple(one for one in plan.singles if one.series.number not in alone),
    )


def _check_partners(
    reference: ScannedSeries, short: ScannedSeries, *, resampling: bool
) -> None:
    if reference.number == short.number:
        raise Refused(_("Please choose two different scans."))
    for scan in (reference, short):
        if reason := unusable(scan, resampling=resampling):
            raise Refused(reason)
    if reference.modality != short.modality:
        raise Refused(
            _("One of the scans is %(one)s and the other %(other)s.")
            % {"one": reference.modality, "other": short.modality}
        )


def pairs_accept(*, upload: Upload, pairs: Sequence[tuple[int, int]]) -> CohortPlan:
    """A person says of each (reference, short) that they belong together."""

    def change(plan: CohortPlan) -> CohortPlan:
        for reference, short in pairs:
            pair = _pair(plan, reference, short)
            if not pair.certain:
                notes = (*pair.notes, ACCEPTED)
                plan = _with(plan, pair, replace(pair, certain=True, notes=notes))
        return plan

    return _change(upload, change)


@transaction.atomic
def plan_set_resampling(*, upload: Upload, resampling: bool) -> CohortPlan:
    """Take scans of other pixel sizes, or leave them out; their voxels are on the
    study's grid already. Pairs of others stay as they are."""

    def change(plan: CohortPlan) -> CohortPlan:
        if plan.resampling == resampling:
            return plan
        plan = replace(plan, resampling=resampling)
        return _proposed_again(plan) if resampling else _without_resampled(plan)

    changed = _change(upload, change)
    Upload.objects.filter(pk=upload.pk).update(resampling=resampling)
    return changed


def _proposed_again(plan: CohortPlan) -> CohortPlan:
    """New pairs among the scans that nobody has left out on purpose."""
    settled = (BY_A_PERSON, NOT_NAMED)
    asked = [one.series for one in plan.singles if one.reason not in settled]
    kept = [one for one in plan.singles if one.reason in settled]
    proposal = propose(
        asked, folder=plan.folder, resampling=True, manifest=_manifest(plan)
    )
    return replace(
        plan,
        pairs=_coded(plan, *proposal.pairs),
        singles=_in_order([*kept, *proposal.singles]),
        left_out=(*plan.left_out, *proposal.left_out),
    )


def _without_resampled(plan: CohortPlan) -> CohortPlan:
    pairs, singles = [], list(plan.singles)
    for pair in plan.pairs:
        if not any(scan.resampled_from for scan in pair.scans):
            pairs.append(pair)
            continue
        for scan in pair.scans:
            reason = unusable(scan, resampling=False)
            singles.append(Single(scan, reason or PARTNER_RESAMPLED))
    return replace(plan, pairs=tuple(pairs), singles=_in_order(singles))


def _pair(plan: CohortPlan, reference: int, short: int) -> PlannedPair:
    for pair in plan.pairs:
        if pair.numbers == (reference, short):
            return pair
    raise Refused(CHANGED_MEANWHILE)


def _single(plan: CohortPlan, number: int) -> ScannedSeries:
    for one in plan.singles:
        if one.series.number == number:
            return one.series
    raise Refused(CHANGED_MEANWHILE)


def _with(plan: CohortPlan, pair: PlannedPair, instead: PlannedPair) -> CohortPlan:
    pairs = tuple(instead if one is pair else one for one in plan.pairs)
    return replace(plan, pairs=pairs)


def _in_order(singles: Sequence[Single]) -> tuple[Single, ...]:
    return tuple(sorted(singles, key=lambda one: one.series.number))
