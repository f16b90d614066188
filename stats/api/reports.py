"""The report of an unblinded study: frozen versions, figures and files.

Before unblinding every one of these doors refuses (409), by the selector that the
pages ask.
"""

from typing import Any

from django.contrib.auth.models import User
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from readerstudy.api.views import Door
from readerstudy.imaging.errors import Refused
from readerstudy.reading.models import Study

from .. import pdf
from ..exporting.bundle import zip_pieces
from ..exporting.figures import figure_asked, figure_file, figure_names
from ..freezing import changed_since, frozen_last, report_freeze, report_step
from ..models import FrozenReport
from ..reporting.keeping import report_read
from ..reporting.study_images import study_images
from ..selectors import MAY_SEE_RESULTS, check_unblinded
from ..services import export_record, image_quality_measure
from .fields import (
    AskedSerializer,
    ChangedSerializer,
    ExportAskedSerializer,
    FigureAskedSerializer,
    FigureSerializer,
    MeasuringSerializer,
    ReasonSerializer,
    VersionSerializer,
)

MEASURING_SECONDS = 1.0
BINARY = OpenApiTypes.BINARY


class ReportDoor(Door):
    """Of those who may see results, once there may be any."""

    scopes = {"GET": "reports:read"}
    is_heavy = True

    def fetch(self, request: Request, slug: str) -> Study:
        studies = Study.objects.for_role(request.user, *MAY_SEE_RESULTS)
        study = get_object_or_404(studies, slug=slug)
        check_unblinded(study)
        return study

    def frozen(self, study: Study, asked: dict[str, Any]) -> FrozenReport:
        """The version that is asked for. The last one may still have to be computed;
        every call goes on with it for a second."""
        number = asked.get("version")
        if number is not None:
            return get_object_or_404(study.frozen_reports, number=number)
        found = frozen_last(study) or report_step(
            study=study, seconds=MEASURING_SECONDS
        )
        if found is None:
            raise Refused(
                _("The report is still being computed. Ask again in a moment.")
            )
        return found


class Reports(ReportDoor):
    """Frozen versions of the report, the first one first."""

    scopes = {"GET": "reports:read", "POST": "studies:write"}
    takes_long = True

    @extend_schema(responses=VersionSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        study = self.fetch(request, slug)
        report_step(study=study, seconds=MEASURING_SECONDS)
        versions = study.frozen_reports.select_related("built_by").defer("content")
        return self.page(versions, VersionSerializer)

    @extend_schema(request=ReasonSerializer, responses={201: VersionSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Compute it anew, as the next version, with the reason that is given."""
        study = self.fetch(request, slug)
        reason = self.parse(ReasonSerializer)["reason"]
        assert isinstance(request.user, User)
        image_quality_measure(study=study)
        frozen = report_freeze(study=study, by=request.user, reason=reason)
        return Response(VersionSerializer(frozen).data, status=201)


class Measuring(ReportDoor):
    """How far the images of the study are measured; the report follows."""

    @extend_schema(responses=MeasuringSerializer)
    def get(self, request: Request, slug: str) -> Response:
        study = self.fetch(request, slug)
        report_step(study=study, seconds=MEASURING_SECONDS)
        return Response(MeasuringSerializer(study_images(study)).data)


class Report(ReportDoor):
    """The frozen report, as the bytes whose hash is printed."""

    @extend_schema(
        parameters=[AskedSerializer], responses={(200, "application/json"): dict}
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        study = self.fetch(request, slug)
        asked = self.parse(AskedSerializer, data=request.query_params)
        frozen = self.frozen(study, asked)
        name = f"{study.slug}-report-{frozen.number}.json"
        return _file(frozen.content.encode(), "application/json", name)


class ReportPdf(ReportDoor):
    """The frozen report on paper, in the language that is asked for."""

    @extend_schema(
        parameters=[AskedSerializer], responses={(200, "application/pdf"): BINARY}
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        study = self.fetch(request, slug)
        asked = self.parse(AskedSerializer, data=request.query_params)
        frozen = self.frozen(study, asked)
        content = pdf.document(frozen, language=get_language() or "en")
        name = f"{study.slug}-report-{frozen.number}.pdf"
        return _file(content, "application/pdf", name)


class Changes(ReportDoor):
    """Whether everything that the report was computed from is still the same."""

    @extend_schema(parameters=[AskedSerializer], responses=ChangedSerializer)
    def get(self, request: Request, slug: str) -> Response:
        study = self.fetch(request, slug)
        asked = self.parse(AskedSerializer, data=request.query_params)
        changed = changed_since(self.frozen(study, asked))
        return Response(ChangedSerializer({"changed": changed}).data)


class Figures(ReportDoor):
    """The figures that the report has data for."""

    @extend_schema(parameters=[AskedSerializer], responses=FigureSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        study = self.fetch(request, slug)
        pages = ("page", "page_size")
        query = {k: v for k, v in request.query_params.items() if k not in pages}
        asked = self.parse(AskedSerializer, data=query)
        found = figure_names(self.frozen(study, asked))
        return self.page(list(found.values()), FigureSerializer)


class Figure(ReportDoor):
    """One figure as SVG or PNG, or its numbers as CSV."""

    @extend_schema(
        parameters=[FigureAskedSerializer],
        responses={
            (200, "image/svg+xml"): BINARY,
            (200, "image/png"): BINARY,
            (200, "text/csv"): BINARY,
        },
    )
    def get(self, request: Request, slug: str, name: str) -> HttpResponse:
        study = self.fetch(request, slug)
        asked = self.parse(FigureAskedSerializer, data=request.query_params)
        form, theme = asked["form"], asked["theme"]
        frozen = self.frozen(study, asked)
        what = figure_asked(frozen, name=name, form=form, theme=theme)
        if (found := figure_file(*what)) is None:
            raise Http404
        return _file(*found, f"{study.slug}-{name}.{form}")


class Export(ReportDoor):
    """All tables as CSV in one zip, with the frozen report; the audit log tells it."""

    @extend_schema(
        parameters=[ExportAskedSerializer],
        responses={(200, "application/zip"): BINARY},
    )
    def get(self, request: Request, slug: str) -> StreamingHttpResponse:
        study = self.fetch(request, slug)
        asked = self.parse(ExportAskedSerializer, data=request.query_params)
        kept = report_read(self.frozen(study, asked).content)
        assert isinstance(request.user, User)
        export_record(study=study, by=request.user, excel=asked["excel"])
        return StreamingHttpResponse(
            zip_pieces(study=study, report=kept, excel=asked["excel"]),
            content_type="application/zip",
            headers={"Content-Disposition": f'attachment; filename="{study.slug}.zip"'},
        )


def _file(content: bytes, content_type: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=content_type, headers=headers)
