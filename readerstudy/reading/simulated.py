"""Readers who do not exist, reading through the services that a browser uses."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.preprocessing import CROP, SHOWN_SLICES
from readerstudy.imaging.rendering import OUTSIDE

from . import selectors, services
from .models import ArmGuess, Membership, Read, Study
from .protocol.frozen import study_readers
from .questions import IMAGE, Answers, Question, question_set_of

# SD of readers' constant leanings and range of their scatter from read to read, in
# grades. Measured on 25-minute images, scatter of 0.15, 0.25 and 0.35 gives a
# test-retest weighted kappa of about 0.95, 0.90 and 0.83.
BIAS_SD = 0.15
NOISE_RANGE = (0.15, 0.35)
MOST_GRADE = 4  # that an observer of the striatum gives
UNKNOWN_SHARE = 0.3  # of arm guesses that are “can't tell”

# pixels (3, 64, 64), bias, noise, rng → grade 1 … 4 by the patient's side
Observer = Callable[..., dict[str, int]]
# stacks of levels, (key, kind, values) of each question, bias, noise, rng → answers
StackObserver = Callable[..., dict[str, Any]]
Progress = Callable[[str, int, int], None]  # reader's code, reads done, of how many


@dataclass(frozen=True)
class Temperament:
    """How a simulated reader departs from the grade that the pixels suggest."""

    bias: float  # grades added to every image
    noise: float  # SD in grades from one read to the next


def _rng(seed: int, *purpose: str | int) -> np.random.Generator:
    text = "/".join(map(str, (seed, *purpose)))
    return np.random.default_rng(
        int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
    )


def temperament(*, seed: int, code: str) -> Temperament:
    """The same for a seed and a reader's code, in any study."""
    rng = _rng(seed, code, "temperament")
    return Temperament(
        bias=float(rng.normal(0, BIAS_SD)), noise=float(rng.uniform(*NOISE_RANGE))
    )


@dataclass(frozen=True)
class Eyes:
    """How readers who do not exist see, by what they are shown."""

    grade: Observer
    judge: StackObserver | None = None  # of whole stacks


def readings_simulate(
    *, study: Study, seed: int, eyes: Eyes, progress: Progress
) -> dict[str, str]:
    """Let every reader read on as far as the protocol allows.

    Arm guesses are answered too, at random, and sessions ended. Returns the last
    state by reader's code: `finished`, or `pause` where the washout is not over.
    Refused once a real reader has scored.
    """
    services.member_mark_simulated(study=study)
    return {
        reader.code: _read_on(study, reader, seed, eyes, progress)
        for reader in study_readers(study)
    }


def _read_on(
    study: Study, reader: Membership, seed: int, eyes: Eyes, progress: Progress
) -> str:
    of = temperament(seed=seed, code=reader.code)
    total = reader.reads.count()
    due = services.read_next(reader=reader)
    while True:
        if due.read is not None:
            read, due = due.read, _answer(study, reader, due.read, seed, eyes, of)
            progress(reader.code, read.position, total)
        elif due.guess is not None:
            due = _guess(reader, due.guess, seed)
        elif due.state == "review":  # nobody changes an answer
            services.session_finish(reader=reader)
            due = services.read_next(reader=reader)
        else:
            return due.state
        if due.state == "pause":
            due = services.read_next(reader=reader)


def _answer(
    study: Study,
    reader: Membership,
    read: Read,
    seed: int,
    eyes: Eyes,
    of: Temperament,
) -> services.Due:
    person: dict[str, Any] = {
        "bias": of.bias,
        "noise": of.noise,
        "rng": _rng(seed, reader.code, read.position),
    }
    content = _look(study.slug, read.token, reader.user)
    answers: Answers
    if study.frame:
        answers = _judged(study, content, eyes, person)
    else:
        pixels = np.frombuffer(content, np.uint8).reshape(SHOWN_SLICES, CROP, CROP)
        [question] = question_set_of(study).questions
        answers = {question.key: _graded(question, eyes.grade(pixels, **person))}
    return services.read_submit(
        token=read.token,
        reader=reader,
        answers=answers,
        key=f"simulated-{seed}-{read.token}",  # another one once it is reopened
    ).due


def _graded(question: Question, grades: Mapping[str, int]) -> dict[str, int]:
    """Grades of the striatum, 1 to 4, on the question's own scale."""
    scale = sorted(question.values)
    steps = (len(scale) - 1) / (MOST_GRADE - 1)
    return {side: scale[round((grade - 1) * steps)] for side, grade in grades.items()}


def _judged(
    study: Study, content: bytes, eyes: Eyes, person: dict[str, Any]
) -> Answers:
    if eyes.judge is None:
        raise Refused(_("These simulated readers read no whole stacks."))
    stacks = np.frombuffer(content, "<u2").reshape(-1, *study.frame)
    stacks = np.where(stacks == OUTSIDE, 0, stacks)  # as a screen draws it
    asked = [
        (question.key, str(question.kind), question.values)
        for question in question_set_of(study).questions
    ]
    answers = eyes.judge(list(stacks), asked, **person)
    return {key: {IMAGE: value} for key, value in answers.items()}


def _guess(reader: Membership, asked: ArmGuess, seed: int) -> services.Due:
    """At random: a simulated reader knows nothing of arms."""
    rng = _rng(seed, reader.code, "guess", asked.read.position)
    known = (ArmGuess.Guess.REFERENCE, ArmGuess.Guess.COMPARISON)
    guess, confidence = ArmGuess.Guess.UNKNOWN, None
    if rng.random() >= UNKNOWN_SHARE:
        guess, confidence = known[rng.integers(2)], int(rng.integers(1, 6))
    return services.guess_submit(
        token=asked.token, reader=reader, guess=guess, confidence=confidence
    ).due


def _look(slug: str, token: str, user: User) -> bytes:
    """What a browser gets for this token, and nothing else."""
    shown = selectors.shown_read(slug=slug, token=token, user=user)
    return selectors.read_pixels(shown)
