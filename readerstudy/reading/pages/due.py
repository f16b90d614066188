"""What follows and its pixels, as screens and readers' own programs are told it."""

import logging
from base64 import b64encode
from collections.abc import Callable
from dataclasses import asdict

from django.utils.translation import gettext as _

from readerstudy.imaging.errors import Refused

from .. import selectors
from ..images import ImageUnusableError
from ..models import Read, TrainingRead
from ..services import Due, Feedback
from .room import present, present_training

logger = logging.getLogger(__name__)


def due_told(due: Due) -> dict[str, object]:
    """What is due, and with a read all that a screen is told of it.

    `pixels`: of the read `next`, base64 of their 12288 bytes and so always as long;
    null where there is none, or none that can be shown, as its own address will say,
    and for whole stacks, whose address is asked as soon as their token is known.
    """
    shown = asdict(present(due)) if due.read else {}
    ahead = {"pixels": _pixels_ahead(due.following)} if due.read else {}
    return {"state": due.state, **shown, **ahead}


def feedback_told(feedback: Feedback) -> dict[str, object]:
    """An answer of the training beside the key; `next` is its next read, if any."""
    return {
        "state": "feedback",
        "given": feedback.given,
        "key": feedback.key,
        "next": training_told(feedback.following),
    }


def training_told(read: TrainingRead | None) -> dict[str, object]:
    if read is None:
        return {"state": "finished"}
    return {"state": "read", **asdict(present_training(read))}


def _pixels_ahead(token: str | None) -> str | None:
    """Never fails: an answer that is stored must be acknowledged."""
    if token is None:
        return None
    try:
        pixels = selectors.pixels_ahead(token)
        return b64encode(pixels).decode("ascii") if pixels else None
    except ImageUnusableError as unusable:
        _tell(unusable)
    except Read.DoesNotExist:
        pass  # answered on another device since, and opened again under another token
    return None


def shown_image(pixels: Callable[[], bytes]) -> bytes:
    """What `pixels` gives; Refused, and told in the log, if it is unusable."""
    try:
        return pixels()
    except ImageUnusableError as unusable:
        _tell(unusable)
        told = _("This image cannot be shown. Tell the coordinator.")
        raise Refused(told) from None


def _tell(unusable: ImageUnusableError) -> None:
    logger.error("%s", unusable)  # no traceback: its frames hold arm and case
