"""Training: the reading screen with feedback, and what an attempt came to."""

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from readerstudy.imaging.errors import Refused

from .. import selectors, services
from ..models import TrainingRead
from ..pages.due import feedback_told
from ..pages.room import training_page
from ..selectors import training
from ..services import Feedback
from .reader import (
    never_stored,
    not_before_reader,
    own_desk_or_404,
    parse_answers,
    pixels_answer,
    posted,
    reader_or_404,
)


@require_safe
def training_next(request: HttpRequest, slug: str) -> HttpResponse:
    """The reading screen with the next image of the attempt under way."""
    reader = reader_or_404(request, slug)
    try:
        read = services.training_next(reader=reader)
    except Refused:
        read = None
    if read is None:
        return never_stored(redirect("reading:reading-pause", slug))
    likes = selectors.preferences(reader.user)
    page = training_page(reader=reader, read=read, likes=likes)
    return never_stored(render(request, "reading/training.html", {"page": page}))


@require_POST
def training_start(request: HttpRequest, slug: str) -> HttpResponse:
    """A new attempt, or on with the one under way."""
    reader = reader_or_404(request, slug)
    try:
        services.attempt_start(reader=reader)
    except Refused:  # the page that follows says what is due instead
        return never_stored(redirect("reading:reading-pause", slug))
    return never_stored(redirect("reading:training-next", slug))


@require_safe
def training_pixels(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """The pixels of the training image that is before this reader, and of no other."""
    assert isinstance(request.user, User)
    try:
        read = training.shown_training_read(slug=slug, token=token, user=request.user)
    except TrainingRead.DoesNotExist:
        raise Http404 from None
    return pixels_answer(lambda: training.training_pixels(read))


@require_POST
def training_submit(request: HttpRequest, slug: str) -> HttpResponse:
    """Take an answer; tell the key, and what follows."""
    reader = reader_or_404(request, slug)
    own_desk_or_404(request, slug)
    try:
        feedback = services.training_submit(
            token=posted(request, "token"),
            reader=reader,
            answers=parse_answers(request),
        )
    except TrainingRead.DoesNotExist:
        return not_before_reader()
    except Refused as refusal:
        return never_stored(JsonResponse({"error": str(refusal)}, status=409))
    return never_stored(JsonResponse(_describe(feedback, slug)))


def _describe(feedback: Feedback, slug: str) -> dict[str, object]:
    """`next` is what the reading screen is told of its next read."""
    told = feedback_told(feedback)
    if feedback.following is None:
        result = reverse("reading:training-result", args=[slug])
        told["next"] = {"state": "finished", "href": result}
    return told


@require_safe
def training_result(request: HttpRequest, slug: str) -> HttpResponse:
    """The last attempt beside the key, and whether the gate is passed."""
    reader = reader_or_404(request, slug)
    result = training.training_result(reader)
    if result is None:
        return never_stored(redirect("reading:reading-pause", slug))
    state = selectors.reading_state(reader)
    given = {"result": result, "state": state}
    return never_stored(render(request, "reading/training_result.html", given))
