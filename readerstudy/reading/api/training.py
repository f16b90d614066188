"""Training by readers' own programs, with the key after each answer."""

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from .. import selectors, services
from ..models import TrainingRead
from ..pages.due import feedback_told, shown_image, training_told
from ..selectors import training
from .fetching import (
    Bytes,
    ReaderDoor,
    not_before_reader,
    person_or_404,
    reader_or_404,
    user_of,
)
from .reader_serializers import (
    AnswersSerializer,
    FeedbackSerializer,
    PresentedSerializer,
    ReadingStateSerializer,
    TrainingResultSerializer,
)
from .room import PIXELS


class TrainingStart(ReaderDoor):
    """A new attempt, or on with the one under way."""

    @extend_schema(request=None, responses=ReadingStateSerializer)
    def post(self, request: Request, slug: str) -> Response:
        reader = person_or_404(request, slug)
        services.attempt_start(reader=reader)
        return Response(ReadingStateSerializer(selectors.reading_state(reader)).data)


class TrainingNext(ReaderDoor):
    """The next image of the attempt under way; “finished” where none is."""

    @extend_schema(request=None, responses=PresentedSerializer)
    def post(self, request: Request, slug: str) -> Response:
        reader = person_or_404(request, slug)
        return Response(training_told(services.training_next(reader=reader)))


class TrainingPixels(ReaderDoor):
    """The training image that is before this reader: 12288 bytes, as of a read."""

    renderer_classes = [Bytes, JSONRenderer]

    @extend_schema(responses=PIXELS)
    def get(self, request: Request, slug: str, token: str) -> Response:
        user = user_of(request)
        try:
            read = training.shown_training_read(slug=slug, token=token, user=user)
        except TrainingRead.DoesNotExist:
            raise Http404 from None
        return Response(shown_image(lambda: training.training_pixels(read)))


class TrainingSubmit(ReaderDoor):
    """Answers to images of the training."""

    @extend_schema(request=AnswersSerializer, responses=FeedbackSerializer)
    def post(self, request: Request, slug: str) -> Response:
        """Answer the image that was shown; told are the key and what follows."""
        reader = person_or_404(request, slug)
        given = self.parse(AnswersSerializer)
        try:
            feedback = services.training_submit(reader=reader, **given)
        except TrainingRead.DoesNotExist:
            raise not_before_reader() from None
        return Response(feedback_told(feedback))


class TrainingOutcome(ReaderDoor):
    """What the last finished attempt came to, beside the key."""

    @extend_schema(responses=TrainingResultSerializer)
    def get(self, request: Request, slug: str) -> Response:
        result = training.training_result(reader_or_404(request, slug))
        if result is None:
            raise Http404
        return Response(TrainingResultSerializer(result).data)
