"""Changing the protocol of a study that is open: in the open, and never backwards."""

from decimal import Decimal
from typing import Any, Unpack

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.imaging.errors import Refused

from ..models import Amendment, Study
from ..preflight.plan import analysis_findings, gate_findings
from ..protocol.frozen import amended, current_sha256, number, plain, protocol_sha256
from ..recording import record_study
from .rights import check_coordinates
from .settings import Settings, settings_assign

# What decides which image is read when is drawn already, and what readers see or are
# asked must be the same for every read: none of that is here.
AMENDABLE = (
    "title",
    "washout_days",
    "answer_changes",
    "break_after_minutes",
    "long_pause_minutes",
    "asks_conditions",
    "least_slice_side",
    "gate",
    "gate_minimum",
    "primary_arm",
    "control_arm",
    "kappa_margin",
    "kappa_weights",
    "kappa_interval",
    "image_metrics",
    "metric_low",
    "metric_high",
    "stability_limits",
    "reference_standard",
    "given_standard",
)
NAMES_ARM = frozenset({"primary_arm", "control_arm"})
NAMES_CASE = frozenset({"given_standard"})
OF_THE_PLAN = NAMES_ARM | NAMES_CASE | {"kappa_margin", "reference_standard"}


@transaction.atomic
def protocol_amend(
    *,
    study: Study,
    by: User,
    reason: str,
    amends: str | None = None,
    **settings: Unpack[Settings],
) -> Amendment:
    """Let the protocol of an open or closed study be another from now on.

    Each amendment is a whole protocol with a hash of its own: it holds its number, its
    reason and the hash that it follows. amends: the SHA-256 of the protocol that `by`
    has seen; refused if it is another by now. None: whatever it is.
    """
    study = _amendable(study, by)
    follows = current_sha256(study)
    if amends not in (None, follows):
        raise Refused(_("The protocol was amended meanwhile. Look at it again."))
    if not (reason := reason.strip()):
        raise Refused(_("An amendment needs a reason."))
    changes = settings_change(study, settings)
    protocol = amended(study, changes)
    protocol["amendment"] = {
        "number": study.amendments.count() + 1,
        "reason": reason,
        "amends_sha256": follows,
    }
    study.save(update_fields=list(changes))
    amendment = Amendment.objects.create(
        study=study,
        number=protocol["amendment"]["number"],
        reason=reason,
        changes=changes,
        protocol=protocol,
        protocol_sha256=protocol_sha256(protocol),
        at=timezone.now(),
        by=by,
    )
    _record(study, amendment, follows, by)
    return amendment


def amendment_preview(
    *, study: Study, **settings: Unpack[Settings]
) -> dict[str, list[Any]]:
    """What an amendment would change; setting → [before, after]. Changes nothing."""
    return settings_change(Study.objects.get(pk=study.pk), settings)


def _amendable(study: Study, by: User) -> Study:
    """The study, locked, if its protocol may be amended."""
    study = Study.objects.select_for_update().get(pk=study.pk)
    check_coordinates(study, by)
    if study.state == Study.State.DRAFT:
        raise Refused(_("A draft is changed, not amended."))
    if study.state == Study.State.UNBLINDED:
        raise Refused(_("The study is unblinded; nothing can be amended any more."))
    if study.approvals.exists():
        raise Refused(
            _(
                "Somebody has agreed to unblind the study as it is. The protocol can "
                "be amended once that is taken back."
            )
        )
    return study


def settings_change(study: Study, settings: Settings) -> dict[str, list[Any]]:
    """Set them on `study`, unsaved; setting → [before, after] where they differ."""
    fixed = [name for name in settings if name not in AMENDABLE]
    if fixed:
        raise Refused(
            "\n".join(
                _("%s: cannot be changed once the study is open.") % name
                for name in fixed
            )
        )
    before = _values(study)
    settings_assign(study, settings)
    findings = []
    if {"gate", "gate_minimum"} & set(settings):
        findings += gate_findings(study)
    if OF_THE_PLAN & set(settings):
        findings += analysis_findings(study)
    if findings:
        raise Refused("\n".join(finding.message for finding in findings))
    after = _values(study)
    changes = {
        name: [before[name], after[name]]
        for name in AMENDABLE
        if before[name] != after[name]
    }
    if not changes:
        raise Refused(_("Nothing is changed."))
    return changes


def _values(study: Study) -> dict[str, Any]:
    return {name: _plain(getattr(study, name)) for name in AMENDABLE}


def _plain(value: Any) -> Any:
    """Fractions as text, whose digits are the same wherever they are hashed."""
    if isinstance(value, Decimal):
        return number(value)
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return plain(value) if isinstance(value, float) else value


def _record(study: Study, amendment: Amendment, follows: str, by: User) -> None:
    """Of arms and cases in the plan the log learns only that they are others."""
    before, after = (
        {
            name: values[side]
            for name, values in amendment.changes.items()
            if name not in NAMES_ARM | NAMES_CASE
        }
        for side in (0, 1)
    )
    after["amendment"] = amendment.number
    if NAMES_ARM & set(amendment.changes):
        after["analysis_arms"] = "changed"
    if NAMES_CASE & set(amendment.changes):
        after["given_standard"] = "changed"
    record_study(
        "study.amend",
        study=study,
        by=by,
        before={**before, "protocol_sha256": follows},
        after={**after, "protocol_sha256": amendment.protocol_sha256},
        reason=amendment.reason,
    )
