"""Freezing a report: measured, computed once, kept with what it was computed from."""

import hashlib
import json
import secrets
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from readerstudy.audit.selectors import anchor, events_of
from readerstudy.audit.services import event_record
from readerstudy.imaging.errors import Refused
from readerstudy.reading.models import Study

from .models import FrozenReport, ReportWork
from .reporting.building import report_build
from .reporting.inputs import Inputs, inputs
from .reporting.keeping import report_json
from .reporting.stability_section import stability_digests
from .selectors import check_unblinded
from .services import image_quality_measure
from .versions import library_versions, program_sha256, program_version

MEASURING_SECONDS = 5.0  # between two signs of life
# Nobody computes a report for as long as this: whoever holds it then has died.
SILENT_FOR = timedelta(minutes=1)


def frozen_last(study: Study) -> FrozenReport | None:
    return study.frozen_reports.order_by("number").last()


def report_freeze(
    *, study: Study, by: User | None = None, reason: str = ""
) -> FrozenReport:
    """The study's frozen report; with a reason, its next version.

    Without a reason it is computed only where there is none yet, so any number may
    ask at once and get the same. Images without a measurement are named in it:
    measure first (services.image_quality_measure). Refused before unblinding.
    """
    check_unblinded(study)
    reason = reason.strip()
    last = frozen_last(study)
    if last and not reason:
        return last
    if reason and not last:
        raise Refused(
            _("There is no frozen report yet: the first one needs no reason.")
        )
    found = inputs(study)
    with translation.override("en"):  # what is kept is of no one's language
        content = report_json(report_build(study=study))
    try:
        return _keep(study, content, found, by, reason)
    except IntegrityError:  # on PostgreSQL, another one was quicker
        return _keep(study, content, found, by, reason)


@transaction.atomic
def _keep(
    study: Study, content: str, found: Inputs, by: User | None, reason: str
) -> FrozenReport:
    study = Study.objects.select_for_update().defer("protocol").get(pk=study.pk)
    last = frozen_last(study)
    if last and not reason:
        return last
    before = anchor()
    frozen = FrozenReport.objects.create(
        study=study,
        number=last.number + 1 if last else 1,
        content=content,
        sha256=hashlib.sha256(content.encode()).hexdigest(),
        built_at=timezone.now(),
        built_by=by,
        reason=reason,
        program=program_version(),
        program_sha256=program_sha256(),
        libraries=library_versions(),
        audit_events=before.events,
        audit_anchor=before.hash,
        **vars(found),
    )
    event_record(
        action="study.freeze_report",
        actor=by,
        subject=("study", study.slug),
        study=study.slug,
        after={
            "version": frozen.number,
            "report": frozen.sha256,
            "protocol": frozen.protocol_sha256,
            "answers": frozen.answers_sha256,
            "images": frozen.images_sha256,
        },
        reason=reason,
    )
    return frozen


def report_work(*, study: Study) -> FrozenReport | None:
    """Measure all images, then compute and freeze; None where another one is at it.

    Killed at any moment it leaves measurements, which are kept, and a claim, which
    is passed over after a while.
    """
    if last := frozen_last(study):
        return last
    claim = claim_take(study)
    if claim is None:
        return None
    try:
        while not image_quality_measure(study=study, seconds=MEASURING_SECONDS):
            claim_beat(study, claim)
        claim_beat(study, claim)
        return report_freeze(study=study)
    finally:
        claim_drop(study, claim)


def report_step(*, study: Study, seconds: float) -> FrozenReport | None:
    """Measure for about `seconds`; freeze, once everything is measured. None: not yet.

    For doors, which answer soon; where a worker is at it, they leave it to that.
    """
    if last := frozen_last(study):
        return last
    if is_worked_on(study) or not image_quality_measure(study=study, seconds=seconds):
        return None
    return report_work(study=study)


def claim_take(study: Study) -> str | None:
    """A new claim on computing the study's report; None while somebody holds one."""
    claim, now = secrets.token_hex(16), timezone.now()
    work, created = ReportWork.objects.get_or_create(
        study=study, defaults={"claim": claim, "beat_at": now}
    )
    if created:
        return claim
    silent = ReportWork.objects.filter(
        pk=work.pk, claim=work.claim, beat_at__lt=now - SILENT_FOR
    )
    return claim if silent.update(claim=claim, beat_at=now) else None


def is_worked_on(study: Study) -> bool:
    """Somebody holds the claim and was heard of lately."""
    since = timezone.now() - SILENT_FOR
    return ReportWork.objects.filter(study=study, beat_at__gte=since).exists()


def claim_beat(study: Study, claim: str) -> None:
    ReportWork.objects.filter(study=study, claim=claim).update(beat_at=timezone.now())


def claim_drop(study: Study, claim: str) -> None:
    ReportWork.objects.filter(study=study, claim=claim).delete()


def changed_since(frozen: FrozenReport) -> tuple[str, ...]:
    """What is no longer as it was when the report was frozen, by name.

    Of: report (its text, against its hash and the audit log), protocol, answers,
    images, stability. Reads every answer of the study.
    """
    now = inputs(frozen.study)
    pairs = {
        "report": content_is_whole(frozen),
        "protocol": now.protocol_sha256 == frozen.protocol_sha256,
        "answers": now.answers_sha256 == frozen.answers_sha256,
        "images": now.images_sha256 == frozen.images_sha256,
        "stability": _stability_is_same(frozen),
    }
    return tuple(name for name, same in pairs.items() if not same)


def stability_is_newer(frozen: FrozenReport) -> bool:
    """The suite has looked at arms of which this report says nothing."""
    return not stability_digests(frozen.study).keys() <= _stability(frozen).keys()


def _stability_is_same(frozen: FrozenReport) -> bool:
    """Of the arms that the report tells of; those looked at since change none of it."""
    now = stability_digests(frozen.study)
    return all(now.get(arm) == told for arm, told in _stability(frozen).items())


def _stability(frozen: FrozenReport) -> dict[str, str]:
    """Code of each arm → digest of what the stability suite had found of it."""
    try:
        told = json.loads(frozen.content).get("stability") or {"arms": ()}
    except ValueError:  # somebody altered it, which is told by itself
        return {}
    return {one["arm"]["code"]: one["found_sha256"] for one in told["arms"]}


def content_is_whole(frozen: FrozenReport) -> bool:
    """The text gives its hash, and the audit log says that it was this one."""
    if hashlib.sha256(frozen.content.encode()).hexdigest() != frozen.sha256:
        return False
    said = events_of(frozen.study.slug).filter(
        action="study.freeze_report", after__report=frozen.sha256
    )
    return any((e.after or {}).get("version") == frozen.number for e in said)
