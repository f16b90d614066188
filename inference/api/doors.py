"""What every door to networks, jobs and trainings is made from."""

from django.http import Http404
from django.shortcuts import get_object_or_404
from rest_framework.request import Request

from inference.models import Job, Sweep, Training, Weights
from readerstudy.api.views import Door
from readerstudy.cases.models import Cohort

READ, WRITE = "networks:read", "networks:write"


class NetworkDoor(Door):
    """For whoever looks after weights; to others nothing is there."""

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        super().initial(request, *args, **kwargs)
        if not request.user.has_perm("inference.add_weights"):
            raise Http404


def cohort_or_404(request: Request, pk: int) -> Cohort:
    return get_object_or_404(Cohort.objects.visible_to(request.user), pk=pk)


def job_or_404(request: Request, pk: int, job_pk: int) -> Job:
    job: Job = get_object_or_404(cohort_or_404(request, pk).jobs, pk=job_pk)
    return job


def training_or_404(request: Request, pk: int, training_pk: int) -> Training:
    trainings = cohort_or_404(request, pk).trainings.select_related("cohort", "result")
    training: Training = get_object_or_404(trainings, pk=training_pk)
    return training


def sweep_or_404(request: Request, pk: int, sweep_pk: int) -> Sweep:
    sweeps = cohort_or_404(request, pk).sweeps.select_related("cohort")
    sweep: Sweep = get_object_or_404(sweeps, pk=sweep_pk)
    return sweep


def weights_or_404(pk: int) -> Weights:
    return get_object_or_404(Weights.objects.select_related("uploaded_by"), pk=pk)
