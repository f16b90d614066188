"""Digests of what a report is computed from: the protocol, the answers, the images.

They name rows by what a study calls them, not by the database's keys, so the same
study in another database has the same digests.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from readerstudy.cases.models import Rendition
from readerstudy.reading.models import ArmGuess, Score, Study
from readerstudy.reading.protocol.frozen import canonical_json, current

from ..selectors import study_cases

CHUNK = 5000  # rows held in memory at a time
ANSWER = (
    *("answer__read__reader__code", "answer__read__position", "answer__version"),
    *("question", "side", "value", "unassessable"),
    *("answer__first_ms", "answer__spent_ms", "answer__read__arm__code"),
    "answer__read__case__code",
)
# of answers about whole images; left out where there is none, as in a digest of before
MORE = ("text", "marks", "answer__read__second_arm__code")
GUESS = ("read__reader__code", "read__position", "guess", "confidence")
IMAGE = ("case__code", "method", "sha256")


@dataclass(frozen=True)
class Inputs:
    """How many rows there are of each kind, and the SHA-256 of what they say."""

    protocol_sha256: str
    answers: int
    answers_sha256: str
    images: int
    images_sha256: str


def inputs(study: Study) -> Inputs:
    """As the rows of the study are now. The protocol: as amended, if it was."""
    answers, answers_sha256 = _digest(_answers(study))
    images, images_sha256 = _digest(_images(study))
    protocol = hashlib.sha256(canonical_json(current(study))).hexdigest()
    return Inputs(protocol, answers, answers_sha256, images, images_sha256)


def _answers(study: Study) -> Iterable[tuple[Any, ...]]:
    """Every version of every score with its place and times; every guess."""
    scores = Score.objects.filter(answer__read__session__study=study)
    rows = scores.order_by(*ANSWER[:5]).values_list(*ANSWER, *MORE)
    for row in rows.iterator(chunk_size=CHUNK):
        answer, more = row[: len(ANSWER)], row[len(ANSWER) :]
        yield answer + more if any(more) else answer
    guesses = ArmGuess.objects.filter(read__session__study=study).exclude(guess="")
    yield from guesses.order_by(*GUESS[:2]).values_list(*GUESS)


def _images(study: Study) -> Iterable[tuple[Any, ...]]:
    """The images of the study's cases and arms, as they are stored now."""
    found = Rendition.objects.filter(
        case__in=study_cases(study), method__in=study.arms.values("method")
    )
    return found.order_by(*IMAGE).values_list(*IMAGE)


def _digest(rows: Iterable[tuple[Any, ...]]) -> tuple[int, str]:
    count, digest = 0, hashlib.sha256()
    for count, row in enumerate(rows, start=1):  # noqa: B007
        digest.update(json.dumps(row, separators=(",", ":")).encode() + b"\n")
    return count, digest.hexdigest()
