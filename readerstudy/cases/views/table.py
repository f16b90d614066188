"""The page of a cohort: its table, filtered; its CSV; its division."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.study_types import STUDY_TYPES

from .. import selectors, services
from ..cohort_table.answer import csv_answer
from ..forms.table import DivideForm, TableForm, divide_form
from ..models import Cohort, Rendition
from ..pages import previews
from ..pages.stacks import cohort_looks
from ..selectors.table import (
    TableRow,
    cases_annotated,
    cases_wanted,
    problem_counts,
    split_counts,
)
from ..wording import told
from .access import HttpRequest, cohort_or_404, keep_for_a_day

CASES_A_PAGE = 50


@require_GET
def cohort_detail(request: HttpRequest, pk: int) -> HttpResponse:
    cohort = cohort_or_404(request, pk)
    return _cohort_page(request, cohort)


def _cohort_page(
    request: HttpRequest, cohort: Cohort, *, divide: DivideForm | None = None
) -> HttpResponse:
    methods = selectors.cohort_methods(cohort)
    kind = STUDY_TYPES[cohort.study_type]
    form = TableForm(request.GET, methods=list(methods), has_regions=kind.has_regions)
    every = cases_annotated(cohort, methods)
    wanted = cases_wanted(every, form.wanted()).prefetch_related("renditions", "series")
    page = Paginator(wanted, CASES_A_PAGE).get_page(request.GET.get("page"))
    shown = form.methods()
    parts = split_counts(cohort)
    counted = sum(count for _name, count in parts)
    context = {
        "cohort": cohort,
        "case_count": counted,
        "methods": methods,
        "shown": shown,
        "form": form,
        "query": _query(request),
        "page": page,
        "rows": [TableRow(case, shown) for case in page],
        "parts": parts,
        "problems": problem_counts(every),
        "divide": divide or divide_form(cohort, counted),
        "division": getattr(cohort, "division", None),
        "looks": cohort_looks(cohort, request.GET),
    }
    return render(request, "cases/cohort_detail.html", context)


def _query(request: HttpRequest) -> str:
    """What is filtered by, for links to other pages of the same table."""
    asked = [
        (key, value)
        for key, values in request.GET.lists()
        for value in values
        if key != "page" and value
    ]
    return urlencode(asked)


@require_GET
def cohort_export(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """The table as CSV, of the cases that the filter leaves."""
    cohort = cohort_or_404(request, pk)
    methods = selectors.cohort_methods(cohort)
    form = TableForm(request.GET, methods=list(methods))
    wanted = cases_wanted(cases_annotated(cohort, methods), form.wanted())
    excel = request.GET.get("excel") == "1"
    services.cohort_export_record(cohort=cohort, cases=wanted.count(), by=request.user)
    return csv_answer(cohort, wanted, list(methods), excel=excel)


@require_POST
def cohort_divide(request: HttpRequest, pk: int) -> HttpResponse:
    cohort = cohort_or_404(request, pk)
    form = DivideForm(request.POST)
    if not form.is_valid():
        return _cohort_page(request, cohort, divide=form)
    try:
        division = services.cohort_divide(
            cohort=cohort,
            sizes=form.sizes(),
            strata=form.cleaned_data["strata"],
            seed=form.cleaned_data["seed"],
            by=request.user,
        )
    except Refused as refusal:
        form.add_error(None, told(str(refusal)))
        return _cohort_page(request, cohort, divide=form)
    messages.success(
        request,
        _("The cohort is divided; the seed is %(seed)s.") % {"seed": division.seed},
    )
    return redirect("cases:cohort-detail", pk)


@require_GET
@keep_for_a_day
def rendition_strip(request: HttpRequest, pk: int) -> HttpResponse:
    """The five stored slices as one picture."""
    cohorts = Cohort.objects.visible_to(request.user)
    rendition = get_object_or_404(Rendition, pk=pk, case__cohort__in=cohorts)
    try:
        png = previews.strip_png(rendition, window=request.GET.get("window", ""))
    except Refused as error:
        raise Http404 from error
    return HttpResponse(png, content_type="image/png")
