"""The reader's side: home, the reading screen, its pixels, the pause."""

import logging

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.lut import load_lut

from .. import selectors, services
from ..models import Membership, Read, Study
from ..pages import presented_json, reader_page
from ..services import Due

logger = logging.getLogger(__name__)


def _reader_or_404(request: HttpRequest, slug: str) -> Membership:
    """The membership by which this person reads the study."""
    return get_object_or_404(
        Membership.objects.select_related("study")
        .defer("study__protocol")
        .exclude(study__state=Study.State.DRAFT),
        study__slug=slug,
        user=request.user,
        role=Membership.Role.READER,
    )


def _never_stored(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def reader_home(request: HttpRequest) -> HttpResponse:
    """The reader's own studies and what is due."""
    assert isinstance(request.user, User)
    states = selectors.reading_states(request.user)
    return _never_stored(render(request, "reading/home.html", {"states": states}))


@require_safe
def read_next(request: HttpRequest, slug: str) -> HttpResponse:
    """The reading screen with the next read."""
    reader = _reader_or_404(request, slug)
    if reader.simulated:
        return _never_stored(redirect("reading:reading-pause", slug))
    due = services.read_next(reader=reader)
    if due.read is None:
        return _never_stored(redirect("reading:reading-pause", slug))
    page = reader_page(study=reader.study, read=due.read)
    return _never_stored(render(request, "reading/room.html", {"page": page}))


@require_safe
def reading_pause(request: HttpRequest, slug: str) -> HttpResponse:
    """Between sessions and at the end: what is done and when it goes on."""
    reader = _reader_or_404(request, slug)
    state = selectors.reading_state(reader)
    return _never_stored(render(request, "reading/pause.html", {"state": state}))


@require_safe
def read_pixels(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """The pixels of the read that is before this reader now, and of no other."""
    assert isinstance(request.user, User)
    try:
        read = selectors.shown_read(slug=slug, token=token, user=request.user)
    except Read.DoesNotExist:
        raise Http404 from None
    if read.reader.simulated:
        raise Http404
    try:
        content = selectors.read_pixels(read)
    except selectors.ImageUnusableError as unusable:
        logger.error("%s", unusable)  # no traceback: its frames hold arm and case
        told = _("This image cannot be shown. Tell the coordinator.")
        plain = "text/plain; charset=utf-8"
        return _never_stored(HttpResponse(told, content_type=plain, status=409))
    return _never_stored(HttpResponse(content, content_type="application/octet-stream"))


@require_POST
def read_submit(request: HttpRequest, slug: str) -> HttpResponse:
    """Take an answer; say what follows, so that no further request is needed."""
    reader = _reader_or_404(request, slug)
    if reader.simulated:
        refused = _("This account's reading is simulated.")
        return _never_stored(JsonResponse({"error": refused}, status=409))
    try:
        submitted = services.read_submit(
            token=request.POST.get("token", ""),
            reader=reader,
            answers=_parse_answers(request),
            key=request.POST.get("key", ""),
        )
    except Read.DoesNotExist:
        raise Http404 from None
    except Refused as refusal:
        return _never_stored(JsonResponse({"error": str(refusal)}, status=409))
    return _never_stored(JsonResponse(_describe(submitted.due, slug)))


def _parse_answers(request: HttpRequest) -> dict[str, dict[str, int]]:
    """Fields named question-side, for the patient's side, hold whole numbers."""
    answers: dict[str, dict[str, int]] = {}
    for name in request.POST:
        value = str(request.POST[name])
        question, dash, side = name.rpartition("-")
        if not dash:
            continue
        if not (value.isascii() and value.isdecimal() and len(value) <= 3):
            raise Refused(_("%(value)s is not one of the answers.") % {"value": value})
        answers.setdefault(question, {})[side] = int(value)
    return answers


def _describe(due: Due, slug: str) -> dict[str, object]:
    if due.read is not None:
        return presented_json(due.read)
    return {"state": due.state, "href": reverse("reading:reading-pause", args=[slug])}


@require_safe
def lut_show(request: HttpRequest) -> HttpResponse:
    """Red, green and blue of the 256 grey values: 768 bytes."""
    content = load_lut().tobytes()
    return _never_stored(HttpResponse(content, content_type="application/octet-stream"))
