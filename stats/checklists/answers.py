"""Answers that both checklists give, from what the report holds."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..reporting.report import Report
from ..templatetags.report_numbers import kappa_name
from . import ungraded
from .items import Answer


def size(report: Report) -> Answer:
    """How many readers, cases and readings were planned and made."""
    words = _(
        "%(readers)s readers, %(cases)s cases of %(patients)s patients, %(arms)s "
        "arms beside the reference; %(done)s of %(planned)s planned reads made. "
        "Arms read twice: %(twice)s."
    )
    if report.unreferenced:
        words = _(
            "%(readers)s readers, %(cases)s cases of %(patients)s patients, %(arms)s "
            "arms and no reference; %(done)s of %(planned)s planned reads made. Arms "
            "read twice: %(twice)s."
        )
    twice = {line.arm.code for line in report.intra_reader}
    return Answer(
        words
        % {
            "readers": len(report.readers),
            "cases": report.cases,
            "patients": report.patients,
            "arms": len(report.multireader.means or ungraded.arms(report)),
            "done": report.reads_submitted,
            "planned": report.reads_planned,
            "twice": len(twice or ungraded.read_twice(report)),
        },
        ("facts", "conduct"),
    )


def process(report: Report) -> Answer:
    """How the images were read."""
    parts = [
        _(
            "Every image was read blinded to how it was made and to the case, in an "
            "order drawn anew for each reader; sessions, washout and every other "
            "setting stand in the protocol (SHA-256 %(hash)s…)."
        )
        % {"hash": report.protocol_sha256[:12]},
    ]
    if report.conduct.gate:
        parts.append(_("Readers trained on images with known grades before."))
    if any(one.displays for one in report.conduct.readers):
        parts.append(_("Displays were checked and viewing conditions told."))
    deviations = sum(sum(one.deviations) for one in report.conduct.readers)
    said = ngettext(
        "%d deviation from the protocol is listed.",
        "%d deviations from the protocol are listed.",
        deviations,
    )
    parts.append(said % deviations)
    return Answer(" ".join(parts), ("facts", "conduct"))


def independence(report: Report) -> Answer:
    told = _(
        "Readers worked apart, under codes, each with an order of their own, and saw "
        "no answer of another; what they did stands in a hash-chained log."
    )
    leaks = report.conduct.leak_oracle
    if leaks:
        told += " " + _(
            "A leak oracle that looked at what browsers receive found %(n)s leaks."
        ) % {"n": leaks.leaks}
    places = ("conduct", "blinding") if report.blinding else ("conduct",)
    return Answer(told, places)


def standard(report: Report) -> Answer:
    if not report.is_graded:
        return ungraded.standard(report)
    words = {
        "own": _("each reader's own reading of “%(arm)s”"),
        "median": _("the median of the readers of “%(arm)s”"),
        "majority": _("the majority of the readers of “%(arm)s”"),
        "given": _("grades that the protocol gives"),
    }[report.plan.standard]
    if "%(arm)s" in words:
        words %= {"arm": report.reference.title}
    return Answer(
        _("The reference standard is %(words)s.") % {"words": words}, ("facts", "plan")
    )


def analysis(report: Report) -> Answer:
    """Which statistics, and how uncertainty is told."""
    if not report.is_graded:
        return ungraded.analysis(report)
    return Answer(
        _(
            "%(kappa)s of each reader and arm with 95 %% intervals "
            "clustered by patient (delta method), means and differences joint over "
            "readers and patients, Holm over the comparisons; rank tests on patient "
            "means. docs/statistics.md has each formula and its sources."
        )
        % {"kappa": kappa_name(report.plan.weighting)},
        ("plan", "agreement", "arms-compared"),
    )


def missing(report: Report) -> Answer:
    if not report.is_graded:
        return ungraded.missing(report)
    declined = report.sides
    return Answer(
        _(
            "%(declined)s of %(answered)s sides could not be assessed, %(unread)s "
            "planned reads were not made and %(images)s images could not be measured; "
            "each is counted where it is missing, and nothing is put in its place."
        )
        % {
            "declined": declined.declined,
            "answered": declined.answered,
            "unread": report.reads_planned - report.reads_submitted,
            "images": len(report.images_missing),
        },
        ("not-assessable", "facts") if declined.declined else ("facts",),
    )


def results(report: Report) -> Answer:
    if not report.is_graded:
        return ungraded.results(report)
    return Answer(
        _(
            "Estimates with their intervals (95 %), clustered by patient; what is not "
            "estimable says why."
        ),
        ("agreement", "arms-compared", "several-readers", "image-quality", "bias"),
    )


def sensitivity(report: Report) -> Answer:
    if not report.is_graded:
        return ungraded.sensitivity(report)
    return Answer(
        _(
            "Beside the planned analysis: for readers beyond these (Obuchowski and "
            "Rockette), arms swapped within patients, bootstrap intervals, and each "
            "arm on all the sides that it has."
        ),
        ("plan", "arms-compared", "several-readers"),
    )


def files(report: Report) -> Answer:
    return Answer(
        _(
            "The export holds every read, every table, a data dictionary, the "
            "protocol and an R script that recomputes the tables. Frozen report and "
            "protocol are known by their SHA-256."
        ),
        ("details",) if report.is_graded else ("facts",),
    )
