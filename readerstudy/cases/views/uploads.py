"""From files to a cohort: sending, progress, the pairing to confirm."""

from http import HTTPStatus

from django.conf import settings
from django.contrib import messages
from django.http import (
    Http404,
    HttpResponse,
    JsonResponse,
)
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from readerstudy.imaging.errors import Refused

from .. import previews, selectors, services
from ..forms import ConfirmForm, UploadForm
from ..models import Upload
from ..wording import told
from .access import HttpRequest, may_upload, upload_or_404


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


@require_http_methods(["GET", "POST"])
@may_upload
def cohort_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """One address: progress, then the pairing to confirm, then progress again."""
    upload = upload_or_404(request, pk)
    if request.method == "POST":
        form = ConfirmForm(request.POST)
        try:
            if form.is_valid():
                services.upload_confirm(upload=upload, name=form.cleaned_data["name"])
        except Refused as error:
            messages.error(request, told(str(error)))
        return redirect("cases:cohort-confirm", pk)
    working = upload.state in services.uploads.WORKING
    if request.htmx and not working:
        return HttpResponseClientRefresh()
    if upload.state == Upload.State.DONE:
        return redirect("cases:cohort-detail", upload.cohort_id)
    context = {"upload": upload, "stale": services.uploads.upload_is_stale(upload)}
    if request.htmx:
        return render(request, "cases/upload_progress.html", context)
    if upload.state == Upload.State.READY:
        context["plan"] = plan = services.uploads.upload_plan(upload)
        context["left_out"] = selectors.reasons_and_files(plan)
    return render(request, "cases/cohort_confirm.html", context)


@require_POST
@may_upload
def upload_discard(request: HttpRequest, pk: int) -> HttpResponse:
    upload = upload_or_404(request, pk)
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
    upload = upload_or_404(request, pk)
    try:
        services.upload_retry(upload=upload)
    except Refused as error:
        messages.error(request, told(str(error)))
    return redirect("cases:cohort-confirm", pk)


@require_GET
@may_upload
@cache_control(private=True, no_store=True)
def upload_preview(request: HttpRequest, pk: int, code: str, role: str) -> HttpResponse:
    upload = upload_or_404(request, pk)
    try:
        png = previews.planned_png(
            services.uploads.upload_plan(upload), code=code, role=role
        )
    except (Refused, LookupError) as error:
        raise Http404 from error
    return HttpResponse(png, content_type="image/png")
