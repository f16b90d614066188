"""What is asked beside grades: viewing conditions, and what an image was taken for."""

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from readerstudy.imaging.errors import Refused

from .. import selectors, services
from ..models import ArmGuess, ViewingCheck
from ..pages.conditions import conditions_page, shown_pattern
from ..pages.due import due_told, shown_image
from ..pages.guess import CONFIDENCE_WORDS, shown_guess
from ..services import device_digest
from .fetching import Bytes, Picture, ReaderDoor, person_or_404, user_of
from .reader_serializers import (
    ConditionsSerializer,
    DueSerializer,
    GuessSerializer,
    SeenSerializer,
    ToldConditionsSerializer,
    ToldGuessSerializer,
)
from .room import PIXELS


class Conditions(ReaderDoor):
    """What is asked before a session."""

    @extend_schema(request=None, responses=ConditionsSerializer)
    def post(self, request: Request, slug: str) -> Response:
        """Ask: the pattern at its own address has numbers not tried before."""
        reader = person_or_404(request, slug)
        check = services.check_start(reader=reader)
        if check is None:
            raise Refused(_("No viewing conditions are asked now."))
        page = conditions_page(reader=reader, check=check)
        return Response(ConditionsSerializer(page).data)


class ConditionsAnswer(ReaderDoor):
    """What the reader tells of display and room, and sees in the pattern."""

    @extend_schema(request=ToldConditionsSerializer, responses=SeenSerializer)
    def post(self, request: Request, slug: str) -> Response:
        """Until both numbers are seen, the conditions are asked anew."""
        reader = person_or_404(request, slug)
        given = self.parse(ToldConditionsSerializer)
        attempt, screen = given.pop("attempt"), given.get("screen", "")
        agent = request.headers.get("User-Agent", "")
        device = device_digest(user_agent=agent, screen=screen)
        told = services.Conditions(**given, device=device)
        check = services.check_answer(reader=reader, attempt=attempt, told=told)
        if check is None:
            raise Refused(_("No viewing conditions are asked now."))
        return Response({"passed": bool(check.passed)})


class Pattern(ReaderDoor):
    """The test pattern with the numbers that are asked for now, as PNG."""

    renderer_classes = [Picture, JSONRenderer]

    @extend_schema(responses={(200, "image/png"): OpenApiTypes.BINARY})
    def get(self, request: Request, slug: str) -> Response:
        try:
            return Response(shown_pattern(slug=slug, user=user_of(request)))
        except ViewingCheck.DoesNotExist:
            raise Http404 from None


class Guess(ReaderDoor):
    """What the reader takes an image for, asked once its grade is locked."""

    @extend_schema(request=None, responses=GuessSerializer)
    def post(self, request: Request, slug: str) -> Response:
        """The question that is due."""
        reader = person_or_404(request, slug)
        guess = services.guess_next(reader=reader)
        if guess is None:
            raise Refused(_("Nothing is asked about an image now."))
        words = enumerate(CONFIDENCE_WORDS, start=1)
        asked = {
            "token": guess.token,
            "guesses": [{"value": v, "words": w} for v, w in ArmGuess.Guess.choices],
            "confidences": [{"value": number, "words": w} for number, w in words],
        }
        return Response(GuessSerializer(asked).data)


class GuessPixels(ReaderDoor):
    """The image that is asked about now: 12288 bytes, as of a read."""

    renderer_classes = [Bytes, JSONRenderer]

    @extend_schema(responses=PIXELS)
    def get(self, request: Request, slug: str, token: str) -> Response:
        try:
            guess = shown_guess(slug=slug, token=token, user=user_of(request))
        except ArmGuess.DoesNotExist:
            raise Http404 from None
        return Response(shown_image(lambda: selectors.read_pixels(guess.read)))


class GuessAnswer(ReaderDoor):
    """Answers to questions about images."""

    @extend_schema(request=ToldGuessSerializer, responses=DueSerializer)
    def post(self, request: Request, slug: str) -> Response:
        """Answer it; told is what is due then."""
        reader = person_or_404(request, slug)
        given = self.parse(ToldGuessSerializer)
        try:
            submitted = services.guess_submit(reader=reader, **given)
        except ArmGuess.DoesNotExist:
            raise Http404 from None
        return Response(due_told(submitted.due))
