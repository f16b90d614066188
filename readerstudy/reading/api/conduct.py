"""The acts by which a coordinator steps into a study that is read."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from .. import services
from ..models import Study
from ..protocol.frozen import current_sha256
from ..selectors import conduct
from ..services.amendments import amendment_preview
from .conduct_serializers import (
    AppointmentSerializer,
    CodeBreakSerializer,
    ReadStepSerializer,
    ReopeningSerializer,
    WaiverSerializer,
)
from .fetching import BOTH, COORDINATOR, StudyDoor, study_or_404, user_of
from .progress import MemberList
from .study_serializers import (
    AmendmentRequestSerializer,
    AmendmentSerializer,
    ChangesSerializer,
    MemberSerializer,
    PreviewSerializer,
)


class Amendments(StudyDoor):
    """How the protocol was changed while the study was open."""

    @extend_schema(responses=AmendmentSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        study = study_or_404(request, slug, *BOTH)
        amendments = study.amendments.select_related("by").order_by("number")
        return self.page(amendments, AmendmentSerializer)

    @extend_schema(
        request=AmendmentRequestSerializer, responses={201: AmendmentSerializer}
    )
    def post(self, request: Request, slug: str) -> Response:
        """Amend the protocol, with a reason."""
        study = study_or_404(request, slug, COORDINATOR)
        given = self.parse(AmendmentRequestSerializer)
        amendment = services.protocol_amend(
            study=study,
            by=user_of(request),
            reason=given["reason"],
            amends=given.get("amends"),
            **given["settings"],
        )
        return Response(AmendmentSerializer(amendment).data, status=201)


class AmendmentPreview(StudyDoor):
    """What an amendment would change; it changes nothing."""

    @extend_schema(request=PreviewSerializer, responses=ChangesSerializer)
    def post(self, request: Request, slug: str) -> Response:
        study = study_or_404(request, slug, COORDINATOR)
        settings = self.parse(PreviewSerializer)["settings"]
        told = {
            "amends": current_sha256(study),
            "changes": amendment_preview(study=study, **settings),
        }
        return Response(ChangesSerializer(told).data)


class Members(MemberList):
    """Everyone who has a part in the study."""

    @extend_schema(request=AppointmentSerializer, responses={201: MemberSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Appoint another coordinator or statistician of an open study."""
        study = study_or_404(request, slug, COORDINATOR)
        given = self.parse(AppointmentSerializer)
        member = services.member_appoint(study=study, by=user_of(request), **given)
        return Response(MemberSerializer(member).data, status=201)


class Waivers(StudyDoor):
    """Washouts that readers need not wait for; the conduct lists them."""

    @extend_schema(request=WaiverSerializer, responses={204: None})
    def post(self, request: Request, slug: str) -> Response:
        """Let a reader begin the next session before its washout is over."""
        study = study_or_404(request, slug, COORDINATOR)
        given = self.parse(WaiverSerializer)
        services.washout_waive(study=study, by=user_of(request), **given)
        return Response(status=204)


class Reopenings(StudyDoor):
    """Reads that were opened for another answer."""

    @extend_schema(responses=ReopeningSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        study = study_or_404(request, slug, *BOTH)
        return self.page(conduct.reopenings(study), ReopeningSerializer)

    @extend_schema(request=ReadStepSerializer, responses={201: ReopeningSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Have a reader answer a read once more."""
        study = study_or_404(request, slug, COORDINATOR)
        given = self.parse(ReadStepSerializer)
        services.read_reopen(study=study, by=user_of(request), **given)
        told = _of(given, conduct.reopenings(study))
        return Response(ReopeningSerializer(told).data, status=201)


class CodeBreaks(StudyDoor):
    """Reads whose arm and case were disclosed in an emergency."""

    @extend_schema(responses=CodeBreakSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """Arm and case are told to coordinators, and once the study is unblinded."""
        study = study_or_404(request, slug, *BOTH)
        mine = study.memberships.filter(user=user_of(request), role=COORDINATOR)
        disclosed = study.state == Study.State.UNBLINDED or mine.exists()
        breaks = conduct.code_breaks(study, disclosed=disclosed)
        return self.page(breaks, CodeBreakSerializer)

    @extend_schema(request=ReadStepSerializer, responses={201: CodeBreakSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Disclose one read's arm and case, for its patient."""
        study = study_or_404(request, slug, COORDINATOR)
        given = self.parse(ReadStepSerializer)
        services.code_break(study=study, by=user_of(request), **given)
        told = _of(given, conduct.code_breaks(study, disclosed=True))
        return Response(CodeBreakSerializer(told).data, status=201)


def _of(given: dict[str, Any], seen: list[Any]) -> Any:
    """The last one of the read that `given` names."""
    place = conduct.Place(given["reader"], given["session"], given["number"])
    return [one for one in seen if one.place == place][-1]
