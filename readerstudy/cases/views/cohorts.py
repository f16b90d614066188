"""Cohorts that are imported: how they were paired, how every arm looks."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from readerstudy.imaging.errors import Refused

from .. import selectors, services
from ..forms.sending import CentralSliceForm
from ..models import Cohort, Rendition, Series
from ..pages import previews
from ..pages.case import case_checks
from ..pages.stacks import stack_looks
from ..wording import refusals_told
from .access import HttpRequest, cohort_or_404, keep_for_a_day


@require_GET
def case_detail(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    cohort = cohort_or_404(request, pk)
    case = get_object_or_404(cohort.cases, code=code)
    methods = selectors.cohort_methods(cohort)
    reference = case.series.filter(role=Series.Role.REFERENCE).first()
    looks = stack_looks(case, request.GET)
    context = {
        "cohort": cohort,
        "case": case,
        "renditions": selectors.case_row(case, methods).renditions,
        "made_of_it": selectors.case_has_made_images(case),
        "series": case.series.all(),
        "reference": reference,
        "slice_numbers": range(1, reference.slices + 1) if reference else (),
        "slices": looks.slices if looks else selectors.stored_slices(case),
        "looks": looks,
        "checks": case_checks(case),
    }
    return render(request, "cases/case_detail.html", context)


@require_POST
def case_update(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """Correct the central slice."""
    cohort = cohort_or_404(request, pk)
    case = get_object_or_404(cohort.cases, code=code)
    form = CentralSliceForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Please choose a slice and say why."))
        return redirect("cases:case-detail", pk, code)
    with refusals_told(request):
        services.case_set_central_slice(
            case=case,
            central_slice=form.cleaned_data["slice_number"] - 1,
            reason=form.cleaned_data["reason"],
            by=request.user,
        )
        messages.success(
            request,
            _("The case is now read at slice %(number)d.")
            % {"number": form.cleaned_data["slice_number"]},
        )
    return redirect("cases:case-detail", pk, code)


@require_GET
@keep_for_a_day
def rendition_preview(request: HttpRequest, pk: int, slice_index: int) -> HttpResponse:
    cohorts = Cohort.objects.visible_to(request.user)
    rendition = get_object_or_404(Rendition, pk=pk, case__cohort__in=cohorts)
    window = request.GET.get("window", "")
    try:
        png = previews.rendition_png(rendition, slice_index=slice_index, window=window)
    except Refused as error:
        raise Http404 from error
    return HttpResponse(png, content_type="image/png")


@require_GET
@keep_for_a_day
def colour_bar(request: HttpRequest) -> HttpResponse:
    """The colours from 0 to the maximum, left to right."""
    return HttpResponse(previews.colour_bar_png(), content_type="image/png")
