"""What the reading screens have in common: who reads, where to, nothing stored."""

import json
import re
from collections.abc import Callable
from typing import cast

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from readerstudy.imaging.errors import Refused

from .. import selectors
from ..models import Membership
from ..pages.due import due_told, shown_image
from ..pages.room import desk_of
from ..questions import Answered
from ..services import Due

LONGEST_VALUE = 5  # digits
LONGEST_MARKS = 4000  # characters
SCREEN = re.compile(r"\d{1,5}x\d{1,5}", re.ASCII)

# where what is due is done; anything else is told on the pause page
PLACES = {
    "read": "reading:read-next",
    "guess": "reading:guess-next",
    "training": "reading:training-next",
    "conditions": "reading:conditions",
}


def reader_or_404(request: HttpRequest, slug: str) -> Membership:
    """The membership by which this person reads the study."""
    assert isinstance(request.user, User)
    return get_object_or_404(selectors.own_readings(request.user), study__slug=slug)


def own_desk_or_404(request: HttpRequest, slug: str) -> None:
    """What a browser kept for its reader is not sent by who is logged in there now.

    A browser is told nothing by which it could take the answer for refused.
    """
    desk = posted(request, "desk")
    if desk and desk != desk_of(cast(int, request.user.pk), slug):
        raise Http404


def not_before_reader() -> HttpResponse:
    """The answer to a read that is not, or no longer, before its reader."""
    told = _("This read is no longer before you.")
    return never_stored(JsonResponse({"error": told}, status=404))


def never_stored(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response


def due_address(due: Due, slug: str) -> str:
    return reverse(PLACES.get(due.state, "reading:reading-pause"), args=[slug])


def due_json(due: Due, slug: str) -> dict[str, object]:
    """What a screen is told that follows; `href` is where, if not on the same one."""
    return {**due_told(due), "href": due_address(due, slug)}


def pixels_answer(pixels: Callable[[], bytes]) -> HttpResponse:
    """What `pixels` gives, with the same headers for every image; 409 if unusable."""
    try:
        content = shown_image(pixels)
    except Refused as refused:
        plain = "text/plain; charset=utf-8"
        told = HttpResponse(str(refused), content_type=plain, status=409)
        return never_stored(told)
    return never_stored(HttpResponse(content, content_type="application/octet-stream"))


def posted(request: HttpRequest, name: str) -> str:
    """What the form's field says. NUL, which no database's text holds, is left out."""
    return request.POST.get(name, "").replace("\0", "")


def parse_screen(request: HttpRequest) -> str:
    """As the browser tells it; empty for nonsense, which counts as not told."""
    screen = posted(request, "screen")
    return screen if SCREEN.fullmatch(screen) else ""


def parse_answers(request: HttpRequest) -> dict[str, dict[str, Answered]]:
    """Fields named question-side, for the patient's side or the image, hold whole
    numbers.

    "none" cannot be assessed; the field why-question-side says why. Free words are in
    the field text:question-side, places on the image, as JSON, in marks:question-side.
    """
    answers: dict[str, dict[str, Answered]] = {}
    for name in request.POST:
        if name.startswith("text:"):
            question, _dash, side = name.removeprefix("text:").rpartition("-")
            answers.setdefault(question, {})[side] = posted(request, name)
            continue
        question, dash, side = name.rpartition("-")
        is_beside = name.startswith("why-") and name[4:] in request.POST
        if not dash or is_beside or name.startswith("marks:"):
            continue
        answers.setdefault(question, {})[side] = _parse_answer(request, name)
    return answers


def _parse_answer(request: HttpRequest, name: str) -> Answered:
    value = posted(request, name)
    if value == "none":
        return posted(request, f"why-{name}")
    if not (value.isascii() and value.isdecimal() and len(value) <= LONGEST_VALUE):
        raise Refused(_("%(value)s is not one of the answers.") % {"value": value})
    marks = posted(request, f"marks:{name}")
    if not marks:
        return int(value)
    try:
        return {"value": int(value), "marks": json.loads(marks[:LONGEST_MARKS])}
    except (ValueError, RecursionError):
        raise Refused(_("The marks on the image cannot be understood.")) from None
