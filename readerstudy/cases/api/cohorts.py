"""Cohorts that are imported, and their cases."""

from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from readerstudy.api.views import Door

from .. import selectors, services
from ..cohort_table.answer import csv_answer
from ..models import Case, Cohort
from ..selectors.table import (
    Wanted,
    cases_annotated,
    cases_wanted,
    part_counts,
    problem_counts,
)
from .cohort_fields import (
    CaseFields,
    CaseQuery,
    CaseRowFields,
    CohortDetailFields,
    CohortFields,
    ExportQuery,
)
from .doors import READ, AsItIs, asked_for, case_or_404, cohort_or_404


class CohortList(Door):
    scopes = {"GET": READ}

    @extend_schema(responses=CohortFields(many=True), summary="List cohorts")
    def get(self, request: Request) -> Response:
        """The cohorts that you coordinate, by name."""
        return self.page(selectors.cohorts_of(request.user), CohortFields)


class CohortDetail(Door):
    scopes = {"GET": READ}

    @extend_schema(responses=CohortDetailFields, summary="Look at a cohort")
    def get(self, request: Request, pk: int) -> Response:
        """One cohort: its images by method, its parts, what its cases want."""
        cohort = cohort_or_404(request, pk)
        return Response(CohortDetailFields(_with_counts(cohort)).data)


def _with_counts(cohort: Cohort) -> dict[str, Any]:
    methods = selectors.cohort_methods(cohort)
    problems = problem_counts(cases_annotated(cohort, methods))
    parts = part_counts(cohort)
    plain = ("id", "name", "description", "study_type", "simulated", "resampled")
    return {
        **{name: getattr(cohort, name) for name in plain},
        "created_at": cohort.created_at,
        "frozen_at": cohort.frozen_at,
        "case_count": sum(parts.values()),
        "methods": [{"method": m, "cases": count} for m, count in methods.items()],
        "parts": {
            **{part: parts.get(part, 0) for part in Case.Split.values if part},
            "none": parts.get(Case.Split.NONE, 0),
        },
        "problems": [
            {"problem": name, "words": words, "cases": count}
            for name, words, count in problems
        ],
        "division": getattr(cohort, "division", None),
    }


class CaseList(Door):
    scopes = {"GET": READ}

    @extend_schema(
        parameters=[CaseQuery],
        responses=CaseRowFields(many=True),
        summary="List the cases of a cohort",
    )
    def get(self, request: Request, pk: int) -> Response:
        """The cases that the filter leaves, each with its scans and problems."""
        cohort = cohort_or_404(request, pk)
        wanted = Wanted(**self.parse(CaseQuery, data=asked_for(request)))
        methods = selectors.cohort_methods(cohort)
        cases = cases_wanted(cases_annotated(cohort, methods), wanted)
        return self.page(
            cases.prefetch_related("renditions", "series"),
            CaseRowFields,
            methods=list(methods),
        )


class CohortExport(Door):
    scopes = {"GET": READ}
    content_negotiation_class = AsItIs

    @extend_schema(
        parameters=[ExportQuery],
        responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.STR)},
        summary="Take the table of a cohort as CSV",
    )
    def get(self, request: Request, pk: int) -> StreamingHttpResponse:
        """One line a case, of those that the filter leaves. It is kept in the log."""
        cohort = cohort_or_404(request, pk)
        asked = self.parse(ExportQuery, data=asked_for(request))
        excel = asked.pop("excel")
        methods = selectors.cohort_methods(cohort)
        wanted = cases_wanted(cases_annotated(cohort, methods), Wanted(**asked))
        services.cohort_export_record(
            cohort=cohort, cases=wanted.count(), by=request.user
        )
        return csv_answer(cohort, wanted, list(methods), excel=excel)


class CaseDetail(Door):
    scopes = {"GET": READ}

    @extend_schema(responses=CaseFields, summary="Look at a case")
    def get(self, request: Request, pk: int, code: str) -> Response:
        """One case: its scans, the slice it is read at, how alike the scans are."""
        return Response(CaseFields(case_or_404(request, pk, code)).data)
