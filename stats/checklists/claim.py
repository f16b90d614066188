"""Checklist for Artificial Intelligence in Medical Imaging, 2024, in our words.

Tejani AS et al. (2024) Checklist for Artificial Intelligence in Medical Imaging
(CLAIM): 2024 update. Radiol Artif Intell 6:e240300. doi:10.1148/ryai.240300
"""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..reporting.report import Report
from ..templatetags.report_numbers import label
from . import answers, ungraded
from .items import Answer, Answered, Item, answered, authors


def _goal(report: Report) -> Answer:
    if not report.is_graded:
        return ungraded.goal(report)
    plan = report.primary
    if plan.primary and plan.control:
        told = _("“%(primary)s” against “%(control)s” by kappa, margin %(margin)s.") % {
            "primary": plan.primary.title,
            "control": plan.control.title,
            "margin": _("none") if plan.margin is None else f"{plan.margin:g}",
        }
    else:
        told = _("The protocol names no primary comparison: arms are reported alike.")
    return Answer(told, ("plan",))


def _preprocessing(report: Report) -> Answer:
    if not report.is_graded:
        return ungraded.preprocessing(report)
    return Answer(
        _(
            "Five slices around the one with the highest count, central 64×64 pixels, "
            "each divided by its own maximum; three are shown, with the window rule "
            "“%(window)s”."
        )
        % {"window": label(report.window, "window_rule")},
        ("facts",),
    )


def _deidentified(report: Report) -> Answer:
    return Answer(
        _(
            "Only voxels and an allow-list of attributes are kept, patients as keyed "
            "digests (docs/deidentification.md). Readers saw neither codes nor names."
        ),
        ("facts",),
    )


def _software(report: Report) -> Answer:
    return Answer(
        _(
            "The program's version, the SHA-256 of its code and the versions of its "
            "libraries stand under “Provenance”; what a network was trained with is on "
            "its card."
        ),
        ("facts",),
    )


def _models(report: Report) -> Answer:
    if not report.is_graded:
        return ungraded.models(report)
    arms = [line.arm for line in report.kappa]
    told = "; ".join(f"{arm.title}: {arm.method}" for arm in arms)
    return Answer(
        _(
            "Arms and what made them, networks with the first digits of the SHA-256 of "
            "their weights: %(arms)s. The card of each network tells its layers, "
            "training and data."
        )
        % {"arms": told or "–"},
        ("agreement",),
    )


def _failures(report: Report) -> Answer:
    if not report.is_graded:
        return ungraded.failures(report)
    return Answer(
        _(
            "Worst cases of each arm are ranked with their images; over-correction and "
            "sides that could not be assessed have tables of their own."
        ),
        ("striatum", "bias"),
    )


def _internal(report: Report) -> Answer:
    return Answer(
        _(
            "By patient: a network is not run on a case whose patient its weights "
            "learned from, as far as the card of the weights tells."
        ),
        ("facts",),
    )


def _agreement(report: Report) -> Answer:
    if not report.is_graded:
        return ungraded.agreement(report)
    return Answer(
        _("Agreement among readers and of each reader with the same reader."),
        ("several-readers", "agreement"),
    )


def _protocol(report: Report) -> Answer:
    return Answer(
        _("Protocol SHA-256 %(hash)s; amendments: %(n)s.")
        % {"hash": report.protocol_sha256, "n": len(report.conduct.amendments)},
        ("facts", "conduct"),
    )


def _metrics(report: Report) -> Answer:
    if not report.is_graded:
        return ungraded.metrics(report)
    found = answers.analysis(report)
    names = ", ".join(
        _("%(metric)s (range %(range)s)")
        % {"metric": one.key.upper(), "range": one.data_range}
        for one in report.plan.metrics
    )
    return Answer(f"{found.told} {names}.", ("plan", "image-quality", "agreement"))


def _accuracy(report: Report) -> Answer:
    if not report.is_graded:
        return ungraded.accuracy(report)
    return Answer(
        _("Normal against abnormal: sensitivity and specificity with intervals."),
        ("bias",),
    )


# item → what it asks, and what answers it
_ASKED = (
    (
        gettext_lazy("Title names the kind of artificial intelligence."),
        authors(gettext_lazy("for instance “convolutional network”.")),
    ),
    (gettext_lazy("Structured abstract."), authors(gettext_lazy("the abstract."))),
    (
        gettext_lazy("Background, intended use and role."),
        authors(gettext_lazy("what the images are for.")),
    ),
    (gettext_lazy("Aims and hypotheses."), _goal),
    (
        gettext_lazy("Prospective or retrospective."),
        authors(
            gettext_lazy("how images were collected; the reading itself was planned.")
        ),
    ),
    (gettext_lazy("Goal of the study."), _goal),
    (gettext_lazy("Data sources."), authors(gettext_lazy("hospital, years, cameras."))),
    (
        gettext_lazy("Who was included and excluded."),
        authors(gettext_lazy("criteria; the cohort lists files that were refused.")),
    ),
    (gettext_lazy("Preprocessing of data."), _preprocessing),
    (
        gettext_lazy("Selection of parts of the data."),
        authors(gettext_lazy("which cases of the cohort were taken, and why.")),
    ),
    (gettext_lazy("De-identification."), _deidentified),
    (gettext_lazy("Missing data."), answers.missing),
    (
        gettext_lazy("How images were acquired."),
        authors(gettext_lazy("dose, times, collimators, reconstruction, corrections.")),
    ),
    (gettext_lazy("The reference standard."), answers.standard),
    (
        gettext_lazy("Why this reference standard."),
        authors(gettext_lazy("why nothing better was to be had.")),
    ),
    (gettext_lazy("Who made the reference standard."), answers.standard),
    (gettext_lazy("How the test set was annotated."), answers.process),
    (gettext_lazy("Variability between and within readers."), _agreement),
    (gettext_lazy("How data were divided."), _internal),
    (gettext_lazy("At which level the parts are disjoint."), _internal),
    (gettext_lazy("Intended sample size."), answers.size),
    (gettext_lazy("The model."), _models),
    (gettext_lazy("Software."), _software),
    (
        gettext_lazy("Initial parameters."),
        authors(gettext_lazy("seed and start, from the network's card.")),
    ),
    (
        gettext_lazy("Training."),
        authors(gettext_lazy("recipe, epochs and augmentation, from the card.")),
    ),
    (
        gettext_lazy("Choice of the final model."),
        authors(gettext_lazy("by the validation part, from the card.")),
    ),
    (
        gettext_lazy("Ensembles."),
        authors(gettext_lazy("whether several networks were combined.")),
    ),
    (gettext_lazy("Measures of performance."), _metrics),
    (gettext_lazy("Significance and uncertainty."), answers.analysis),
    (gettext_lazy("Robustness and sensitivity."), answers.sensitivity),
    (
        gettext_lazy("Explainability."),
        authors(gettext_lazy("methods, or that there were none.")),
    ),
    (gettext_lazy("Evaluation on internal data."), _internal),
    (
        gettext_lazy("Test on external data."),
        authors(gettext_lazy("other hospitals' images, or that there were none.")),
    ),
    (
        gettext_lazy("Registration of the trial."),
        authors(gettext_lazy("registry and number, or that there is none.")),
    ),
    (gettext_lazy("Numbers included and excluded."), answers.size),
    (
        gettext_lazy("Characteristics of the cases."),
        authors(gettext_lazy("age, sex and diagnoses of each part of the data.")),
    ),
    (gettext_lazy("Performance with uncertainty."), answers.results),
    (gettext_lazy("Diagnostic accuracy."), _accuracy),
    (gettext_lazy("Analysis of failures."), _failures),
    (
        gettext_lazy("Limitations."),
        authors(gettext_lazy("begin with what this report calls not estimable.")),
    ),
    (
        gettext_lazy("Meaning for practice."),
        authors(gettext_lazy("intended use and clinical role.")),
    ),
    (gettext_lazy("Where the full protocol is."), _protocol),
    (gettext_lazy("Whether software, model and data are to be had."), answers.files),
    (gettext_lazy("Funding."), authors(gettext_lazy("sources and their role."))),
)
ITEMS = tuple(Item(n, asks, answer) for n, (asks, answer) in enumerate(_ASKED, start=1))


def claim(report: Report) -> tuple[Answered, ...]:
    return answered(ITEMS, report)
