"""A person says why differences between the scans of a case may stay."""

from collections.abc import Collection, Sequence

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.audit.services import event_record
from readerstudy.imaging.errors import Refused

from ..acceptance import ACCEPTED, accepted_kinds, open_findings
from ..models import Case, Cohort

CHANGED = ["parity", "parity_reason", "parity_accepted_at", "parity_accepted_by"]


@transaction.atomic
def case_accept_parity(*, case: Case, reason: str, by: User) -> Case:
    """All that differs in one case."""
    reason = check_reason(reason)
    cohort = Cohort.objects.select_for_update().get(pk=case.cohort_id)
    case = Case.objects.get(pk=case.pk)
    kinds = [finding.kind for finding in open_findings(case)]
    if not kinds:
        raise Refused(_("Nothing in this case waits for a reason."))
    _accept(case, kinds, reason, by)
    case.save(update_fields=CHANGED)
    event_record(
        action="case.parity",
        actor=by,
        subject=("case", f"{cohort.name}/{case.code}"),
        after={"kinds": kinds, "reason": reason},
    )
    return case


@transaction.atomic
def cohort_accept_parity(*, cohort: Cohort, kind: str, reason: str, by: User) -> int:
    """Differences of one kind in every case that has one; how many cases."""
    reason = check_reason(reason)
    cohort = Cohort.objects.select_for_update().get(pk=cohort.pk)
    waiting = [case for case, kinds in cases_waiting(cohort) if kind in kinds]
    if not waiting:
        raise Refused(_("No case has a difference of this kind that waits."))
    for case in waiting:
        _accept(case, [kind], reason, by)
    Case.objects.bulk_update(waiting, CHANGED, batch_size=100)
    event_record(
        action="case.parity",
        actor=by,
        subject=("cohort", cohort.name),
        after={"kinds": [kind], "cases": len(waiting), "reason": reason},
    )
    return len(waiting)


def cases_waiting(cohort: Cohort) -> Sequence[tuple[Case, Collection[str]]]:
    """Cases with a difference that waits for a reason, and its kinds."""
    cases = cohort.cases.exclude(parity={}).filter(parity_accepted_at=None)
    found = [(case, {one.kind for one in open_findings(case)}) for case in cases]
    return [(case, kinds) for case, kinds in found if kinds]


def check_reason(reason: str) -> str:
    """Without padding. Refused if nothing is left, or it is too long."""
    reason = reason.strip()
    longest = Case._meta.get_field("parity_reason").max_length or 0
    if not reason:
        raise Refused(_("Please give a reason."))
    if len(reason) > longest:
        raise Refused(
            _("The reason is longer than %(longest)d characters.")
            % {"longest": longest}
        )
    return reason


def _accept(case: Case, kinds: Collection[str], reason: str, by: User) -> None:
    accepted = {**accepted_kinds(case), **dict.fromkeys(kinds, reason)}
    case.parity = {**case.parity, ACCEPTED: accepted}
    case.parity_reason = " / ".join(dict.fromkeys(accepted.values()))[:500]
    case.parity_accepted_by = by
    if not open_findings(case):
        case.parity_accepted_at = timezone.now()
