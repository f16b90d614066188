"""Sweeps on a cohort: asked for, looked at, stopped, gone on with."""

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from inference import services
from inference.models import Sweep
from readerstudy.api.views import Door

from .doors import READ, WRITE, cohort_or_404, sweep_or_404
from .sweep_fields import RequestSweepFields, SweepDetailFields, SweepFields


def _sweep_response(sweep: Sweep, code: int = status.HTTP_200_OK) -> Response:
    return Response(SweepDetailFields(sweep).data, status=code)


class SweepList(Door):
    scopes = {"GET": READ, "POST": WRITE}

    @extend_schema(responses=SweepFields(many=True), summary="List sweeps")
    def get(self, request: Request, pk: int) -> Response:
        """The sweeps on a cohort, the newest first."""
        sweeps = cohort_or_404(request, pk).sweeps.select_related("cohort")
        return self.page(sweeps, SweepFields)

    @extend_schema(
        request=RequestSweepFields,
        responses={202: SweepDetailFields},
        summary="Request a sweep",
    )
    def post(self, request: Request, pk: int) -> Response:
        """One training a level and seed. Each is measured on the validation or test
        cases once it is done; what was trained before in the same way is not trained
        again."""
        cohort = cohort_or_404(request, pk)
        given = self.parse(RequestSweepFields)
        sweep = services.sweep_request(cohort=cohort, user=request.user, **given)
        return _sweep_response(sweep, status.HTTP_202_ACCEPTED)


class SweepDetail(Door):
    scopes = {"GET": READ}

    @extend_schema(responses=SweepDetailFields, summary="Look at a sweep")
    def get(self, request: Request, pk: int, sweep_pk: int) -> Response:
        """Every point, every level with its intervals, the fitted curve, and the
        smallest level that is enough."""
        return _sweep_response(sweep_or_404(request, pk, sweep_pk))


class SweepStop(Door):
    scopes = {"POST": WRITE}

    @extend_schema(request=None, responses=SweepDetailFields, summary="Stop a sweep")
    def post(self, request: Request, pk: int, sweep_pk: int) -> Response:
        """Stop all its trainings. What they have learned is kept."""
        sweep = sweep_or_404(request, pk, sweep_pk)
        services.sweep_stop(sweep=sweep, by=request.user)
        return _sweep_response(sweep)


class SweepRestart(Door):
    scopes = {"POST": WRITE}

    @extend_schema(
        request=None,
        responses={202: SweepDetailFields},
        summary="Go on with a sweep",
    )
    def post(self, request: Request, pk: int, sweep_pk: int) -> Response:
        """Go on with what was stopped or failed, and ask for what is missing."""
        sweep = sweep_or_404(request, pk, sweep_pk)
        services.sweep_restart(sweep=sweep, by=request.user)
        return _sweep_response(sweep, status.HTTP_202_ACCEPTED)
