"""The viewing conditions, asked before a session: the page and its test pattern."""

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from readerstudy.imaging.errors import Refused

from .. import services
from ..models import Membership, ViewingCheck
from ..pages.conditions import conditions_page, shown_pattern
from ..services import Conditions, device_digest
from .reader import never_stored, parse_screen, reader_or_404


@require_http_methods(["GET", "HEAD", "POST"])
def conditions(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask, and go on to the room once the pattern is seen."""
    reader = reader_or_404(request, slug)
    if request.method != "POST":
        return _ask(request, reader)
    try:
        check = services.check_answer(
            reader=reader,
            attempt=_parse_attempt(request),
            told=_parse_conditions(request),
        )
    except Refused as refusal:
        return _ask(request, reader, error=str(refusal))
    seen = check is None or check.passed
    page = "reading:read-next" if seen else "reading:conditions"
    return never_stored(redirect(page, slug))


def _ask(request: HttpRequest, reader: Membership, error: str = "") -> HttpResponse:
    check = services.check_start(reader=reader)
    if check is None:
        return never_stored(redirect("reading:reading-pause", reader.study.slug))
    page = conditions_page(reader=reader, check=check, error=error)
    status = 400 if error else 200
    return never_stored(
        render(request, "reading/conditions.html", {"page": page}, status=status)
    )


def _parse_attempt(request: HttpRequest) -> int:
    text = request.POST.get("attempt", "")
    is_number = text.isascii() and text.isdecimal() and len(text) <= 4
    return int(text) if is_number else 0


def _parse_conditions(request: HttpRequest) -> Conditions:
    given = request.POST
    screen = parse_screen(request)
    agent = request.headers.get("User-Agent", "")
    return Conditions(
        display=given.get("display", ""),
        room_light=given.get("room_light", ""),
        dark_number=given.get("dark_number", ""),
        bright_number=given.get("bright_number", ""),
        screen=screen,
        device=device_digest(user_agent=agent, screen=screen),
    )


@require_safe
def test_pattern(request: HttpRequest, slug: str) -> HttpResponse:
    """The pattern with the numbers that are asked for now."""
    assert isinstance(request.user, User)
    try:
        content = shown_pattern(slug=slug, user=request.user)
    except ViewingCheck.DoesNotExist:
        raise Http404 from None
    return never_stored(HttpResponse(content, content_type="image/png"))
