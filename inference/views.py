"""Pages on which coordinators run methods and look after weights."""

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.middleware import HtmxDetails

from inference.forms import JobForm, WeightsForm
from inference.models import Job, Weights
from readerstudy.cases.models import Cohort
from readerstudy.cases.wording import told
from readerstudy.imaging.errors import Refused

from . import registry, selectors, services


class Request(HttpRequest):
    """As the middleware hands it over: somebody is logged in, htmx is known."""

    user: User
    htmx: HtmxDetails


def _fetch_cohort(request: Request, pk: int) -> Cohort:
    return get_object_or_404(Cohort.objects.visible_to(request.user), pk=pk)


def _fetch_job(request: Request, pk: int, job_pk: int) -> Job:
    cohort = _fetch_cohort(request, pk)
    return get_object_or_404(cohort.jobs, pk=job_pk)


def _fetch_uploader(request: Request) -> User:
    """The user, if they may look after weights; to others the page is not there."""
    if not request.user.has_perm("inference.add_weights"):
        raise Http404
    return request.user


@require_GET
def job_list(request: Request, pk: int) -> HttpResponse:
    cohort = _fetch_cohort(request, pk)
    rows = selectors.cohort_jobs(cohort)
    context = {
        "cohort": cohort,
        "rows": rows,
        "active": any(row.job.active for row in rows),
    }
    if request.htmx:
        return render(request, "inference/_job_table.html", context)
    return render(request, "inference/job_list.html", {**context, "form": JobForm()})


@require_POST
def job_request(request: Request, pk: int) -> HttpResponse:
    cohort = _fetch_cohort(request, pk)
    form = JobForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose one of the methods in the list."))
        return redirect("inference:job-list", cohort.pk)
    choice = form.cleaned_data["method"]
    try:
        services.job_request(
            cohort=cohort,
            method=choice.spec.key,
            weights=choice.weights,
            user=request.user,
        )
    except Refused as refusal:
        messages.error(request, told(str(refusal)))
    return redirect("inference:job-list", cohort.pk)


@require_POST
def job_cancel(request: Request, pk: int, job_pk: int) -> HttpResponse:
    job = _fetch_job(request, pk, job_pk)
    try:
        services.job_cancel(job=job, by=request.user)
    except Refused as refusal:
        messages.error(request, told(str(refusal)))
    return redirect("inference:job-list", pk)


@require_POST
def job_retry(request: Request, pk: int, job_pk: int) -> HttpResponse:
    job = _fetch_job(request, pk, job_pk)
    try:
        services.job_retry(job=job, by=request.user)
    except Refused as refusal:
        messages.error(request, told(str(refusal)))
    return redirect("inference:job-list", pk)


@require_GET
def weights_list(request: Request) -> HttpResponse:
    _fetch_uploader(request)
    return render(
        request,
        "inference/weights_list.html",
        {
            "weights": Weights.objects.select_related("uploaded_by"),
            "methods": registry.METHODS.values(),
        },
    )


@require_http_methods(["GET", "POST"])
def weights_upload(request: Request) -> HttpResponse:
    user = _fetch_uploader(request)
    form = WeightsForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            weights = services.weights_upload(
                file=form.cleaned_data["file"],
                title=form.cleaned_data["title"],
                user=user,
            )
        except Refused as refusal:
            form.add_error("file", told(str(refusal)))
        else:
            messages.success(
                request, _("The weights “%(title)s” are ready.") % {"title": weights}
            )
            return redirect("inference:weights-list")
    status = 422 if form.is_bound else 200
    return render(
        request, "inference/weights_upload.html", {"form": form}, status=status
    )
