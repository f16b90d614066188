"""The plan of an upload: read, and changed before anything is imported."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ..pages.confirm import SHOWS
from ..plan import CohortPlan
from ..services import pairing
from ..services.uploads import upload_plan
from .doors import READ, WRITE, UploaderDoor, asked_for, upload_or_404
from .plan_fields import (
    AcceptPairsFields,
    LeftOutFields,
    PairFields,
    PairQuery,
    PlanChange,
    PlanFields,
    ScansAlone,
    SingleFields,
    TwoScans,
)


def _plan_response(plan: CohortPlan) -> Response:
    return Response(PlanFields(plan).data)


class Plan(UploaderDoor):
    scopes = {"GET": READ, "PATCH": WRITE}

    @extend_schema(responses=PlanFields, summary="Look at the plan of an upload")
    def get(self, request: Request, pk: int) -> Response:
        """What confirming it would make. Refused before it was looked through."""
        return _plan_response(upload_plan(upload_or_404(request, pk)))

    @extend_schema(
        request=PlanChange,
        responses=PlanFields,
        summary="Take or leave scans of other pixel sizes",
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Scans of other pixel sizes are proposed as pairs, or left out again."""
        upload = upload_or_404(request, pk)
        given = self.parse(PlanChange)
        return _plan_response(pairing.plan_set_resampling(upload=upload, **given))


class PairList(UploaderDoor):
    scopes = {"GET": READ, "POST": WRITE}

    @extend_schema(
        parameters=[PairQuery],
        responses=PairFields(many=True),
        summary="List the pairs of a plan",
    )
    def get(self, request: Request, pk: int) -> Response:
        """Each with its scans, its slice and what differs between the two."""
        plan = upload_plan(upload_or_404(request, pk))
        show = self.parse(PairQuery, data=asked_for(request))["show"]
        return self.page(list(filter(SHOWS[show], plan.pairs)), PairFields)

    @extend_schema(
        request=TwoScans, responses=PlanFields, summary="Make a pair of two scans"
    )
    def post(self, request: Request, pk: int) -> Response:
        """Two scans that are in no pair become a case."""
        upload = upload_or_404(request, pk)
        given = self.parse(TwoScans)
        return _plan_response(pairing.pair_make(upload=upload, **given))


class Pair(UploaderDoor):
    scopes = {"DELETE": WRITE}

    @extend_schema(responses={200: PlanFields}, summary="Drop a pair")
    def delete(self, request: Request, pk: int, reference: int, short: int) -> Response:
        """Its scans are not imported, unless they are paired again."""
        upload = upload_or_404(request, pk)
        plan = pairing.pair_drop(upload=upload, reference=reference, short=short)
        return _plan_response(plan)


class PairSwap(UploaderDoor):
    scopes = {"POST": WRITE}

    @extend_schema(request=None, responses=PlanFields, summary="Swap a pair")
    def post(self, request: Request, pk: int, reference: int, short: int) -> Response:
        """The other scan is the reference; the slice is chosen on it anew."""
        upload = upload_or_404(request, pk)
        plan = pairing.pair_swap(upload=upload, reference=reference, short=short)
        return _plan_response(plan)


class PairsAccept(UploaderDoor):
    scopes = {"POST": WRITE}

    @extend_schema(
        request=AcceptPairsFields, responses=PlanFields, summary="Accept pairs"
    )
    def post(self, request: Request, pk: int) -> Response:
        """Say of uncertain pairs that their scans belong together."""
        upload = upload_or_404(request, pk)
        pairs = [
            (one["reference"], one["short"])
            for one in self.parse(AcceptPairsFields)["pairs"]
        ]
        return _plan_response(pairing.pairs_accept(upload=upload, pairs=pairs))


class SingleList(UploaderDoor):
    scopes = {"GET": READ}

    @extend_schema(
        responses=SingleFields(many=True), summary="List scans that are in no pair"
    )
    def get(self, request: Request, pk: int) -> Response:
        """Scans of the upload without a partner, each with the reason."""
        plan = upload_plan(upload_or_404(request, pk))
        return self.page(plan.singles, SingleFields)


class SinglesAlone(UploaderDoor):
    scopes = {"POST": WRITE}

    @extend_schema(
        request=ScansAlone,
        responses=PlanFields,
        summary="Make cases without a reference",
    )
    def post(self, request: Request, pk: int) -> Response:
        """Say of scans in no pair that they have no reference: each becomes a case.

        Refused where the study type needs a reference. In addresses of pairs such a
        case has the number of its scan twice.
        """
        upload = upload_or_404(request, pk)
        given = self.parse(ScansAlone)
        return _plan_response(pairing.cases_make_alone(upload=upload, **given))


class LeftOutList(UploaderDoor):
    scopes = {"GET": READ}

    @extend_schema(
        responses=LeftOutFields(many=True), summary="List files that are left out"
    )
    def get(self, request: Request, pk: int) -> Response:
        """Files of the upload that could not be used, each with the reason."""
        return self.page(
            upload_plan(upload_or_404(request, pk)).left_out, LeftOutFields
        )
