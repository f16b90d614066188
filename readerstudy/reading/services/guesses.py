"""Arm guesses: what readers take an image for, asked once its grade is locked."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.imaging.errors import Refused

from ..models import ArmGuess, Membership, Study
from ..recording import guess_digest, record_read
from .conduct import Due, due_after, due_now, membership_lock, refuse_unless_open

CONFIDENCES = range(1, 6)  # 1 a mere guess … 5 certain


@dataclass(frozen=True)
class GuessSubmitted:
    guess: ArmGuess
    due: Due


@transaction.atomic
def guess_next(*, reader: Membership) -> ArmGuess | None:
    """The guess that is due, marked as shown; None if something else is."""
    reader = membership_lock(reader)
    study = Study.objects.defer("protocol").get(pk=reader.study_id)
    return due_now(study, reader, timezone.now(), may_start=False).guess


@transaction.atomic
def guess_submit(
    *, token: str, reader: Membership, guess: str, confidence: int | None
) -> GuessSubmitted:
    """Store a guess that was asked for; the same again is the same once.

    confidence: 1 to 5, and None for who cannot tell. Raises ArmGuess.DoesNotExist
    for a token that is not this reader's or was not shown.
    """
    reader = membership_lock(reader)
    asked = (
        ArmGuess.objects.select_related("read__session__study")
        .defer("read__session__study__protocol")
        .get(token=token, read__reader=reader, first_shown_at__isnull=False)
    )
    study = asked.read.session.study
    _check_guess(guess, confidence)
    now = timezone.now()
    if asked.guessed_at is None:
        refuse_unless_open(study)
        if asked.read.reopenings.filter(answered_at__isnull=True).exists():
            raise Refused(_("This read was opened again; answer it first."))
        asked.guess, asked.confidence, asked.guessed_at = guess, confidence, now
        asked.save(update_fields=["guess", "confidence", "guessed_at"])
        _record(study, reader, asked)
    elif (asked.guess, asked.confidence) != (guess, confidence):
        raise Refused(_("This question is already answered."))
    return GuessSubmitted(asked, due_after(study, reader, now))


def _check_guess(guess: str, confidence: int | None) -> None:
    if guess not in ArmGuess.Guess.values:
        raise Refused(_("Your guess: choose one of the answers."))
    if guess == ArmGuess.Guess.UNKNOWN:
        if confidence is not None:
            raise Refused(_("Who cannot tell has no confidence to choose."))
    elif confidence not in CONFIDENCES:
        raise Refused(_("Your confidence: choose one of the answers."))


def _record(study: Study, reader: Membership, asked: ArmGuess) -> None:
    digest = guess_digest(
        seed=study.seed,
        reader=reader.code,
        position=asked.read.position,
        guess=asked.guess,
        confidence=asked.confidence,
    )
    record_read(
        "guess.submit",
        study=study,
        read=asked.read,
        reader=reader,
        by=reader.user,
        after={"guess_hmac_sha256": digest},
    )
