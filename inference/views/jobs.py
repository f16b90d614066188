"""Pages on which coordinators run methods over a cohort."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from inference import services
from inference.forms import JobForm
from inference.job_pages import job_rows, worker_rows
from inference.models import Job
from readerstudy.cases.wording import refusals_told

from .fetching import Request, fetch_cohort


def _fetch_job(request: Request, pk: int, job_pk: int) -> Job:
    cohort = fetch_cohort(request, pk)
    return get_object_or_404(cohort.jobs, pk=job_pk)


@require_GET
def job_list(request: Request, pk: int) -> HttpResponse:
    cohort = fetch_cohort(request, pk)
    rows = job_rows(cohort)
    context = {
        "cohort": cohort,
        "rows": rows,
        "workers": worker_rows(),
        "active": any(row.job.active for row in rows),
    }
    if request.htmx:
        return render(request, "inference/_job_table.html", context)
    return render(request, "inference/job_list.html", {**context, "form": JobForm()})


@require_POST
def job_request(request: Request, pk: int) -> HttpResponse:
    cohort = fetch_cohort(request, pk)
    form = JobForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose one of the methods in the list."))
        return redirect("inference:job-list", cohort.pk)
    choice = form.cleaned_data["method"]
    with refusals_told(request):
        services.job_request(
            cohort=cohort,
            method=choice.spec.key,
            weights=choice.weights,
            user=request.user,
        )
    return redirect("inference:job-list", cohort.pk)


@require_POST
def job_cancel(request: Request, pk: int, job_pk: int) -> HttpResponse:
    job = _fetch_job(request, pk, job_pk)
    with refusals_told(request):
        services.job_cancel(job=job, by=request.user)
    return redirect("inference:job-list", pk)


@require_POST
def job_retry(request: Request, pk: int, job_pk: int) -> HttpResponse:
    job = _fetch_job(request, pk, job_pk)
    with refusals_told(request):
        services.job_retry(job=job, by=request.user)
    return redirect("inference:job-list", pk)
