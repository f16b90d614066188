"""Training: images outside the study with known grades, and the gate they make.

As in reading, whatever a reader does takes a lock on the reader's membership first.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import cast

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.blinding import tokens
from readerstudy.imaging.errors import Refused

from .. import gate
from ..models import Membership, Study, TrainingAttempt, TrainingItem, TrainingRead
from ..questions import Answers, check_answers, question_set_of
from ..recording import record_training
from ..selectors.training import shown_number, training_hindrance
from .conduct import membership_lock


@dataclass(frozen=True)
class Feedback:
    """An answer of the training beside the key, and the read that follows, if any."""

    given: Answers
    key: Answers
    following: TrainingRead | None


@transaction.atomic
def attempt_start(*, reader: Membership) -> TrainingAttempt:
    """The attempt under way, or a new one with all images in an order of its own."""
    reader = _trainable(reader)
    under_way = _under_way(reader)
    if under_way is not None:
        return under_way
    last = reader.attempts.order_by("number").last()
    attempt = TrainingAttempt.objects.create(
        reader=reader,
        number=last.number + 1 if last else 1,
        started_at=timezone.now(),
    )
    before = [read.item_id for read in last.reads.order_by("position")] if last else []
    items = _shuffled(list(reader.study.training.all()), before)
    TrainingRead.objects.bulk_create(
        TrainingRead(
            attempt=attempt, item=item, position=position, token=tokens.new_token()
        )
        for position, item in enumerate(items, start=1)
    )
    return attempt


def _shuffled(items: list[TrainingItem], before: list[int]) -> list[TrainingItem]:
    """In a random order that is not the last attempt's, if there is another one."""
    while True:
        secrets.SystemRandom().shuffle(items)
        if len(items) == 1 or [item.pk for item in items] != before:
            return items


@transaction.atomic
def training_next(*, reader: Membership) -> TrainingRead | None:
    """The first image of the attempt under way without an answer, marked as shown.

    None where no attempt is under way; Refused where the reader cannot train now.
    """
    reader = _trainable(reader)
    attempt = _under_way(reader)
    return None if attempt is None else _show_next(attempt, timezone.now())


@transaction.atomic
def training_submit(*, token: str, reader: Membership, answers: Answers) -> Feedback:
    """Store the answer to an image that was shown, and judge the attempt at its last.

    The same again is the same once; another answer to the same image is refused.
    Raises TrainingRead.DoesNotExist for a token not this reader's or not shown.
    """
    reader = _locked(reader)
    read = TrainingRead.objects.select_related("attempt", "item").get(
        token=token, attempt__reader=reader, first_shown_at__isnull=False
    )
    given: dict[str, dict[str, int]] = {}
    asked = question_set_of(reader.study)
    for grade in check_answers(asked, answers, may_decline=False):
        given.setdefault(grade.question, {})[grade.side] = cast(int, grade.value)
    now = timezone.now()
    if read.submitted_at is None:
        _refuse_unless_trainable(reader)
        read.answers = given
        read.submitted_at = now
        read.save(update_fields=["answers", "submitted_at"])
        following = _show_next(read.attempt, now)
        if following is None:
            _attempt_judge(reader, read.attempt, now)
    elif read.answers == given:
        following = _show_next(read.attempt, now)
    else:
        raise Refused(_("This image of the training is already answered."))
    return Feedback(given=given, key=read.item.key, following=following)


def _locked(reader: Membership) -> Membership:
    """With its study as it is once it is this reader's turn."""
    reader = membership_lock(reader)
    reader.study = Study.objects.defer("protocol").get(pk=reader.study_id)
    return reader


def _trainable(reader: Membership) -> Membership:
    reader = _locked(reader)
    _refuse_unless_trainable(reader)
    return reader


def _refuse_unless_trainable(reader: Membership) -> None:
    hindrance = training_hindrance(reader)
    if hindrance:
        raise Refused(hindrance)


def _under_way(reader: Membership) -> TrainingAttempt | None:
    return reader.attempts.filter(finished_at__isnull=True).first()


def _show_next(attempt: TrainingAttempt, now: datetime) -> TrainingRead | None:
    """Mark it as shown: its pixels may be fetched from now on."""
    read = attempt.reads.filter(submitted_at__isnull=True).order_by("position").first()
    if read and read.first_shown_at is None:
        read.first_shown_at = now
        read.save(update_fields=["first_shown_at"])
    return read


def _attempt_judge(reader: Membership, attempt: TrainingAttempt, now: datetime) -> None:
    """Compare all of it with the key. Without a gate whoever went through passes."""
    study = reader.study
    reached = _reached(study, attempt) if study.gate else None
    attempt.finished_at = now
    attempt.reached = None if reached is None else float(reached)
    attempt.passed = not study.gate or (
        reached is not None and reached >= Fraction(study.gate_minimum or 0)
    )
    attempt.save(update_fields=["finished_at", "reached", "passed"])
    shown = shown_number(attempt.reached)
    record_training(
        study=study,
        attempt=attempt,
        reader=reader,
        reached=None if shown is None else str(shown),
    )


def _reached(study: Study, attempt: TrainingAttempt) -> Fraction | None:
    """By the gate's measure; of several questions the least, and none if one has none.

    Every answer counts once, left and right of a patient alike: it is a minimum for
    this reader on these images, not an estimate for others.
    """
    reads = list(attempt.reads.select_related("item"))
    found: list[Fraction] = []
    for question in question_set_of(study).questions:
        pairs = [
            (value, read.item.key[question.key][side])
            for read in reads
            for side, value in (read.answers or {})[question.key].items()
        ]
        scale = sorted(answer.value for answer in question.answers)
        if study.gate == Study.Gate.KAPPA:
            weights = study.kappa_weights
            one = gate.weighted_kappa(pairs, categories=scale, weights=weights)
        else:
            one = gate.share_within_one(pairs, categories=scale)
        if one is None:
            return None
        found.append(one)
    return min(found)
