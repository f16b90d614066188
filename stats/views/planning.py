"""How large a study must be: precision and power before anybody reads."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from readerstudy.reading.selectors import may_see_studies

from ..figures.planned import Planned
from ..figures.rendering import render as draw
from ..figures.style import THEMES
from ..forms import PlanningForm
from ..planning import expected, grid, patients_needed, spread_of
from ..planning.precision import LEAST_READERS as READERS
from .access import Request

PATIENTS = (20, 30, 40, 50, 75, 100, 150, 200, 300)
POWERS = (0.8, 0.9)


@require_safe
def planning(request: Request) -> HttpResponse:
    """The form and, where it can be computed, what such a study would show."""
    _check_may_plan(request)
    form = PlanningForm.filled(request.GET)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        context |= _computed(form.cleaned_data)
        context["query"] = request.GET.urlencode()
    return render(request, "stats/planning.html", context)


def _computed(given: dict[str, Any]) -> dict[str, Any]:
    design, margin, readers = given["design"], given["margin"], given["readers"]
    spread = spread_of(design, readers=readers)
    rows = grid(design, spread, patients=PATIENTS, margin=margin)
    return {
        "found": expected(
            design, spread, patients=given["patients"], readers=readers, margin=margin
        ),
        "margin": margin,
        "difference": design.difference,
        "needed": [
            (
                power,
                patients_needed(
                    design, spread, readers=readers, margin=margin, power=power
                ),
            )
            for power in POWERS
        ],
        "rows": [row[:READERS] for row in rows],
        "readers": range(1, READERS + 1),
        "picture": Planned(
            tuple(tuple(row[r - 1] for row in rows) for r in (1, 3, READERS)), margin
        ),
    }


@require_safe
def planning_figure(request: Request) -> HttpResponse:
    """The figure of the page with the same query."""
    _check_may_plan(request)
    theme = request.GET.get("theme", "light")
    form = PlanningForm.filled(request.GET)
    if theme not in THEMES or not form.is_valid():
        raise Http404
    picture = _computed(form.cleaned_data)["picture"]
    response = HttpResponse(draw(picture, theme=theme), content_type="image/svg+xml")
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _check_may_plan(request: Request) -> None:
    """Those who run studies or analyse them."""
    if not may_see_studies(request.user):
        raise Http404
