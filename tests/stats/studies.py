"""Studies that have been read: rows with known grades, so results can be foretold."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from django.contrib.auth.models import User
from numpy.typing import NDArray

from readerstudy.cases import services as cases_services
from readerstudy.cases.models import Case, Cohort
from readerstudy.reading.models import (
    Answer,
    Arm,
    Membership,
    Read,
    Score,
    Session,
    Study,
)
from readerstudy.reading.questions import QUESTION_SETS, describe

OPENED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SIDES = ("right", "left")


def image(*, seed: int, noise: float) -> NDArray[np.float32]:
    """Two bright spots on a dim head, (5, 64, 64); relative noise as given."""
    rng = np.random.default_rng(seed)
    row, column = np.mgrid[:64, :64]
    values = 0.2 * (((row - 32) / 28) ** 2 + ((column - 32) / 22) ** 2 < 1)
    for centre in (25, 39):
        distance = (row - 29) ** 2 + (column - centre) ** 2
        values = values + rng.uniform(0.4, 0.8) * np.exp(-distance / 12)
    noisy = values * (1 + noise * rng.standard_normal((5, 64, 64)))
    return np.clip(noisy, 0, 1).astype(np.float32)


def make_cohort(name: str, *, cases: int, methods: Sequence[str]) -> Cohort:
    """Images of every method; the later the method, the closer to the reference."""
    cohort = Cohort.objects.create(name=name, simulated=True)
    for number in range(1, cases + 1):
        case = Case.objects.create(
            cohort=cohort,
            code=f"C{number:03}",
            patient_digest=f"{name}-{number}",
            central_slice=30,
        )
        for place, method in enumerate(methods):
            noise = 0.0 if place == 0 else 0.2 / place
            cases_services.rendition_save(
                case=case,
                method=method,
                values=image(seed=number, noise=noise),
                provenance={"made by": "tests"},
            )
    return cohort


def make_study(
    cohort: Cohort,
    *,
    slug: str = "read-study",
    methods: Sequence[str] = ("reference", "short", "unet"),
    repeated: str = "unet",
    readers: int = 3,
    seed: int = 1,
    state: str = Study.State.UNBLINDED,
) -> Study:
    """A study whose reads are all submitted. Reader k errs more with larger k."""
    study = Study.objects.create(
        slug=slug,
        title="Phantoms, read",
        cohort=cohort,
        state=state,
        protocol={
            "questions": describe(QUESTION_SETS["striatum-grade-1-4"]),
            "display": {"window": "image-max"},
        },
        protocol_sha256="ab" * 32,
        seed_sha256="cd" * 32,
        opened_at=OPENED,
        closed_at=OPENED + timedelta(days=1),
        unblinded_at=OPENED + timedelta(days=2),
    )
    arms = [
        Arm.objects.create(
            study=study,
            position=place,
            code=method,
            title=f"Arm {method}",
            method=method,
            role="reference" if method == "reference" else "comparison",
            repeated=method == repeated,
        )
        for place, method in enumerate(methods, start=1)
    ]
    rng = np.random.default_rng(seed)
    for number in range(readers):
        _read_everything(study, arms, number, rng)
    study.refresh_from_db()  # defaults as they are stored, not as they were named
    return study


def _read_everything(
    study: Study, arms: Sequence[Arm], number: int, rng: np.random.Generator
) -> None:
    user = User.objects.create(username=f"{study.slug}-reader-{number}")
    reader = Membership.objects.create(
        study=study, user=user, role="reader", code="ABCDEFGH"[number]
    )
    session = Session.objects.create(study=study, reader=reader, number=1)
    reads = [
        Read(
            session=session,
            reader=reader,
            case=case,
            arm=arm,
            repeat=repeat,
            position=0,
            token="",
        )
        for repeat in (0, 1)
        for case in study.cohort.cases.all()
        for arm in arms
        if repeat == 0 or arm.repeated
    ]
    for position, place in enumerate(rng.permutation(len(reads)), start=1):
        read, shown = reads[place], OPENED + timedelta(seconds=20 * position)
        read.position, read.token = position, f"{study.pk}-{reader.pk}-{position}"
        read.first_shown_at, read.submitted_at = shown, shown + timedelta(seconds=12.5)
    reads = Read.objects.bulk_create(reads)
    answers = Answer.objects.bulk_create(
        Answer(read=read, shown_at=read.first_shown_at, at=read.submitted_at, by=user)
        for read in reads
    )
    Score.objects.bulk_create(
        Score(
            answer=answer,
            question="grade",
            side=side,
            value=_grade(answer.read, side, number, rng),
        )
        for answer in answers
        for side in SIDES
    )


def answer_again(read: Read, **sides: int | str) -> Answer:
    """The next version of its answer; sides that are not named stay as they were.

    A text is why the side cannot be assessed.
    """
    latest = read.answers.latest("version")
    again = Answer.objects.create(
        read=read,
        version=latest.version + 1,
        reason="Wrong key.",
        shown_at=latest.shown_at,
        at=latest.at + timedelta(seconds=1),
        by=latest.by,
    )
    for score in latest.scores.all():
        given = sides.get(score.side, score.value or score.unassessable)
        Score.objects.create(
            answer=again, question="grade", side=score.side, **said(given)
        )
    return again


def said(given: int | str) -> dict[str, object]:
    """A grade, or why there is none, as Score has it."""
    if isinstance(given, str):
        return {"value": None, "unassessable": given}
    return {"value": given, "unassessable": ""}


def decline(read: Read, *sides: str, why: str = "The slices are cut off.") -> None:
    """The first answer to a read was that these sides cannot be assessed."""
    of_sides = Score.objects.filter(answer__read=read, side__in=sides)
    assert of_sides.update(**said(why)) == len(sides)


def _grade(read: Read, side: str, number: int, rng: np.random.Generator) -> int:
    truth = 1 + (hash_of(read.case.code) + (side == "left")) % 4
    error = 0.3 + 0.2 * number + (0.6 if read.arm.method == "short" else 0)
    return int(np.clip(round(truth + error * rng.standard_normal()), 1, 4))


def hash_of(code: str) -> int:
    """The same on every run, unlike hash()."""
    return int(code.lstrip("C")) * 7 % 11
