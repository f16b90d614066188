"""What the report's page and its PDF are given: the same body, in the same words."""

import re
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from readerstudy.reading.models import Study

from .checklists import claim, grras
from .figures.registry import figure_context
from .models import FrozenReport
from .reporting.keeping import report_read
from .reporting.report import Report
from .selectors import compared_arms

HEADING = re.compile(r'<section[^>]*\bid="([\w-]+)"[^>]*>\s*<h2[^>]*>(.*?)</h2>', re.S)
KEPT = 8  # bodies in memory, of some 300 kB each
TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True)
class Section:
    """A line of the table of contents."""

    anchor: str
    title: str


def report_body(
    *,
    study: Study,
    report: Report,
    frozen: FrozenReport | None,
    slice_wise: bool = False,
) -> SafeString:
    """The report as HTML from its warnings to its provenance, in the active language.

    frozen: None for one that was computed by choices of the page. Of a frozen report
    it is always the same text.
    """
    context: dict[str, Any] = {
        "study": study,
        "report": report,
        "frozen": frozen,
        "arms": compared_arms(study),
        "slice_wise": slice_wise,
        "checklists": _checklists(report),
        **figure_context(report, version=frozen.number if frozen else None),
    }
    return render_to_string("stats/_report_body.html", context)


@dataclass(frozen=True)
class Body:
    """A report and the HTML that shows it."""

    report: Report
    html: SafeString
    sections: tuple[Section, ...]


def frozen_body(frozen: FrozenReport) -> Body:
    """In the active language. Refused for one that this program cannot read."""
    return _frozen_body(frozen.pk, frozen.sha256, get_language() or "en")


@lru_cache(KEPT)
def _frozen_body(pk: int, sha256: str, language: str) -> Body:
    """It never changes, so a process makes it once."""
    frozen = FrozenReport.objects.select_related("study").get(pk=pk)
    report = report_read(frozen.content)
    with override(language):
        html = report_body(study=frozen.study, report=report, frozen=frozen)
    return Body(report, html, sections(html))


def _checklists(report: Report) -> list[dict[str, Any]]:
    """That of agreement studies only where there are grades that can agree."""
    agreeing = {
        "key": "grras",
        "title": _("Checklist for agreement studies (GRRAS)"),
        "source": "Kottner et al. 2011, doi:10.1016/j.jclinepi.2010.03.002.",
    }
    imaging = {
        "key": "claim",
        "title": _("Checklist for artificial intelligence in imaging (CLAIM)"),
        "source": "Tejani et al. 2024, doi:10.1148/ryai.240300.",
        "lines": claim(report),
    }
    if not report.is_graded:
        return [imaging]
    return [{**agreeing, "lines": grras(report)}, imaging]


def sections(body: str) -> tuple[Section, ...]:
    """The sections of a body that have a heading and can be pointed at, in order."""
    return tuple(
        Section(anchor, " ".join(unescape(TAG.sub("", title)).split()))
        for anchor, title in HEADING.findall(body)
    )
