"""Pages on which coordinators have networks trained on a cohort."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from inference import services, training_pages
from inference.cohort_pairs import find_obstacle, learnable
from inference.living import is_heard
from inference.models import Training
from inference.training_forms import TrainingForm
from readerstudy.cases.models import Cohort
from readerstudy.cases.wording import refusals_told, told
from readerstudy.imaging.errors import Refused

from .fetching import Request, fetch_cohort


def _fetch_training(request: Request, pk: int, training_pk: int) -> Training:
    cohort = fetch_cohort(request, pk)
    trainings = cohort.trainings.select_related("cohort", "requested_by", "result")
    return get_object_or_404(trainings, pk=training_pk)


@require_GET
def training_list(request: Request, pk: int) -> HttpResponse:
    cohort = fetch_cohort(request, pk)
    if request.htmx:
        rows = training_pages.training_rows(cohort)
        active = any(row.training.active for row in rows)
        context = {"cohort": cohort, "rows": rows, "active": active}
        return render(request, "inference/training_table.html", context)
    return _page(request, cohort, TrainingForm())


def _page(
    request: Request, cohort: Cohort, form: TrainingForm, status: int = 200
) -> HttpResponse:
    rows = training_pages.training_rows(cohort)
    parts = learnable(cohort)
    context = {
        "cohort": cohort,
        "form": form,
        "rows": rows,
        "active": any(row.training.active for row in rows),
        "parts": parts,
        "obstacle": find_obstacle(cohort, parts),
    }
    return render(request, "inference/training_list.html", context, status=status)


@require_POST
def training_request(request: Request, pk: int) -> HttpResponse:
    cohort = fetch_cohort(request, pk)
    form = TrainingForm(request.POST)
    if form.is_valid():
        try:
            training = services.training_request(
                cohort=cohort, user=request.user, **form.cleaned_data
            )
        except Refused as refusal:
            form.add_error(None, told(str(refusal)))
        else:
            return redirect("inference:training-detail", cohort.pk, training.pk)
    return _page(request, cohort, form, status=422)


@require_GET
def training_detail(request: Request, pk: int, training_pk: int) -> HttpResponse:
    training = _fetch_training(request, pk, training_pk)
    waits = training.state == Training.State.QUEUED
    context = {
        "cohort": training.cohort,
        "training": training,
        "row": training_pages.training_row(training),
        "curves": training_pages.curves(training),
        "nobody_listens": waits and not is_heard(settings.TRAINING_QUEUE),
    }
    name = "training_progress" if request.htmx else "training_detail"
    return render(request, f"inference/{name}.html", context)


@require_POST
def training_stop(request: Request, pk: int, training_pk: int) -> HttpResponse:
    training = _fetch_training(request, pk, training_pk)
    with refusals_told(request):
        services.training_stop(training=training, by=request.user)
    return redirect("inference:training-detail", pk, training_pk)


@require_POST
def training_resume(request: Request, pk: int, training_pk: int) -> HttpResponse:
    training = _fetch_training(request, pk, training_pk)
    with refusals_told(request):
        services.training_resume(training=training, by=request.user)
    return redirect("inference:training-detail", pk, training_pk)


@require_POST
def training_forget(request: Request, pk: int, training_pk: int) -> HttpResponse:
    training = _fetch_training(request, pk, training_pk)
    with refusals_told(request):
        services.training_forget(training=training, by=request.user)
        messages.success(request, _("The checkpoint is deleted."))
    return redirect("inference:training-detail", pk, training_pk)
