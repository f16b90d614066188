"""The reading loop of readers' own programs: as blind as the pages, by the same code.

What is told of reads comes from `pages`, as for the screens; nothing is added here.
"""

from typing import Any

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from readerstudy.imaging.lut import load_lut

from .. import selectors, services
from ..atlas import atlas_pixels
from ..models import Read
from ..pages.asked import asked_of
from ..pages.atlas import atlas_page
from ..pages.due import due_told, shown_image
from ..services import Observed, Seat, device_digest
from .fetching import (
    Bytes,
    ReaderDoor,
    not_before_reader,
    person_or_404,
    reader_or_404,
    user_of,
)
from .reader_serializers import (
    AskedSerializer,
    AtlasSerializer,
    DueSerializer,
    PreferencesSerializer,
    ReadingStateSerializer,
    SubmitSerializer,
)

PIXELS = {(200, "application/octet-stream"): OpenApiTypes.BINARY}
DURATIONS = ("first_ms", "spent_ms", "away_ms", "held_ms")


class Readings(ReaderDoor):
    """The studies that the caller reads."""

    @extend_schema(responses=ReadingStateSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Latest first."""
        states = selectors.reading_states(user_of(request))
        return self.page(states, ReadingStateSerializer)


class Reading(ReaderDoor):
    """One study as its reader sees it."""

    @extend_schema(responses=ReadingStateSerializer)
    def get(self, request: Request, slug: str) -> Response:
        state = selectors.reading_state(reader_or_404(request, slug))
        return Response(ReadingStateSerializer(state).data)


class Asked(ReaderDoor):
    """The questions and the display: the same for every read."""

    @extend_schema(responses=AskedSerializer)
    def get(self, request: Request, slug: str) -> Response:
        study = reader_or_404(request, slug).study
        return Response(AskedSerializer(asked_of(study)).data)


class Next(ReaderDoor):
    """What is due now."""

    @extend_schema(request=None, responses=DueSerializer)
    def post(self, request: Request, slug: str) -> Response:
        """Begin or go on: a read that is told of counts as shown."""
        reader = person_or_404(request, slug)
        return Response(due_told(services.read_next(reader=reader)))


class Pixels(ReaderDoor):
    """An image: as many bytes for every one of a study. 12288, three slices of 64 rows
    of 64 grey values; or whole stacks, as `asked` tells of them."""

    renderer_classes = [Bytes, JSONRenderer]

    @extend_schema(responses=PIXELS)
    def get(self, request: Request, slug: str, token: str) -> Response:
        """Of the read before this reader and of the one after; of no other."""
        person_or_404(request, slug)
        try:
            read = selectors.shown_read(slug=slug, token=token, user=user_of(request))
        except Read.DoesNotExist:
            raise Http404 from None
        return Response(shown_image(lambda: selectors.read_pixels(read)))


class Submit(ReaderDoor):
    """Answers to reads."""

    @extend_schema(request=SubmitSerializer, responses=DueSerializer)
    def post(self, request: Request, slug: str) -> Response:
        """Answer the read that was shown; told is what is due then."""
        person_or_404(request, slug)
        given = self.parse(SubmitSerializer)
        try:
            submitted = services.read_submit(
                token=given["token"],
                reader=Seat(slug, user_of(request)),
                answers=given["answers"],
                key=given["key"],
                comment=given["comment"],
                observed=_observed(request, given),
            )
        except Read.DoesNotExist:
            raise not_before_reader() from None
        return Response(due_told(submitted.due))


def _observed(request: Request, given: dict[str, Any]) -> Observed:
    low, high = given.get("window") or (0, 0)
    agent = request.headers.get("User-Agent", "")
    return Observed(
        **{name: given.get(name) for name in DURATIONS},
        window=(low, high) if low < high else None,
        slice_side=given.get("slice_side"),
        device=device_digest(user_agent=agent, screen=given.get("screen", "")),
    )


class Finish(ReaderDoor):
    """The end of a session that is answered and reviewed."""

    @extend_schema(request=None, responses=ReadingStateSerializer)
    def post(self, request: Request, slug: str) -> Response:
        reader = person_or_404(request, slug)
        services.session_finish(reader=reader)
        return Response(ReadingStateSerializer(selectors.reading_state(reader)).data)


class Atlas(ReaderDoor):
    """Examples of the grades."""

    @extend_schema(responses=AtlasSerializer)
    def get(self, request: Request, slug: str) -> Response:
        page = atlas_page(reader_or_404(request, slug).study)
        if page is None:
            raise Http404
        return Response(AtlasSerializer(page).data)


class AtlasPixels(ReaderDoor):
    """The shown slices of all examples, one after the other."""

    renderer_classes = [Bytes, JSONRenderer]

    @extend_schema(responses=PIXELS)
    def get(self, request: Request, slug: str) -> Response:
        study = reader_or_404(request, slug).study
        content = atlas_pixels(study.question_set, window=study.window_rule)
        if not content:
            raise Http404
        return Response(content)


class ColourTable(ReaderDoor):
    """Red, green and blue of the 256 grey values: 768 bytes."""

    renderer_classes = [Bytes, JSONRenderer]

    @extend_schema(responses=PIXELS)
    def get(self, request: Request) -> Response:
        return Response(load_lut().tobytes())


class OwnPreferences(ReaderDoor):
    """How the caller likes to work on the reading screen."""

    @extend_schema(responses=PreferencesSerializer)
    def get(self, request: Request) -> Response:
        likes = selectors.preferences(user_of(request))
        return Response(PreferencesSerializer(likes).data)

    @extend_schema(request=PreferencesSerializer, responses=PreferencesSerializer)
    def put(self, request: Request) -> Response:
        given = self.parse(PreferencesSerializer)
        saved = services.preferences_save(user=user_of(request), **given)
        return Response(PreferencesSerializer(saved).data)
