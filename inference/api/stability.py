"""The stability suite over a cohort's methods: asked for, watched, read."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from inference import services
from inference.models import StabilityRun
from readerstudy.api.views import Door
from readerstudy.cases.models import Stability

from .doors import READ, WRITE, cohort_or_404
from .stability_fields import (
    RequestStabilityFields,
    StabilityDetailFields,
    StabilityFields,
    StabilityRunFields,
)


def _run_or_404(request: Request, pk: int, run_pk: int) -> StabilityRun:
    runs = cohort_or_404(request, pk).stabilityruns
    run: StabilityRun = get_object_or_404(runs, pk=run_pk)
    return run


def _run_response(run: StabilityRun, code: int = status.HTTP_200_OK) -> Response:
    """The run as it stands now."""
    run.refresh_from_db()
    return Response(StabilityRunFields(run).data, status=code)


class StabilityRunList(Door):
    scopes = {"GET": READ, "POST": WRITE}

    @extend_schema(
        responses=StabilityRunFields(many=True), summary="List runs of the suite"
    )
    def get(self, request: Request, pk: int) -> Response:
        """The runs on a cohort, the newest first."""
        return self.page(
            cohort_or_404(request, pk).stabilityruns.all(), StabilityRunFields
        )

    @extend_schema(
        request=RequestStabilityFields,
        responses={202: StabilityRunFields},
        summary="Request a run of the suite",
    )
    def post(self, request: Request, pk: int) -> Response:
        """A worker looks at what the method does to images. If the same run waits or
        runs already, that one is answered."""
        cohort = cohort_or_404(request, pk)
        given = self.parse(RequestStabilityFields)
        run = services.stability_request(
            cohort=cohort,
            method=given["method"],
            chosen=given.get("settings"),
            user=request.user,
        )
        return _run_response(run, status.HTTP_202_ACCEPTED)


class StabilityRunDetail(Door):
    scopes = {"GET": READ}

    @extend_schema(responses=StabilityRunFields, summary="Look at a run of the suite")
    def get(self, request: Request, pk: int, run_pk: int) -> Response:
        """How far it is. Ask again every few seconds until it has ended."""
        return _run_response(_run_or_404(request, pk, run_pk))


class StabilityRunCancel(Door):
    scopes = {"POST": WRITE}

    @extend_schema(
        request=None, responses=StabilityRunFields, summary="Cancel a run of the suite"
    )
    def post(self, request: Request, pk: int, run_pk: int) -> Response:
        """Stop it before its next case. What was known of the method stays."""
        run = _run_or_404(request, pk, run_pk)
        services.stability_cancel(run=run, by=request.user)
        return _run_response(run)


class StabilityRunRetry(Door):
    scopes = {"POST": WRITE}

    @extend_schema(
        request=None,
        responses={202: StabilityRunFields},
        summary="Retry a run of the suite",
    )
    def post(self, request: Request, pk: int, run_pk: int) -> Response:
        """Go on with the cases that are missing of a run that failed or was
        cancelled."""
        run = _run_or_404(request, pk, run_pk)
        services.stability_retry(run=run, by=request.user)
        return _run_response(run, status.HTTP_202_ACCEPTED)


class StabilityList(Door):
    scopes = {"GET": READ}

    @extend_schema(
        responses=StabilityFields(many=True), summary="List what the suite found"
    )
    def get(self, request: Request, pk: int) -> Response:
        """Of every method of a cohort that was looked at."""
        return self.page(cohort_or_404(request, pk).stabilities.all(), StabilityFields)


class StabilityDetail(Door):
    scopes = {"GET": READ}

    @extend_schema(
        responses=StabilityDetailFields, summary="Look at what the suite found"
    )
    def get(self, request: Request, pk: int, method: str) -> Response:
        """Every measure of one method, with its cases and curves."""
        rows = Stability.objects.filter(cohort=cohort_or_404(request, pk))
        found = get_object_or_404(rows, method=method)
        return Response(StabilityDetailFields(found).data)
