"""Which figures a report has."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils import translation

from ..reporting.report import Report
from .bars import grades, shifts
from .bland_altman import bland_altman
from .confidence import confidence_figures
from .confusion import confusion
from .differences import differences
from .examples import example_panels
from .fidelity import fidelity_figures
from .picture import Picture
from .preferences import preference_figures
from .progress import progress
from .quality import Quality, qualities
from .questions import OfQuestion
from .ratings import rating_figures
from .readers import blinding_indices, kappas, times
from .reliability import AgainMarks, reliability_figures
from .rendering import render
from .stability import stability_figures
from .stability_maps import worst_maps
from .stack_examples import marked_cases, stack_panels


def _made(report: Report) -> Iterator[Picture | None]:
    """In the order of the report; None where it has no data for a figure."""
    yield from qualities(report)
    yield from stack_panels(report) if report.stacks else example_panels(report)
    yield bland_altman(report)
    yield from stability_figures(report)
    yield from worst_maps(report)
    yield kappas(report)
    yield differences(report)
    yield from question_figures(report)
    yield confusion(report)
    yield grades(report)
    yield shifts(report)
    yield times(report)
    yield blinding_indices(report)
    yield progress(report)


def question_figures(report: Report) -> Iterator[Picture]:
    """Of answers about whole images."""
    yield from preference_figures(report)
    yield from rating_figures(report)
    yield from confidence_figures(report)
    yield from fidelity_figures(report)
    yield from marked_cases(report)
    yield from reliability_figures(report)


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
        "question_figures": _by_question(
            one for one in found.values() if not isinstance(one, AgainMarks)
        ),
        "reliability_figures": _by_question(
            one for one in found.values() if isinstance(one, AgainMarks)
        ),
        "figures_version": version,
    }


def _by_question(found: Iterable[Picture]) -> dict[str, list[Picture]]:
    """Key of a question → its figures, in the order of the report."""
    by_key: dict[str, list[Picture]] = {}
    for one in found:
        if isinstance(one, OfQuestion):
            by_key.setdefault(one.question.key, []).append(one)
    return by_key
