"""How the reading goes: what the pages of progress, conduct and log show, as JSON.

It calls the selectors that the pages call, so it is blind by the same code: counts
per reader and session, never a score or an arm.
"""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from readerstudy.audit.selectors import events_of

from .. import selectors
from ..models import Membership, Study
from ..selectors import conduct
from ..selectors.comments import comments
from ..selectors.deviations import deviations
from ..selectors.log import ANSWERS, log_lines
from .conduct_serializers import (
    AttemptSerializer,
    CheckSerializer,
    CommentSerializer,
    DeviationSerializer,
    LogLineSerializer,
    ReaderProgressSerializer,
    SeenReaderSerializer,
)
from .fetching import BOTH, StudyDoor, study_or_404
from .study_serializers import MemberSerializer


def members_of(study: Study) -> list[Membership]:
    return list(study.memberships.select_related("user").order_by("role", "code", "pk"))


class StudyProgress(StudyDoor):
    """How far each reader of one study is."""

    @extend_schema(responses=ReaderProgressSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        study = study_or_404(request, slug, *BOTH)
        return self.page(selectors.study_progress(study), ReaderProgressSerializer)


class Conduct(StudyDoor):
    """When each reader read, and how fast."""

    @extend_schema(responses=SeenReaderSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        study = study_or_404(request, slug, *BOTH)
        return self.page(conduct.readers_conduct(study), SeenReaderSerializer)


class StudyDeviations(StudyDoor):
    """What did not go as the protocol wants it, newest first; no arm, no case."""

    @extend_schema(responses=DeviationSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        study = study_or_404(request, slug, *BOTH)
        return self.page(deviations(study), DeviationSerializer)


class Comments(StudyDoor):
    """What readers remarked, newest first."""

    @extend_schema(responses=CommentSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        study = study_or_404(request, slug, *BOTH)
        return self.page(comments(study), CommentSerializer)


class ViewingChecks(StudyDoor):
    """The viewing conditions as readers told them."""

    @extend_schema(responses=CheckSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        study = study_or_404(request, slug, *BOTH)
        return self.page(conduct.viewing_checks(study), CheckSerializer)


class Attempts(StudyDoor):
    """What each reader's training came to."""

    @extend_schema(responses=AttemptSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        study = study_or_404(request, slug, *BOTH)
        return self.page(conduct.training_outcomes(study), AttemptSerializer)


class Log(StudyDoor):
    """What was done in the study, newest first."""

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "answers", enum=["no"], description="“no” leaves answers out"
            )
        ],
        responses=LogLineSerializer(many=True),
    )
    def get(self, request: Request, slug: str) -> Response:
        study = study_or_404(request, slug, *BOTH)
        events = events_of(study.slug)
        if request.query_params.get("answers") == "no":
            events = events.exclude(action__in=ANSWERS)
        pages = self.pagination_class()
        shown = pages.paginate_queryset(events, request, view=self)
        lines = log_lines(study, shown or [])
        return pages.get_paginated_response(LogLineSerializer(lines, many=True).data)


class MemberList(StudyDoor):
    """Everyone who has a part in the study."""

    @extend_schema(responses=MemberSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        study = study_or_404(request, slug, *BOTH)
        return self.page(members_of(study), MemberSerializer)
