"""A reader's own answers, to open one of them again."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from .. import selectors, services
from ..pages.changes import own_answers
from ..pages.due import due_told
from .fetching import ReaderDoor, person_or_404, reader_or_404
from .reader_serializers import DueSerializer, OwnAnswerSerializer, RevisitSerializer
from .room import Submit


class Answers(Submit):
    """A reader's answers: those that may be changed now, and new ones."""

    @extend_schema(responses=OwnAnswerSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """The own answers that the protocol lets their reader change now."""
        answers = selectors.changeable_answers(reader_or_404(request, slug))
        return self.page(own_answers(answers), OwnAnswerSerializer)


class Revisit(ReaderDoor):
    """An answered read, opened once more by its reader."""

    keeps_answers = True

    @extend_schema(request=RevisitSerializer, responses={204: None})
    def post(self, request: Request, slug: str) -> Response:
        """With a reason; it is due next, under a new token."""
        reader = person_or_404(request, slug)
        given = self.parse(RevisitSerializer)
        services.read_revisit(reader=reader, **given)
        return Response(status=204)


class Undo(ReaderDoor):
    """The last answer, taken back."""

    @extend_schema(request=None, responses=DueSerializer)
    def post(self, request: Request, slug: str) -> Response:
        reader = person_or_404(request, slug)
        return Response(due_told(services.read_undo(reader=reader)))
