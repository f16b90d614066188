"""Why a draft study cannot be opened yet, item by item."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator

from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from readerstudy.blinding.schedule import (
    ImpossibleSchedule,
    PlannedArm,
    check_constraints,
)
from readerstudy.cases.integrity import damaged_renditions, parity_differences
from readerstudy.cases.models import Case
from readerstudy.cases.selectors import cases_unreferenced

from ..models import Arm, Membership, Study
from ..protocol.frozen import image_hashes, planned_arms, study_cases, study_readers
from .examples import example_findings
from .findings import NAMED, Finding, named
from .parity import acceptance_findings
from .patients import patient_findings
from .plan import plan_findings
from .types import type_findings

LEAST_ARMS = 2

__all__ = ["Finding", "blinded_elsewhere", "preflight"]


def preflight(study: Study) -> list[Finding]:
    """All reasons against opening; empty when the study may be opened."""
    cases = study_cases(study)
    return [
        *_check_arms(study, cases),
        *_check_images(study, cases),
        *_check_damage(study, cases),
        *_check_parity(study, cases),
        *acceptance_findings(cases),
        *example_findings(study, cases),
        *patient_findings(study, cases),
        *plan_findings(study, cases),
        *type_findings(study, cases),
        *_check_readers(study),
        *_check_unblinded_people(study),
        *_check_schedule(study, cases),
    ]


def _check_arms(study: Study, cases: list[Case]) -> Iterator[Finding]:
    arms = list(study.arms.all())
    unreferenced = cases_unreferenced(cases).values_list("code", flat=True)
    if unreferenced:
        yield from _check_unreferenced(arms, sorted(unreferenced))
    else:
        if not any(arm.role == Arm.Role.REFERENCE for arm in arms):
            yield Finding(_("No arm is the reference."), "study")
        if not any(arm.role == Arm.Role.COMPARISON for arm in arms):
            yield Finding(_("There is no arm to compare with the reference."), "study")
    methods = [arm.method for arm in arms]
    for method in sorted({m for m in methods if methods.count(m) > 1}):
        yield Finding(_("Two arms show the same images: %s.") % method, "study")


def _check_unreferenced(arms: list[Arm], codes: list[str]) -> Iterator[Finding]:
    """Of cases without a reference arms are compared with each other."""
    if any(arm.role == Arm.Role.REFERENCE for arm in arms):
        text = _(
            "Cases have no reference, so no arm can be it: say that there is none, or "
            "leave them out: %s."
        )
        yield Finding(text % named(codes), "study")
    if len(arms) < LEAST_ARMS:
        yield Finding(_("There are no two arms to compare."), "study")


def _check_images(study: Study, cases: list[Case]) -> Iterator[Finding]:
    made = image_hashes(study, cases)
    for arm in study.arms.all():
        missing = [case.code for case in cases if (case.pk, arm.method) not in made]
        if missing:
            yield Finding(
                ngettext(
                    "The arm “%(arm)s” lacks the image of %(count)d case: %(codes)s.",
                    "The arm “%(arm)s” lacks the images of %(count)d cases: %(codes)s.",
                    len(missing),
                )
                % {"arm": arm.title, "count": len(missing), "codes": named(missing)},
                "cohort",
            )


def _check_damage(study: Study, cases: list[Case]) -> Iterator[Finding]:
    titles = {arm.method: arm.title for arm in study.arms.all()}
    damaged: dict[str, list[str]] = defaultdict(list)
    for code, method in damaged_renditions(cases, titles):
        damaged[method].append(code)
    for method, codes in damaged.items():
        yield Finding(
            ngettext(
                "The arm “%(arm)s” has a damaged or lost file for the image of "
                "%(count)d case: %(codes)s. Make it again or restore a backup.",
                "The arm “%(arm)s” has damaged or lost files for the images of "
                "%(count)d cases: %(codes)s. Make them again or restore a backup.",
                len(codes),
            )
            % {"arm": titles[method], "count": len(codes), "codes": named(codes)},
            "cohort",
        )


def _check_parity(study: Study, cases: list[Case]) -> Iterator[Finding]:
    """Arms differ in how an image was made, in nothing else."""
    methods = {arm.method for arm in study.arms.all()}
    unlike: dict[str, list[str]] = defaultdict(list)
    for difference in parity_differences(cases, methods):
        unlike[difference.code].append(difference.sentence)
    if not unlike:
        return
    lines = [f"{code}: {' '.join(said)}" for code, said in unlike.items()]
    yield Finding(
        ngettext(
            "Scans or images of %(count)d case cannot be compared. %(cases)s",
            "Scans or images of %(count)d cases cannot be compared. %(cases)s",
            len(lines),
        )
        % {
            "count": len(lines),
            "cases": " ".join(lines[:NAMED]) + (" …" if len(lines) > NAMED else ""),
        },
        "cohort",
    )


def _check_readers(study: Study) -> Iterator[Finding]:
    readers = study_readers(study)
    if not readers:
        yield Finding(_("There is no reader."), "study")
    coordinators = set(study.cohort.coordinators.values_list("pk", flat=True))
    unblinded = _unblinded_elsewhere(study)
    for reader in readers:
        user = reader.user
        name = {"reader": user.get_username()}
        is_person = not (study.simulated_readers or reader.simulated)
        if is_person and not user.is_active:
            yield Finding(
                _("The account of the reader %(reader)s is disabled.") % name, "study"
            )
        if user.is_superuser or user.is_staff:
            yield Finding(
                _("%(reader)s administers the site, so cannot read blinded.") % name,
                "study",
            )
        if user.pk in coordinators:
            yield Finding(
                _("%(reader)s coordinates the cohort, so cannot read blinded.") % name,
                "cohort",
            )
        if user.pk in unblinded:
            yield Finding(
                _(
                    "%(reader)s is a coordinator or statistician of another study of "
                    "the same cohort, so cannot read blinded."
                )
                % name,
                "study",
            )


def _unblinded_elsewhere(study: Study) -> set[int]:
    """Who may learn, from another study, how the same images were made."""
    people = User.objects.filter(
        memberships__study__cohort=study.cohort_id,
        memberships__role__in=[
            Membership.Role.COORDINATOR,
            Membership.Role.STATISTICIAN,
        ],
    )
    return set(people.values_list("pk", flat=True))


def blinded_elsewhere(study: Study) -> set[int]:
    """Who reads another study of the same cohort that is not unblinded yet."""
    readers = Membership.objects.filter(
        study__cohort=study.cohort_id,
        study__state__in=[Study.State.OPEN, Study.State.CLOSED],
        role=Membership.Role.READER,
    ).exclude(study=study)
    return set(readers.values_list("user", flat=True))


def _check_unblinded_people(study: Study) -> Iterator[Finding]:
    """This study would tell these people what they read blinded in another."""
    blinded = blinded_elsewhere(study)
    people = study.memberships.exclude(role=Membership.Role.READER)
    for person in people.select_related("user").order_by("role", "pk"):
        if person.user_id in blinded:
            yield Finding(
                _(
                    "%(person)s (%(role)s) reads another study of the same cohort "
                    "that is not unblinded yet, so cannot see this one."
                )
                % {
                    "person": person.user.get_username(),
                    "role": person.get_role_display(),
                },
                "study",
            )


def _check_schedule(study: Study, cases: list[Case]) -> Iterator[Finding]:
    arms = planned_arms(study)
    impossible = _impossible(study, cases, arms, study.spacing)
    if impossible:
        reason = _why_impossible(study, cases, arms) or str(impossible)
        yield Finding(reason, "study" if cases else "cohort")


def _impossible(
    study: Study, cases: list[Case], arms: list[PlannedArm], spacing: int
) -> ImpossibleSchedule | None:
    try:
        check_constraints(
            cases=len(cases), arms=arms, sessions=study.sessions, spacing=spacing
        )
    except ImpossibleSchedule as impossible:
        return impossible
    return None


def _why_impossible(study: Study, cases: list[Case], arms: list[PlannedArm]) -> str:
    """The reason in the language of the page; empty for one not known here."""
    if not cases:
        return _("There is no case to read.")
    if not arms:
        return _("There is no arm to read.")
    numbers = {"sessions": study.sessions, "cases": len(cases)}
    if study.sessions > len(cases):
        return (
            _(
                "%(sessions)d sessions need at least as many cases, so that every "
                "session holds every arm; there are %(cases)d."
            )
            % numbers
        )
    if study.sessions == 1 and any(arm.repeated for arm in arms):
        return _(
            "An arm that is read twice needs at least two sessions: the second "
            "reading is never in the session of the first."
        )
    if _impossible(study, cases, arms, 0):
        return ""
    too_wide = bisect_left(
        range(study.spacing),
        True,
        key=lambda spacing: _impossible(study, cases, arms, spacing) is not None,
    )
    return ngettext(
        "A spacing of %(spacing)d reads is too wide for %(cases)d cases in "
        "%(sessions)d session; at most %(widest)d is possible.",
        "A spacing of %(spacing)d reads is too wide for %(cases)d cases in "
        "%(sessions)d sessions; at most %(widest)d is possible.",
        study.sessions,
    ) % {**numbers, "spacing": study.spacing, "widest": too_wide - 1}
