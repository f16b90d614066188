"""Studies and their protocols: made, read, changed, opened, closed, unblinded."""

from collections.abc import Callable

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from .. import services
from ..models import Study
from ..preflight.checks import preflight
from ..preflight.plan import hints
from ..protocol.fields import ProtocolFile
from ..protocol.file import protocol_document, protocol_yaml
from ..protocol.frozen import study_cases
from ..selectors.conduct import agreements
from .fetching import (
    BOTH,
    COORDINATOR,
    JSON_OR_YAML,
    StudyDoor,
    Yaml,
    study_or_404,
    user_of,
)
from .study_serializers import (
    AgreementsSerializer,
    PreflightSerializer,
    StudyDetailSerializer,
    StudySerializer,
)


class StudyList(StudyDoor):
    """The studies that the caller coordinates or analyses."""

    parser_classes = JSON_OR_YAML

    @extend_schema(responses=StudySerializer(many=True))
    def get(self, request: Request) -> Response:
        """Latest first."""
        studies = Study.objects.for_role(user_of(request), *BOTH)
        ordered = studies.select_related("cohort").defer("protocol")
        return self.page(ordered.order_by("-created_at", "-pk"), StudySerializer)

    @extend_schema(request=ProtocolFile, responses={201: StudyDetailSerializer})
    def post(self, request: Request) -> Response:
        """Make a draft of a protocol, which docs/protocol.md describes."""
        user = user_of(request)
        if not user.has_perm("cases.add_cohort"):
            raise Http404
        made = services.document_load(document=request.data, by=user, replaces=False)
        return Response(_detail(request, made.study), status=201)


def _detail(request: Request, study: Study) -> object:
    context = {"user": user_of(request)}
    return StudyDetailSerializer(study, context=context).data


class StudyDetail(StudyDoor):
    """The whole study, without any score."""

    @extend_schema(responses=StudyDetailSerializer)
    def get(self, request: Request, slug: str) -> Response:
        return Response(_detail(request, study_or_404(request, slug, *BOTH)))

    @extend_schema(request=ProtocolFile, responses=StudyDetailSerializer)
    def patch(self, request: Request, slug: str) -> Response:
        """Change a draft: what is sent is merged into its protocol (RFC 7396)."""
        study = study_or_404(request, slug, COORDINATOR)
        changed = services.draft_change(
            study=study, by=user_of(request), changes=request.data
        )
        return Response(_detail(request, changed))


class Protocol(StudyDoor):
    """The protocol as JSON, or as YAML where the caller accepts `application/yaml`."""

    parser_classes = JSON_OR_YAML
    renderer_classes = [JSONRenderer, Yaml]

    @extend_schema(responses=ProtocolFile)
    def get(self, request: Request, slug: str) -> Response:
        """As it stands, amendments included."""
        study = study_or_404(request, slug, *BOTH)
        is_yaml = isinstance(request.accepted_renderer, Yaml)
        return Response(protocol_yaml(study) if is_yaml else protocol_document(study))

    @extend_schema(request=ProtocolFile, responses=StudyDetailSerializer)
    def put(self, request: Request, slug: str) -> Response:
        """Write a draft anew."""
        study = study_or_404(request, slug, COORDINATOR)
        loaded = services.document_load(
            document=request.data, by=user_of(request), of=study
        )
        return Response(_detail(request, loaded.study))


class Preflight(StudyDoor):
    """What stands against opening a draft, and what is worth a second thought."""

    @extend_schema(responses=PreflightSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """A study that is open has passed it: both lists are empty."""
        study = study_or_404(request, slug, *BOTH)
        is_draft = study.state == Study.State.DRAFT
        found = {
            "findings": preflight(study) if is_draft else [],
            "hints": hints(study, study_cases(study)) if is_draft else [],
        }
        return Response(PreflightSerializer(found).data)


class Transition(StudyDoor):
    """One step of a study's life, by a coordinator."""

    act: Callable[..., Study]

    @extend_schema(request=None, responses=StudyDetailSerializer)
    def post(self, request: Request, slug: str) -> Response:
        study = study_or_404(request, slug, COORDINATOR)
        moved = type(self).act(study=study, by=user_of(request))
        return Response(_detail(request, moved))


class Opening(Transition):
    """Freeze the protocol and draw the plan; refused while the preflight finds
    anything."""

    act = staticmethod(services.study_open)


class Closing(Transition):
    """No read can be answered afterwards."""

    act = staticmethod(services.study_close)


class Unblinding(StudyDoor):
    """The two agreements, a coordinator's and a statistician's, that unblind."""

    @extend_schema(responses=AgreementsSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Who has agreed, and whether the caller may."""
        study = study_or_404(request, slug, *BOTH)
        return self._told(request, study)

    @extend_schema(request=None, responses=AgreementsSerializer)
    def post(self, request: Request, slug: str) -> Response:
        """Agree; the second agreement unblinds the study."""
        study = study_or_404(request, slug, *BOTH)
        study = services.unblinding_approve(study=study, by=user_of(request))
        return self._told(request, study)

    @extend_schema(request=None, responses=AgreementsSerializer)
    def delete(self, request: Request, slug: str) -> Response:
        """Take the own agreement back, while the other one is missing."""
        study = study_or_404(request, slug, *BOTH)
        study = services.unblinding_withdraw(study=study, by=user_of(request))
        return self._told(request, study)

    def _told(self, request: Request, study: Study) -> Response:
        told = agreements(study, user_of(request))
        context = {"state": study.state}
        return Response(AgreementsSerializer(told, context=context).data)
