"""Pages on which coordinators see what a method does to images."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_POST

from inference import services
from inference.job_pages import worker_rows
from inference.models import StabilityRun
from inference.stability_runs.forms import StabilityForm
from inference.stability_runs.pages import method_rows, stability_page
from readerstudy.cases.models import Stability
from readerstudy.cases.pages.stability import case_png
from readerstudy.cases.selectors.stability import stability_cases
from readerstudy.cases.wording import refusals_told
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.map_pictures import STYLES

from .fetching import Request, fetch_cohort


def _fetch_run(request: Request, pk: int, run_pk: int) -> StabilityRun:
    cohort = fetch_cohort(request, pk)
    return get_object_or_404(cohort.stabilityruns, pk=run_pk)


def _fetch_stability(request: Request, pk: int, method: str) -> Stability:
    rows = Stability.objects.select_related("cohort")
    return get_object_or_404(rows, cohort=fetch_cohort(request, pk), method=method)


@require_GET
def stability_list(request: Request, pk: int) -> HttpResponse:
    cohort = fetch_cohort(request, pk)
    rows = method_rows(cohort)
    context = {
        "cohort": cohort,
        "rows": rows,
        "workers": worker_rows(),
        "active": any(row.run and row.run.active for row in rows),
    }
    if request.htmx:
        return render(request, "inference/_stability_table.html", context)
    context["form"] = StabilityForm(cohort=cohort)
    return render(request, "inference/stability_list.html", context)


@require_POST
def stability_request(request: Request, pk: int) -> HttpResponse:
    cohort = fetch_cohort(request, pk)
    form = StabilityForm(request.POST, cohort=cohort)
    if not form.is_valid():
        messages.error(request, form.first_error)
        return redirect("inference:stability-list", cohort.pk)
    with refusals_told(request):
        for method in form.methods:
            services.stability_request(
                cohort=cohort,
                method=method,
                chosen=form.settings,
                user=request.user,
            )
    return redirect("inference:stability-list", cohort.pk)


@require_POST
def stability_cancel(request: Request, pk: int, run_pk: int) -> HttpResponse:
    run = _fetch_run(request, pk, run_pk)
    with refusals_told(request):
        services.stability_cancel(run=run, by=request.user)
    return redirect("inference:stability-list", pk)


@require_POST
def stability_retry(request: Request, pk: int, run_pk: int) -> HttpResponse:
    run = _fetch_run(request, pk, run_pk)
    with refusals_told(request):
        services.stability_retry(run=run, by=request.user)
        messages.success(request, _("It goes on with the cases that are missing."))
    return redirect("inference:stability-list", pk)


@require_GET
def stability_detail(request: Request, pk: int, method: str) -> HttpResponse:
    stability = _fetch_stability(request, pk, method)
    context = {
        "cohort": stability.cohort,
        "page": stability_page(stability),
        "row": next(
            (row for row in method_rows(stability.cohort) if row.method == method), None
        ),
    }
    return render(request, "inference/stability_detail.html", context)


@require_GET
@cache_control(private=True, max_age=86400)  # its address carries the maps' hash
def stability_picture(
    request: Request, pk: int, method: str, code: str, name: str
) -> HttpResponse:
    """Reference, input, output and a map over it, of one case."""
    stability = _fetch_stability(request, pk, method)
    found = get_object_or_404(stability_cases(stability), case__code=code)
    if name not in STYLES:
        raise Http404
    try:
        png = case_png(found, map_name=name, slices=stability.series.get("slices", {}))
    except Refused as refusal:
        raise Http404 from refusal
    return HttpResponse(png, content_type="image/png")
