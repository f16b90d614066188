"""Which differences between the scans of a case still need a reason."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from .models import Case
from .plan import ParityFinding, ParityReport

# kind of a finding → in words, for tables and forms
KINDS: dict[str, Any] = {
    "matrix": _("matrix"),
    "slices": _("number of slices"),
    "spacing": _("size of the voxels"),
    "offset": _("displacement"),
    "offset-unknown": _("displacement not measurable"),
    "mirrored": _("mirrored?"),
    "counts": _("counts do not follow the durations"),
    "level": _("mean value"),
    "negative": _("values below zero"),
    "camera": _("camera"),
    "resampled": _("resampled from voxels of different sizes"),
    "frame": _("frame of reference"),
    "position": _("stated position"),
}
ACCEPTED = "accepted"  # beside the report within Case.parity: kind → reason


def report_of(case: Case) -> ParityReport | None:
    """None for a case that was imported before scans were compared."""
    return ParityReport.from_json(case.parity) if case.parity else None


def accepted_kinds(case: Case) -> dict[str, str]:
    """kind → why differences of that kind may stay in this case."""
    accepted: dict[str, str] = case.parity.get(ACCEPTED, {}) if case.parity else {}
    return accepted


def open_findings(case: Case) -> tuple[ParityFinding, ...]:
    """What could bias a comparison or tell arms apart, and nobody has accepted."""
    report, accepted = report_of(case), accepted_kinds(case)
    blocking = report.blocking if report else ()
    return tuple(one for one in blocking if one.kind not in accepted)
