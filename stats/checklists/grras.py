"""Guidelines for Reporting Reliability and Agreement Studies, in our words.

Kottner J et al. (2011) Guidelines for Reporting Reliability and Agreement Studies
(GRRAS) were proposed. J Clin Epidemiol 64:96-106. doi:10.1016/j.jclinepi.2010.03.002
"""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..reporting.report import Report
from . import answers
from .items import Answer, Answered, Item, answered, authors


def _device(report: Report) -> Answer:
    return Answer(
        _("Grades %(low)s to %(high)s of each side: %(words)s.")
        % {
            "low": report.categories[0],
            "high": report.categories[-1],
            "words": "; ".join(
                f"{grade} {_(words)}"
                for grade, words in zip(
                    report.categories, report.grade_words, strict=True
                )
            ),
        },
        ("facts", "grades"),
    )


ITEMS = (
    Item(
        1,
        gettext_lazy("Title or abstract names the study of agreement."),
        authors(
            gettext_lazy("“inter- and intra-reader agreement” in title or abstract.")
        ),
    ),
    Item(2, gettext_lazy("The measurement that is studied."), _device),
    Item(
        3,
        gettext_lazy("The population of subjects."),
        authors(gettext_lazy("who was examined, where, when, and why.")),
    ),
    Item(
        4,
        gettext_lazy("The population of raters."),
        authors(gettext_lazy("profession and experience of readers like these.")),
    ),
    Item(
        5,
        gettext_lazy("What is known, and why the study was made."),
        authors(gettext_lazy("earlier agreement studies, and the gap.")),
    ),
    Item(6, gettext_lazy("How the sample size was chosen."), answers.size),
    Item(
        7,
        gettext_lazy("How subjects and raters were sampled."),
        authors(
            gettext_lazy("consecutive or chosen patients; how readers were invited.")
        ),
    ),
    Item(8, gettext_lazy("How ratings were made."), answers.process),
    Item(9, gettext_lazy("Whether ratings were independent."), answers.independence),
    Item(10, gettext_lazy("The statistical analysis."), answers.analysis),
    Item(11, gettext_lazy("Numbers of raters, subjects and replicates."), answers.size),
    Item(
        12,
        gettext_lazy("Characteristics of raters and subjects."),
        authors(gettext_lazy("years of experience; age, sex and diagnoses.")),
    ),
    Item(13, gettext_lazy("Estimates with their uncertainty."), answers.results),
    Item(
        14,
        gettext_lazy("What the results mean in practice."),
        authors(gettext_lazy("whether such agreement is enough for the use meant.")),
    ),
    Item(15, gettext_lazy("Detailed results for others."), answers.files),
)


def grras(report: Report) -> tuple[Answered, ...]:
    return answered(ITEMS, report)
