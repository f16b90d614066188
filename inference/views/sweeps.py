"""Pages on which coordinators vary one thing and see what it does."""

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import slugify
from django.views.decorators.http import require_GET, require_POST

from inference import services
from inference.cohort_pairs import find_obstacle, learnable
from inference.models import Sweep
from inference.sweep_forms import EXAMPLES, SweepForm
from inference.sweep_pages import SweepRow, csv_lines, sweep_page, sweep_rows
from readerstudy.cases.models import Cohort
from readerstudy.cases.wording import refusals_told, told
from readerstudy.imaging.errors import Refused

from .fetching import Request, fetch_cohort


def _fetch_sweep(request: Request, pk: int, sweep_pk: int) -> Sweep:
    cohort = fetch_cohort(request, pk)
    sweeps = cohort.sweeps.select_related("cohort", "requested_by")
    return get_object_or_404(sweeps, pk=sweep_pk)


@require_GET
def sweep_list(request: Request, pk: int) -> HttpResponse:
    cohort = fetch_cohort(request, pk)
    if request.htmx:
        rows = sweep_rows(cohort)
        context = {"cohort": cohort, "rows": rows, "active": _active(rows)}
        return render(request, "inference/_sweep_table.html", context)
    chosen = next((e for e in EXAMPLES if e.key == request.GET.get("example")), None)
    asked = chosen or EXAMPLES[0]
    form = SweepForm(initial=asked.asked(learnable(cohort).training))
    return _page(request, cohort, form)


def _page(
    request: Request, cohort: Cohort, form: SweepForm, status: int = 200
) -> HttpResponse:
    rows, parts = sweep_rows(cohort), learnable(cohort)
    context = {
        "cohort": cohort,
        "form": form,
        "rows": rows,
        "active": _active(rows),
        "parts": parts,
        "examples": EXAMPLES,
        "obstacle": find_obstacle(cohort, parts),
    }
    return render(request, "inference/sweep_list.html", context, status=status)


def _active(rows: list[SweepRow]) -> bool:
    return any(row.active for row in rows)


@require_POST
def sweep_request(request: Request, pk: int) -> HttpResponse:
    cohort = fetch_cohort(request, pk)
    form = SweepForm(request.POST)
    if form.is_valid():
        try:
            sweep = services.sweep_request(
                cohort=cohort, user=request.user, **form.cleaned_data
            )
        except Refused as refusal:
            form.add_error(None, told(str(refusal)))
        else:
            return redirect("inference:sweep-detail", cohort.pk, sweep.pk)
    return _page(request, cohort, form, status=422)


@require_GET
def sweep_detail(request: Request, pk: int, sweep_pk: int) -> HttpResponse:
    sweep = _fetch_sweep(request, pk, sweep_pk)
    context = {"cohort": sweep.cohort, "sweep": sweep, "page": sweep_page(sweep)}
    name = "_sweep_progress" if request.htmx else "sweep_detail"
    return render(request, f"inference/{name}.html", context)


@require_POST
def sweep_stop(request: Request, pk: int, sweep_pk: int) -> HttpResponse:
    sweep = _fetch_sweep(request, pk, sweep_pk)
    with refusals_told(request):
        services.sweep_stop(sweep=sweep, by=request.user)
    return redirect("inference:sweep-detail", pk, sweep_pk)


@require_POST
def sweep_restart(request: Request, pk: int, sweep_pk: int) -> HttpResponse:
    sweep = _fetch_sweep(request, pk, sweep_pk)
    with refusals_told(request):
        services.sweep_restart(sweep=sweep, by=request.user)
    return redirect("inference:sweep-detail", pk, sweep_pk)


@require_GET
def sweep_export(request: Request, pk: int, sweep_pk: int) -> StreamingHttpResponse:
    sweep = _fetch_sweep(request, pk, sweep_pk)
    name = slugify(sweep.title) or "sweep"
    return StreamingHttpResponse(
        csv_lines(sweep),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )
