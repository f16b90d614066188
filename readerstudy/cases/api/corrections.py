"""What a coordinator corrects of a cohort: slices, differences that may stay, parts."""

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from readerstudy.api.views import Door

from .. import services
from ..pages.case import kinds_waiting
from .cohort_fields import (
    AcceptedFields,
    AcceptKindFields,
    CaseFields,
    CentralSliceFields,
    DivideFields,
    DivisionFields,
    KindWaitingFields,
    ReasonFields,
)
from .doors import READ, WRITE, case_or_404, cohort_or_404


class CentralSlice(Door):
    scopes = {"POST": WRITE}

    @extend_schema(
        request=CentralSliceFields,
        responses=CaseFields,
        summary="Correct the central slice of a case",
    )
    def post(self, request: Request, pk: int, code: str) -> Response:
        """The case is read at this slice, and images that jobs made of it are dropped.

        Refused once a study reads the cohort.
        """
        case = case_or_404(request, pk, code)
        given = self.parse(CentralSliceFields)
        changed = services.case_set_central_slice(
            case=case,
            central_slice=given["central_slice"] - 1,
            reason=given["reason"],
            by=request.user,
        )
        return Response(CaseFields(changed).data)


class CaseParity(Door):
    scopes = {"POST": WRITE}

    @extend_schema(
        request=ReasonFields,
        responses=CaseFields,
        summary="Accept the differences of a case",
    )
    def post(self, request: Request, pk: int, code: str) -> Response:
        """Say why all differences between the two scans of one case may stay."""
        case = case_or_404(request, pk, code)
        changed = services.case_accept_parity(
            case=case, by=request.user, **self.parse(ReasonFields)
        )
        return Response(CaseFields(changed).data)


class CohortParity(Door):
    scopes = {"GET": READ, "POST": WRITE}

    @extend_schema(
        responses=KindWaitingFields(many=True),
        summary="List differences that wait for a reason",
    )
    def get(self, request: Request, pk: int) -> Response:
        """By kind, the most frequent first, each with the first cases that have it."""
        cohort = cohort_or_404(request, pk)
        return self.page(kinds_waiting(cohort), KindWaitingFields)

    @extend_schema(
        request=AcceptKindFields,
        responses=AcceptedFields,
        summary="Accept differences of one kind",
    )
    def post(self, request: Request, pk: int) -> Response:
        """Say why differences of one kind may stay, in every case that has one."""
        cohort = cohort_or_404(request, pk)
        count = services.cohort_accept_parity(
            cohort=cohort, by=request.user, **self.parse(AcceptKindFields)
        )
        return Response(AcceptedFields({"cases": count}).data)


class CohortDivision(Door):
    scopes = {"GET": READ, "POST": WRITE}

    @extend_schema(responses=DivisionFields, summary="Look at a division")
    def get(self, request: Request, pk: int) -> Response:
        """How the cohort is divided; nothing is here before it is."""
        division = getattr(cohort_or_404(request, pk), "division", None)
        if division is None:
            raise Http404
        return Response(DivisionFields(division).data)

    @extend_schema(
        request=DivideFields, responses=DivisionFields, summary="Divide a cohort"
    )
    def post(self, request: Request, pk: int) -> Response:
        """Give every case its part anew: by patient, drawn from the seed.

        Refused once a study reads the cohort, and where the sizes do not fit.
        """
        cohort = cohort_or_404(request, pk)
        division = services.cohort_divide(
            cohort=cohort, by=request.user, **self.parse(DivideFields)
        )
        return Response(DivisionFields(division).data)
