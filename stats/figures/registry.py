"""Which figures a report has."""

from collections.abc import Callable, Iterable

from django.utils import translation

from ..reporting.report import Report
from .kappas import kappas
from .picture import Picture
from .rendering import render

# Each gives None, or nothing, where the report has no data for it.
Maker = Callable[[Report], Picture | None]
MAKERS: tuple[Maker, ...] = (kappas,)


def figures(report: Report) -> dict[str, Picture]:
    """By name, in the order of the report."""
    made = [maker(report) for maker in MAKERS]
    return {one.name: one for one in made if one is not None}


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
