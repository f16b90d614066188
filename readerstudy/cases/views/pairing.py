"""The pairs of an upload: pictures of them, and a person's corrections."""

from collections.abc import Callable
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_POST

from readerstudy.imaging.errors import Refused

from ..forms.corrections import TWO_SCANS, PairingForm
from ..models import Upload
from ..pages import previews
from ..pages.confirm import confirm_page, what_happened
from ..plan import CohortPlan
from ..services import pairing, uploads
from ..services.receiving import upload_folder
from ..wording import told
from .access import HttpRequest, may_upload, upload_or_404


@require_POST
@may_upload
def pairing_update(request: HttpRequest, pk: int) -> HttpResponse:
    """One act on the pairs; a part of the page for htmx, else the page again."""
    upload = upload_or_404(request, pk)
    form = PairingForm(request.POST)
    error, said = "", ""
    try:
        if form.is_valid():
            act = form.cleaned_data["act"]
            said = what_happened(act, ACTS[act](upload, form))
        else:
            error = str(next(iter(form.non_field_errors()), TWO_SCANS))
    except Refused as refusal:
        error = told(str(refusal))
    place = {name: form[name].value() or "" for name in ("show", "page", "singles")}
    if not request.htmx:
        if error:
            messages.error(request, error)
        else:
            messages.success(request, said)
        address = reverse("cases:cohort-confirm", args=[pk])
        return redirect(f"{address}?{urlencode(place)}#pairing")
    upload.refresh_from_db()
    context = {"upload": upload, "error": error, "said": said}
    try:
        plan = uploads.upload_plan(upload)
    except Refused:  # another window has imported or discarded it
        raise Http404 from None
    context["confirm"] = confirm_page(plan, **place)
    return render(request, "cases/plan_pairing.html", context)


def _swap(upload: Upload, form: PairingForm) -> CohortPlan:
    return pairing.pair_swap(upload=upload, **form.two_scans())


def _drop(upload: Upload, form: PairingForm) -> CohortPlan:
    return pairing.pair_drop(upload=upload, **form.two_scans())


def _make(upload: Upload, form: PairingForm) -> CohortPlan:
    return pairing.pair_make(upload=upload, **form.two_scans())


def _alone(upload: Upload, form: PairingForm) -> CohortPlan:
    if count := form.cleaned_data["all_of"]:
        return pairing.cases_make_all_alone(upload=upload, count=count)
    return pairing.cases_make_alone(upload=upload, scans=form.cleaned_data["scans"])


def _accept(upload: Upload, form: PairingForm) -> CohortPlan:
    return pairing.pairs_accept(upload=upload, pairs=form.cleaned_data["pairs"])


def _resampling(upload: Upload, form: PairingForm) -> CohortPlan:
    return pairing.plan_set_resampling(
        upload=upload, resampling=form.cleaned_data["resampling"]
    )


ACTS: dict[str, Callable[[Upload, PairingForm], CohortPlan]] = {
    "swap": _swap,
    "drop": _drop,
    "make": _make,
    "alone": _alone,
    "accept": _accept,
    "resampling": _resampling,
}


@require_GET
@may_upload
@cache_control(private=True, no_store=True)
def scan_preview(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Three slices of one scan of an upload, the middle one `?slice=`, from 0."""
    upload = upload_or_404(request, pk)
    try:
        png = previews.scan_png(
            upload_folder(upload),
            number=number,
            slice_index=int(request.GET.get("slice", "")),
            study_type=upload.study_type,
            unit=request.GET.get("unit", ""),
        )
    except (Refused, ValueError) as error:
        raise Http404 from error
    return HttpResponse(png, content_type="image/png")
