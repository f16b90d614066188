"""Differences between the scans of cases, and why they may stay; slices to choose."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from readerstudy.imaging.errors import Refused

from ..forms.corrections import ParityForm
from ..models import Series
from ..pages import previews
from ..pages.case import kinds_waiting
from ..services import parity
from ..wording import told
from .access import HttpRequest, cohort_or_404, keep_for_a_day


@require_GET
def cohort_parity(request: HttpRequest, pk: int) -> HttpResponse:
    cohort = cohort_or_404(request, pk)
    context = {"cohort": cohort, "kinds": kinds_waiting(cohort)}
    return render(request, "cases/cohort_parity.html", context)


@require_POST
def parity_accept(request: HttpRequest, pk: int) -> HttpResponse:
    """In one case (code), or in all that differ so (kind)."""
    cohort = cohort_or_404(request, pk)
    form = ParityForm(request.POST)
    code = form["code"].value() or ""
    case = get_object_or_404(cohort.cases, code=code) if code else None
    try:
        if not form.is_valid():
            raise Refused(_("Please give a reason."))
        reason = form.cleaned_data["reason"]
        if case:
            parity.case_accept_parity(case=case, reason=reason, by=request.user)
            count = 1
        else:
            count = parity.cohort_accept_parity(
                cohort=cohort,
                kind=form.cleaned_data["kind"],
                reason=reason,
                by=request.user,
            )
    except Refused as error:
        messages.error(request, told(str(error)))
    else:
        said = ngettext(
            "The reason is kept with %(count)d case.",
            "The reason is kept with %(count)d cases.",
            count,
        )
        messages.success(request, said % {"count": count})
    if case:
        return redirect("cases:case-detail", pk, code)
    return redirect("cases:cohort-parity", pk)


@require_GET
@keep_for_a_day
def case_slice(request: HttpRequest, pk: int, code: str, index: int) -> HttpResponse:
    """One slice of the reference scan; a scan never changes once it is imported."""
    cohort = cohort_or_404(request, pk)
    series = get_object_or_404(
        Series, case__cohort=cohort, case__code=code, role=Series.Role.REFERENCE
    )
    try:
        png = previews.slice_png(series, index)
    except Refused as error:
        raise Http404 from error
    return HttpResponse(png, content_type="image/png")
