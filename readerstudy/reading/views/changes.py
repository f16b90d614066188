"""A reader's own answers, to open one of them again."""

import re

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from readerstudy.imaging.errors import Refused

from .. import selectors, services
from ..models import Membership
from .reader import (
    due_json,
    never_stored,
    own_desk_or_404,
    posted,
    reader_or_404,
)

PLACE = re.compile(r"(\d{1,9})/(\d{1,9})", re.ASCII)


@require_safe
def read_changes(request: HttpRequest, slug: str) -> HttpResponse:
    """The answers that the protocol lets the reader change now."""
    return _show(request, reader_or_404(request, slug))


@require_POST
def read_revisit(request: HttpRequest, slug: str) -> HttpResponse:
    """Open an answered read again, with a reason, and show it."""
    reader = reader_or_404(request, slug)
    try:
        if reader.simulated:
            raise Refused(_("This account's reading is simulated."))
        session, number = _parse_place(request)
        services.read_revisit(
            reader=reader,
            session=session,
            number=number,
            reason=posted(request, "reason"),
        )
    except Refused as refusal:
        return _show(request, reader, refused=str(refusal))
    return never_stored(redirect("reading:read-next", slug))


@require_POST
def read_undo(request: HttpRequest, slug: str) -> HttpResponse:
    """Take the last answer back; say what is due then, as after an answer."""
    reader = reader_or_404(request, slug)
    own_desk_or_404(request, slug)
    try:
        if reader.simulated:
            raise Refused(_("This account's reading is simulated."))
        due = services.read_undo(reader=reader)
    except Refused as refusal:
        return never_stored(JsonResponse({"error": str(refusal)}, status=409))
    return never_stored(JsonResponse(due_json(due, slug)))


def _show(
    request: HttpRequest, reader: Membership, *, refused: str = ""
) -> HttpResponse:
    given = {
        "slug": reader.study.slug,
        "answers": selectors.changeable_answers(reader),
        "chosen": request.POST.get("read", ""),
        "reason": request.POST.get("reason", ""),
        "refused": refused,
    }
    status = 400 if refused else 200
    return never_stored(render(request, "reading/changes.html", given, status=status))


def _parse_place(request: HttpRequest) -> tuple[int, int]:
    """session/number, as the list offers them."""
    found = PLACE.fullmatch(request.POST.get("read", ""))
    if found is None:
        raise Refused(_("Read: choose one from the list."))
    return int(found[1]), int(found[2])
