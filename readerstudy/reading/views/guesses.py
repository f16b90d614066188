"""Arm guesses: the image once more, with one question and its pixels."""

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from readerstudy.imaging.errors import Refused

from .. import selectors, services
from ..models import ArmGuess
from ..pages.guess import guess_page, shown_guess
from .reader import due_json, never_stored, pixels_answer, posted, reader_or_404


@require_safe
def guess_next(request: HttpRequest, slug: str) -> HttpResponse:
    """The question that is due."""
    reader = reader_or_404(request, slug)
    guess = None if reader.simulated else services.guess_next(reader=reader)
    if guess is None:
        return never_stored(redirect("reading:reading-pause", slug))
    page = guess_page(study=reader.study, guess=guess)
    return never_stored(render(request, "reading/guess.html", {"page": page}))


@require_safe
def guess_pixels(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """The pixels of the image that this reader is asked about now, and of no other."""
    assert isinstance(request.user, User)
    try:
        guess = shown_guess(slug=slug, token=token, user=request.user)
    except ArmGuess.DoesNotExist:
        raise Http404 from None
    return pixels_answer(lambda: selectors.read_pixels(guess.read))


@require_POST
def guess_submit(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a guess; say what follows."""
    reader = reader_or_404(request, slug)
    if reader.simulated:
        refused = _("This account's reading is simulated.")
        return never_stored(JsonResponse({"error": refused}, status=409))
    try:
        submitted = services.guess_submit(
            token=posted(request, "token"),
            reader=reader,
            guess=request.POST.get("guess", ""),
            confidence=_parse_confidence(request),
        )
    except ArmGuess.DoesNotExist:
        raise Http404 from None
    except Refused as refusal:
        return never_stored(JsonResponse({"error": str(refusal)}, status=409))
    return never_stored(JsonResponse(due_json(submitted.due, slug)))


def _parse_confidence(request: HttpRequest) -> int | None:
    """None where nothing was chosen; 0, which is none of them, for nonsense."""
    text = request.POST.get("confidence", "")
    if not text:
        return None
    return int(text) if text in {"1", "2", "3", "4", "5"} else 0
