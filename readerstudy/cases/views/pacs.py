"""Examinations in a PACS (DICOM: studies): looked for, chosen, fetched by a worker."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from readerstudy.imaging.errors import Refused

from ..forms.pacs import FetchForm, SearchForm
from ..gateways import pacs
from ..models import Upload
from ..services import pulling
from ..wording import refusals_told, told
from .access import HttpRequest, may_upload, upload_or_404


@never_cache
@require_http_methods(["GET", "POST"])
@may_upload
def pacs_search(request: HttpRequest) -> HttpResponse:
    """One address, and what is looked for is posted: it shall stand in no log."""
    search = SearchForm(request.POST or None)
    fetch = FetchForm(request.POST if "fetch" in request.POST else None)
    context = {"search": search, "fetch": fetch, "configured": bool(settings.PACS)}
    if not search.is_valid():
        return render(request, "cases/pacs_search.html", context)
    with refusals_told(request):
        if fetch.is_valid():
            upload = pulling.pull_open(
                user=request.user,
                pacs=search.cleaned_data["pacs"],
                studies=_chosen(request),
                **fetch.cleaned_data,
            )
            return redirect("cases:cohort-confirm", upload.pk)
    try:
        with pacs.Remote(pacs.server_named(search.cleaned_data["pacs"])) as remote:
            context["studies"], context["is_cut"] = remote.studies(search.query())
    except Refused as error:
        context["error"] = told(str(error))
    return render(request, "cases/pacs_search.html", context)


def _chosen(request: HttpRequest) -> list[str]:
    if request.POST["fetch"] == "all":  # one field: a form may not have thousands
        return request.POST.get("shown", "").split()
    return request.POST.getlist("study")


@never_cache
@require_GET
@may_upload
def pacs_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of an upload's page that tells how far fetching is."""
    upload = upload_or_404(request, pk)
    receiving = upload.state == Upload.State.RECEIVING
    if request.htmx and receiving and not upload.error:
        stale = pulling.pull_is_stale(upload)
        context = {"upload": upload, "stale": stale}
        return render(request, "cases/pacs_progress.html", context)
    if request.htmx:
        return HttpResponseClientRefresh()
    return redirect("cases:cohort-confirm", pk)


@require_POST
@may_upload
def pacs_retry(request: HttpRequest, pk: int) -> HttpResponse:
    upload = upload_or_404(request, pk)
    with refusals_told(request):
        pulling.pull_retry(upload=upload)
    return redirect("cases:cohort-confirm", pk)
