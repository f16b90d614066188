"""From files to a cohort: sending, progress, the pairing to confirm."""

from functools import partial
from http import HTTPStatus

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from readerstudy.imaging.errors import Refused

from .. import selectors, services
from ..forms.sending import ConfirmForm, TakeForm, UploadForm
from ..models import Upload
from ..pages.confirm import confirm_page
from ..services import pulling
from ..transfers.sealing_handler import SealingHandler
from ..wording import refusals_told, told
from .access import HttpRequest, may_upload, upload_or_404, waiting_or_404
from .sealed_form import sealed_form

# What a broken line costs at most; small enough for any proxy's patience.
PIECE_BYTES = 16 * 2**20


@require_GET
@may_upload
def cohort_list(request: HttpRequest) -> HttpResponse:
    context = {
        "cohorts": selectors.cohorts_of(request.user),
        "uploads": selectors.uploads_of(request.user),
        "inbox": selectors.inbox(),
    }
    return render(request, "cases/cohort_list.html", context)


@csrf_exempt  # only until the files can be sealed; sealed_form checks the token
@require_http_methods(["GET", "POST"])
@may_upload
def cohort_upload(request: HttpRequest) -> HttpResponse:
    """The page, and the form as it comes from a browser without scripts."""
    if request.method == "GET":
        return _upload_page(request, UploadForm())

    def again(error: str, status: int) -> HttpResponse:
        return _upload_page(request, UploadForm(), error, status)

    return sealed_form(request, again=again, take=partial(_cohort_upload, request))


def _cohort_upload(request: HttpRequest, handler: SealingHandler) -> HttpResponse:
    form = UploadForm(request.POST)
    if not form.is_valid():
        return _upload_page(request, form)
    try:
        upload = services.parcel_take(
            parcel=handler.parcel, by=request.user, **form.cleaned_data
        )
    except Refused as error:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return _upload_page(request, form, str(error), status)
    return redirect("cases:cohort-confirm", upload.pk)


def _upload_page(
    request: HttpRequest, form: UploadForm, error: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "error": told(error),
        "piece_bytes": PIECE_BYTES,
        "limit_bytes": settings.COHORT_UPLOAD_MAX_BYTES,
        "unfinished": selectors.unfinished_of(request.user),
    }
    return render(request, "cases/cohort_upload.html", context, status=status)


@require_http_methods(["GET", "POST"])
@may_upload
def cohort_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """One address: progress, then the pairing to confirm, then progress again."""
    upload = waiting_or_404(request, pk)
    if request.method == "POST":
        form = ConfirmForm(request.POST)
        with refusals_told(request):
            if form.is_valid():
                services.upload_confirm(upload=upload, **form.cleaned_data)
        return redirect("cases:cohort-confirm", pk)
    if upload.state == Upload.State.RECEIVING:
        context = {
            "upload": selectors.upload_counted(upload),
            "form": TakeForm(),
            "stale": pulling.pull_is_stale(upload),
        }
        return render(request, "cases/upload_receiving.html", context)
    working = upload.state in services.uploads.WORKING
    if request.htmx and not working:
        return HttpResponseClientRefresh()
    if upload.state == Upload.State.DONE:
        return redirect("cases:cohort-detail", upload.cohort_id)
    context = {
        "upload": upload,
        "stale": services.uploads.upload_is_stale(upload),
        "can_retry": services.uploads.upload_can_retry(upload),
    }
    if request.htmx:
        return render(request, "cases/upload_progress.html", context)
    if upload.state == Upload.State.READY:
        context |= _pairing(request, upload)
    return render(request, "cases/cohort_confirm.html", context)


def _pairing(request: HttpRequest, upload: Upload) -> dict[str, object]:
    try:
        plan = services.uploads.upload_plan(upload)
    except Refused as error:
        return {"unreadable": told(str(error))}
    place = {name: request.GET.get(name, "") for name in ("show", "page", "singles")}
    return {"confirm": confirm_page(plan, **place)}


@require_POST
@may_upload
def upload_take(request: HttpRequest, pk: int) -> HttpResponse:
    """What a node or a PACS sent is complete, and this coordinator's."""
    upload = waiting_or_404(request, pk)
    form = TakeForm(request.POST)
    try:
        if not form.is_valid():
            raise Refused(_("Please give the cohort a name."))
        services.upload_take(upload=upload, by=request.user, **form.cleaned_data)
    except Refused as error:
        messages.error(request, told(str(error)))
        return redirect("cases:cohort-list")
    return redirect("cases:cohort-confirm", pk)


@require_POST
@may_upload
def upload_discard(request: HttpRequest, pk: int) -> HttpResponse:
    upload = waiting_or_404(request, pk)
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
    with refusals_told(request):
        services.upload_retry(upload=upload)
    return redirect("cases:cohort-confirm", pk)
