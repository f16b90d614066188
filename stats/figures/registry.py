"""Which figures a report has."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils import translation

from ..reporting.report import Report
from .bars import grades, shifts
from .bland_altman import bland_altman
from .confusion import confusion
from .differences import differences
from .examples import example_panels
from .picture import Picture
from .progress import progress
from .quality import Quality, qualities
from .readers import blinding_indices, kappas, times
from .rendering import render


def _made(report: Report) -> Iterator[Picture | None]:
    """In the order of the report; None where it has no data for a figure."""
    yield from qualities(report)
    yield from example_panels(report)
    yield bland_altman(report)
    yield kappas(report)
    yield differences(report)
    yield confusion(report)
    yield grades(report)
    yield shifts(report)
    yield times(report)
    yield blinding_indices(report)
    yield progress(report)


def figures(report: Report) -> dict[str, Picture]:
    """Every figure that the report has data for, by name."""
    return {one.name: one for one in _made(report) if one is not None}


def figure_files(
    report: Report, names: Iterable[str] | None, language: str
) -> dict[str, bytes]:
    """SVGs in the light theme with texts as outlines; for a document.

    names: None for all. Those that the report has no data for are left out, so the
    answer's keys say what there is.
    """
    with translation.override(language):
        found = figures(report)
        wanted = found if names is None else [name for name in names if name in found]
        return {name: render(found[name]) for name in wanted}


def figure_context(report: Report, *, version: int | None) -> dict[str, Any]:
    """What templates need to show them. version: of the frozen report; None: the last.

    No figure depends on the choices of a page, so a page that computes others shows
    the figures of the frozen report.
    """
    found = figures(report)
    return {
        "figures": found,
        "quality_figures": [one for one in found.values() if isinstance(one, Quality)],
        "figures_version": version,
    }
