"""Answers of a checklist where a study asked for something else than grades."""

from django.utils.translation import gettext as _

from ..reporting.arms import ArmName
from ..reporting.presented import PAIRED
from ..reporting.report import Report
from ..templatetags.whole_words import metric_title, told, whole
from .items import Answer

# fields of the report → anchor of its section
SECTIONS = {
    "preferences": "preferences",
    "ratings": "ratings",
    "confidence": "confidence",
    "fidelity": "fidelity",
}


def sections(report: Report) -> tuple[str, ...]:
    """Anchors of the sections that tell what readers said."""
    return tuple(anchor for field, anchor in SECTIONS.items() if getattr(report, field))


def arms(report: Report) -> tuple[ArmName, ...]:
    """Without the reference."""
    if report.unreferenced:
        return report.unreferenced
    return tuple(one.arm for one in report.quality[0].arms) if report.quality else ()


def read_twice(report: Report) -> set[str]:
    """Codes of arms, also of those that were shown in pairs."""
    return {
        code
        for line in report.assessability
        if line.repeat
        for code in line.arm.code.split(PAIRED)
    }


def preprocessing(report: Report) -> Answer:
    if report.stacks is None:
        return Answer(
            _(
                "Five slices around the one with the highest count, central 64×64 "
                "pixels, each divided by its own maximum; three are shown."
            ),
            ("facts",),
        )
    of = report.stacks.scale
    return Answer(
        _(
            "None: whole stacks in their unit. All that is shown lies between %(low)s "
            "and %(high)s %(unit)s; windows stand at the head of the report."
        )
        % {
            "low": whole(of.shown_low),
            "high": whole(of.shown_high),
            "unit": of.unit,
        },
        ("facts", "stacks"),
    )


def standard(report: Report) -> Answer:
    if report.confidence and report.unreferenced:
        return Answer(
            _(
                "Whether the finding is there is given by the protocol, for "
                "%(known)s of %(all)s cases; they have no reference image."
            )
            % {
                "known": report.cases - report.confidence.unknown,
                "all": report.cases,
            },
            ("confidence", "facts"),
        )
    if report.confidence:
        return Answer(
            _(
                "Whether the finding is there is given by the protocol, for "
                "%(known)s of %(all)s cases; images are measured against “%(arm)s”."
            )
            % {
                "known": report.cases - report.confidence.unknown,
                "all": report.cases,
                "arm": report.reference.title,
            },
            ("confidence", "facts"),
        )
    if report.unreferenced:
        return Answer(
            _(
                "The cases have no reference: images are measured against none, and "
                "answers are compared with those of “%(arm)s”."
            )
            % {"arm": report.reference.title},
            ("facts", "image-quality"),
        )
    return Answer(
        _("Images are measured against “%(arm)s”, which was read blinded as well.")
        % {"arm": report.reference.title},
        ("facts",),
    )


def analysis(report: Report) -> Answer:
    words = {
        "preferences": _("abilities by Bradley and Terry with ties"),
        "ratings": _("visual grading characteristics and ordinal regression"),
        "confidence": _(
            "areas under ROC curves (DeLong), and for other readers by Obuchowski, "
            "Rockette and Hillis"
        ),
        "fidelity": _("rates with intervals and Cochran's Q"),
    }
    found = "; ".join(said for field, said in words.items() if getattr(report, field))
    return Answer(
        _(
            "%(methods)s; 95 %% intervals clustered by patient, Holm over the "
            "comparisons; rank tests on patient means. docs/statistics.md has each "
            "formula and its sources."
        )
        % {"methods": found or _("Image quality alone")},
        ("asked", *sections(report)),
    )


def missing(report: Report) -> Answer:
    return Answer(
        _(
            "%(declined)s of %(answered)s answers could not be given, %(unread)s "
            "planned reads were not made and %(images)s images could not be measured; "
            "each is counted where it is missing, and nothing is put in its place."
        )
        % {
            "declined": report.sides.declined,
            "answered": report.sides.answered,
            "unread": report.reads_planned - report.reads_submitted,
            "images": len(report.images_missing),
        },
        ("not-assessable", "facts") if report.sides.declined else ("facts",),
    )


def results(report: Report) -> Answer:
    return Answer(
        _(
            "Estimates with their intervals (95 %), clustered by patient; what is not "
            "estimable says why."
        ),
        (*sections(report), "image-quality"),
    )


def sensitivity(report: Report) -> Answer:
    told = _("Numbers of each reader stand beside those of all.")
    if report.ratings or report.confidence:
        told += " " + _("For readers beyond these: Obuchowski and Rockette.")
    if report.preferences:
        told += " " + _("Whether readers lean to one side of the screen is tested.")
    return Answer(told, sections(report))


def models(report: Report) -> Answer:
    listed = "; ".join(f"{arm.title}: {arm.method}" for arm in arms(report))
    return Answer(
        _(
            "Arms and what made them, networks with the first digits of the SHA-256 of "
            "their weights: %(arms)s. The card of each network tells its layers, "
            "training and data."
        )
        % {"arms": listed or "–"},
        ("image-quality",),
    )


def failures(report: Report) -> Answer:
    if report.fidelity:
        return Answer(
            _("Images in which readers saw something wrong, with their marks."),
            ("fidelity",),
        )
    if report.unreferenced:
        return Answer(
            _("Without a reference no case can be called the worst."),
            ("image-quality",),
        )
    place = "stacks" if report.stacks else "striatum"
    return Answer(_("Worst cases of each arm are ranked with their images."), (place,))


def agreement(report: Report) -> Answer:
    if report.reliability:
        return Answer(
            _(
                "Agreement among the readers, and of each reader's second answers with "
                "the first where images were read twice."
            ),
            ("reliability", *sections(report)),
        )
    return Answer(
        _("Numbers of each reader stand beside those of all."), sections(report)
    )


def goal(report: Report) -> Answer:
    plan = report.primary
    if plan.primary and plan.control:
        said = _("“%(primary)s” against “%(control)s”: %(questions)s.") % {
            "primary": plan.primary.title,
            "control": plan.control.title,
            "questions": "; ".join(told(one.words) for one in report.asked),
        }
    else:
        said = _("The protocol names no primary comparison: arms are reported alike.")
    return Answer(said, ("plan", "asked"))


def metrics(report: Report) -> Answer:
    if report.unreferenced:
        return analysis(report)
    names = ", ".join(
        metric_title(one)
        if one.data_range is None
        else _("%(metric)s (range %(range)s)")
        % {"metric": one.key.upper(), "range": one.data_range}
        for one in report.plan.metrics
    )
    return Answer(
        f"{analysis(report).told} {names}.", ("plan", "image-quality", "asked")
    )


def accuracy(report: Report) -> Answer:
    if report.confidence:
        return Answer(
            _("Areas under ROC curves; sensitivity and specificity at a cut."),
            ("confidence",),
        )
    return Answer(_("No diagnosis was asked for."), ("asked",))
