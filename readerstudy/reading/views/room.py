"""The reader's side: home, the reading screen, its pixels, the pause."""

from typing import cast

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.lut import LUTS, load_lut

from .. import selectors, services
from ..models import Membership, Read
from ..pages.home import home_studies
from ..pages.room import desk_of, reader_page
from ..protocol.windows import BRIGHTEST
from ..services import Observed, Seat, device_digest
from .reader import (
    due_address,
    due_json,
    never_stored,
    not_before_reader,
    own_desk_or_404,
    parse_answers,
    parse_screen,
    pixels_answer,
    posted,
    reader_or_404,
)

DURATIONS = ("first_ms", "spent_ms", "away_ms", "held_ms")


@require_safe
def reader_home(request: HttpRequest) -> HttpResponse:
    """The reader's own studies and what is due."""
    assert isinstance(request.user, User)
    studies = home_studies(selectors.reading_states(request.user))
    return never_stored(render(request, "reading/home.html", {"studies": studies}))


@require_safe
def read_next(request: HttpRequest, slug: str) -> HttpResponse:
    """The reading screen with the next read, or where something else is due."""
    reader = reader_or_404(request, slug)
    if reader.simulated:
        return never_stored(redirect("reading:reading-pause", slug))
    due = services.read_next(reader=reader)
    if due.read is None:
        return never_stored(redirect(due_address(due, slug)))
    likes = selectors.preferences(reader.user)
    page = reader_page(reader=reader, due=due, likes=likes)
    template = "reading/stack.html" if page.stack else "reading/room.html"
    return never_stored(render(request, template, {"page": page}))


@require_safe
def reading_pause(request: HttpRequest, slug: str) -> HttpResponse:
    """Between sessions and at the end: what is done and when it goes on."""
    reader = reader_or_404(request, slug)
    state = selectors.reading_state(reader)
    given = {"state": state, "desk": desk_of(reader.user_id, slug)}
    return never_stored(render(request, "reading/pause.html", given))


@require_POST
def session_finish(request: HttpRequest, slug: str) -> HttpResponse:
    """The reader ends a session that is answered and reviewed."""
    reader = reader_or_404(request, slug)
    if not reader.simulated:
        try:
            services.session_finish(reader=reader)
        except Refused as refusal:
            given = {
                "state": selectors.reading_state(reader),
                "desk": desk_of(reader.user_id, slug),
                "refused": str(refusal),
            }
            page = render(request, "reading/pause.html", given, status=400)
            return never_stored(page)
    return never_stored(redirect("reading:reading-pause", slug))


@require_safe
def read_pixels(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """The pixels of the read before this reader and of the one after; of no other."""
    assert isinstance(request.user, User)
    try:
        read = selectors.shown_read(slug=slug, token=token, user=request.user)
    except Read.DoesNotExist:
        raise Http404 from None
    if read.reader.simulated:
        raise Http404
    return pixels_answer(lambda: selectors.read_pixels(read))


@require_POST
def read_submit(request: HttpRequest, slug: str) -> HttpResponse:
    """Take an answer; say what follows, so that no further request is needed.

    Whether this person reads the study is asked by the service, in the statement that
    waits for their turn.
    """
    assert isinstance(request.user, User)
    own_desk_or_404(request, slug)
    try:
        submitted = services.read_submit(
            token=posted(request, "token"),
            reader=Seat(slug, request.user),
            answers=parse_answers(request),
            key=posted(request, "key"),
            comment=posted(request, "comment"),
            observed=_parse_observed(request),
        )
    except Membership.DoesNotExist:
        raise Http404 from None
    except Read.DoesNotExist:
        return not_before_reader()
    except Refused as refusal:
        reader_or_404(request, slug)  # what could not be parsed came before the seat
        return never_stored(JsonResponse({"error": str(refusal)}, status=409))
    return never_stored(JsonResponse(due_json(submitted.due, slug)))


def _parse_observed(request: HttpRequest) -> Observed:
    """What is nonsense counts as not told: no answer is lost for it."""
    screen = parse_screen(request)
    agent = request.headers.get("User-Agent", "")
    low, high = _parse_whole(request, "low"), _parse_whole(request, "high")
    is_window = low is not None and high is not None and low < high <= BRIGHTEST
    return Observed(
        **{name: _parse_whole(request, name) for name in DURATIONS},
        window=cast(tuple[int, int], (low, high)) if is_window else None,
        slice_side=_parse_whole(request, "side"),
        device=device_digest(user_agent=agent, screen=screen),
    )


def _parse_whole(request: HttpRequest, name: str) -> int | None:
    text = posted(request, name)
    is_number = text.isascii() and text.isdecimal() and len(text) <= 9
    return int(text) if is_number else None


@require_safe
def lut_show(request: HttpRequest, lut: str) -> HttpResponse:
    """Red, green and blue of the 256 grey values: 768 bytes."""
    if lut not in LUTS:
        raise Http404
    content = load_lut(lut).tobytes()
    return never_stored(HttpResponse(content, content_type="application/octet-stream"))
