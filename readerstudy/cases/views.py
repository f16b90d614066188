"""Pages of cohorts: what was uploaded, how it was paired, how every arm looks."""

from http import HTTPStatus

from django import http
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import (
    FileResponse,
    Http404,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh
from django_htmx.middleware import HtmxDetails

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.preprocessing import STORED_SLICES

from . import previews, selectors, services, uploads
from .forms import CentralSliceForm, ConfirmForm, UploadForm
from .models import Cohort, Rendition, Series, Upload
from .wording import told

CASES_A_PAGE = 50


class HttpRequest(http.HttpRequest):
    """As the middleware leaves it: somebody is logged in."""

    user: User
    htmx: HtmxDetails


may_upload = permission_required("cases.add_cohort", raise_exception=True)
# A preview's address carries the hash of its image, so it never changes.
keep_for_a_day = cache_control(private=True, max_age=86400)


@require_GET
@may_upload
def cohort_list(request: HttpRequest) -> HttpResponse:
    waiting = Upload.objects.visible_to(request.user).exclude(state=Upload.State.DONE)
    return render(
        request,
        "cases/cohort_list.html",
        {"cohorts": selectors.cohorts_of(request.user), "uploads": waiting},
    )


@csrf_exempt  # only until the size is known; _cohort_upload checks the token
@require_http_methods(["GET", "POST"])
@may_upload
def cohort_upload(request: HttpRequest) -> HttpResponse:
    """Say no to too large an upload before reading it, which the token would need."""
    limit = settings.COHORT_UPLOAD_MAX_BYTES
    if int(request.META.get("CONTENT_LENGTH") or 0) > limit:
        error = _("The files are larger than %(size)d MB together.")
        return _upload_refused(
            request, UploadForm(), error % {"size": limit // 2**20}, 413
        )
    return _cohort_upload(request)


@csrf_protect
def _cohort_upload(request: HttpRequest) -> HttpResponse:
    form = UploadForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _upload_page(request, form)
    try:
        upload = services.upload_create(
            user=request.user,
            name=form.cleaned_data["name"],
            files=request.FILES.getlist("files"),
        )
    except Refused as error:
        return _upload_refused(
            request, form, told(str(error)), HTTPStatus.UNPROCESSABLE_ENTITY
        )
    address = reverse("cases:cohort-confirm", args=[upload.pk])
    if request.accepts("text/html"):
        return redirect(address)
    return JsonResponse({"location": address})


def _upload_page(
    request: HttpRequest, form: UploadForm, error: str = "", status: int = 200
) -> HttpResponse:
    limit = settings.COHORT_UPLOAD_MAX_BYTES // 2**20
    context = {"form": form, "error": error, "limit_mb": limit}
    return render(request, "cases/cohort_upload.html", context, status=status)


def _upload_refused(
    request: HttpRequest, form: UploadForm, error: str, status: int
) -> HttpResponse:
    if request.accepts("text/html"):
        return _upload_page(request, form, error, status)
    return JsonResponse({"error": error}, status=status)


def _upload_or_404(request: HttpRequest, pk: int) -> Upload:
    return get_object_or_404(Upload.objects.visible_to(request.user), pk=pk)


@require_http_methods(["GET", "POST"])
@may_upload
def cohort_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """One address: progress, then the pairing to confirm, then progress again."""
    upload = _upload_or_404(request, pk)
    if request.method == "POST":
        form = ConfirmForm(request.POST)
        try:
            if form.is_valid():
                services.upload_confirm(upload=upload, name=form.cleaned_data["name"])
        except Refused as error:
            messages.error(request, told(str(error)))
        return redirect("cases:cohort-confirm", pk)
    working = upload.state in uploads.WORKING
    if request.htmx and not working:
        return HttpResponseClientRefresh()
    if upload.state == Upload.State.DONE:
        return redirect("cases:cohort-detail", upload.cohort_id)
    context = {"upload": upload, "stale": uploads.upload_is_stale(upload)}
    if request.htmx:
        return render(request, "cases/upload_progress.html", context)
    if upload.state == Upload.State.READY:
        context["plan"] = plan = uploads.upload_plan(upload)
        context["left_out"] = selectors.reasons_and_files(plan)
    return render(request, "cases/cohort_confirm.html", context)


@require_POST
@may_upload
def upload_discard(request: HttpRequest, pk: int) -> HttpResponse:
    upload = _upload_or_404(request, pk)
    try:
        services.upload_discard(upload=upload, by=request.user)
    except Refused as error:
        messages.error(request, told(str(error)))
        return redirect("cases:cohort-confirm", pk)
    messages.success(request, _("The files were discarded."))
    return redirect("cases:cohort-list")


@require_POST
@may_upload
def upload_retry(request: HttpRequest, pk: int) -> HttpResponse:
    upload = _upload_or_404(request, pk)
    try:
        services.upload_retry(upload=upload)
    except Refused as error:
        messages.error(request, told(str(error)))
    return redirect("cases:cohort-confirm", pk)


@require_GET
@may_upload
@cache_control(private=True, no_store=True)
def upload_preview(
    request: HttpRequest, pk: int, code: str, role: str
) -> HttpResponseBase:
    upload = _upload_or_404(request, pk)
    try:
        file = uploads.preview_path(upload, code=code, role=role).open("rb")
    except OSError as error:
        raise Http404 from error
    return FileResponse(file, content_type="image/png")


def _cohort_or_404(request: HttpRequest, pk: int) -> Cohort:
    return get_object_or_404(Cohort.objects.visible_to(request.user), pk=pk)


@require_GET
def cohort_detail(request: HttpRequest, pk: int) -> HttpResponse:
    cohort = _cohort_or_404(request, pk)
    methods = selectors.cohort_methods(cohort)
    cases = cohort.cases.prefetch_related("renditions", "series")
    page = Paginator(cases, CASES_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "cohort": cohort,
        "methods": methods,
        "page": page,
        "rows": [selectors.case_row(case, methods) for case in page],
        "middle": STORED_SLICES // 2,
    }
    return render(request, "cases/cohort_detail.html", context)


@require_GET
def case_detail(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    cohort = _cohort_or_404(request, pk)
    case = get_object_or_404(cohort.cases, code=code)
    methods = selectors.cohort_methods(cohort)
    context = {
        "cohort": cohort,
        "case": case,
        "renditions": selectors.case_row(case, methods).renditions,
        "series": case.series.all(),
        "reference": case.series.filter(role=Series.Role.REFERENCE).first(),
        "slices": selectors.stored_slices(case),
    }
    return render(request, "cases/case_detail.html", context)


@require_POST
def case_update(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """Correct the central slice."""
    cohort = _cohort_or_404(request, pk)
    case = get_object_or_404(cohort.cases, code=code)
    form = CentralSliceForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Please give the number of a slice."))
        return redirect("cases:case-detail", pk, code)
    try:
        services.case_set_central_slice(
            case=case,
            central_slice=form.cleaned_data["slice_number"] - 1,
            by=request.user,
        )
    except Refused as error:
        messages.error(request, told(str(error)))
    else:
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
    if slice_index >= STORED_SLICES:
        raise Http404
    try:
        png = previews.rendition_png(rendition, slice_index=slice_index)
    except Refused as error:
        raise Http404 from error
    return HttpResponse(png, content_type="image/png")


@require_GET
@keep_for_a_day
def colour_bar(request: HttpRequest) -> HttpResponse:
    """The colours from 0 to the maximum, left to right."""
    return HttpResponse(previews.colour_bar_png(), content_type="image/png")
