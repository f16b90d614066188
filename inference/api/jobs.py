"""Runs of methods over a cohort: asked for, watched, cancelled, tried again."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from inference import services
from inference.job_pages import jobs_counted
from inference.living import living_workers
from inference.models import Job
from readerstudy.api.views import Door

from .doors import READ, WRITE, cohort_or_404, job_or_404
from .job_fields import JobFields, RequestJobFields, WorkerFields


def _job_response(job: Job, code: int = status.HTTP_200_OK) -> Response:
    """The job as it stands now."""
    counted = get_object_or_404(jobs_counted(job.cohort), pk=job.pk)
    return Response(JobFields(counted).data, status=code)


class JobList(Door):
    scopes = {"GET": READ, "POST": WRITE}

    @extend_schema(responses=JobFields(many=True), summary="List jobs")
    def get(self, request: Request, pk: int) -> Response:
        """The jobs of a cohort, the newest first."""
        return self.page(jobs_counted(cohort_or_404(request, pk)), JobFields)

    @extend_schema(
        request=RequestJobFields, responses={202: JobFields}, summary="Request a job"
    )
    def post(self, request: Request, pk: int) -> Response:
        """A worker makes the image of every case by the method. If the same job waits
        or runs already, that one is answered."""
        cohort = cohort_or_404(request, pk)
        given = self.parse(RequestJobFields)
        job = services.job_request(cohort=cohort, user=request.user, **given)
        return _job_response(job, status.HTTP_202_ACCEPTED)


class JobDetail(Door):
    scopes = {"GET": READ}

    @extend_schema(responses=JobFields, summary="Look at a job")
    def get(self, request: Request, pk: int, job_pk: int) -> Response:
        """How far it is. Ask again every few seconds until it has ended."""
        return _job_response(job_or_404(request, pk, job_pk))


class JobCancel(Door):
    scopes = {"POST": WRITE}

    @extend_schema(request=None, responses=JobFields, summary="Cancel a job")
    def post(self, request: Request, pk: int, job_pk: int) -> Response:
        """Stop it before its next cases. What is made stays."""
        job = job_or_404(request, pk, job_pk)
        services.job_cancel(job=job, by=request.user)
        return _job_response(job)


class JobRetry(Door):
    scopes = {"POST": WRITE}

    @extend_schema(request=None, responses={202: JobFields}, summary="Retry a job")
    def post(self, request: Request, pk: int, job_pk: int) -> Response:
        """Do again what is missing of a job that failed or was cancelled."""
        job = job_or_404(request, pk, job_pk)
        services.job_retry(job=job, by=request.user)
        return _job_response(job, status.HTTP_202_ACCEPTED)


class WorkerList(Door):
    scopes = {"GET": READ}

    @extend_schema(responses=WorkerFields(many=True), summary="List workers")
    def get(self, request: Request, pk: int) -> Response:
        """The workers that live, and so may do jobs and trainings of the cohort."""
        cohort_or_404(request, pk)
        return self.page(living_workers(), WorkerFields)
