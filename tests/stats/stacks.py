"""Image-to-image studies that have been read: rows with known answers."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from itertools import combinations
from typing import Any

import numpy as np
from django.contrib.auth.models import User

from readerstudy.cases.models import Case, Cohort, Rendition
from readerstudy.cases.selectors import rendition_values
from readerstudy.cases.storage.stored_files import npy_bytes, save_file
from readerstudy.reading.models import (
    Answer,
    Arm,
    Membership,
    Read,
    Score,
    Session,
    Study,
)
from readerstudy.reading.questions import QUESTION_SETS, describe, own_question_set
from tests.factory import make_stack_cohort

from .studies import OPENED

METHODS = ("reference", "short", "gaussian")
WINDOWS = [{"key": "brain", "title": "brain", "low": 0, "high": 80}]
# what one reader says of one read: question → Score's fields
Says = Callable[[Read, int, np.random.Generator], dict[str, dict[str, Any]]]


def make_heads(*, cases: int = 6) -> Cohort:
    """The filter's images lie halfway between input and reference."""
    cohort = make_stack_cohort(cases_wanted=cases)
    for case in cohort.cases.all():
        images = {one.method: one for one in case.renditions.all()}
        both = [rendition_values(images[name]) for name in ("reference", "short")]
        content = npy_bytes(np.mean(both, axis=0).astype(np.float32))
        _storage, stored = save_file(Rendition, "values", content)
        filtered = images["gaussian"]
        filtered.values, filtered.sha256 = stored, hashlib.sha256(content).hexdigest()
        filtered.save()
    return cohort


def make_read_study(
    cohort: Cohort,
    says: Says,
    *,
    question_set: str = "image-quality",
    own: Sequence[dict[str, Any]] = (),
    slug: str = "stack-study",
    pairs: bool = False,
    readers: int = 3,
    given: Sequence[dict[str, Any]] = (),
    control: str = "",
    repeated: Sequence[str] = (),
    methods: Sequence[str] = METHODS,
    seed: int = 1,
    state: str = Study.State.UNBLINDED,
) -> Study:
    """All submitted; of pairs every two arms, the first on either side by chance.

    repeated: methods of the arms that are read twice, pairs the other way round.
    """
    asked = own_question_set(own) if own else QUESTION_SETS[question_set]
    study = Study.objects.create(
        slug=slug,
        title="Heads, read",
        cohort=cohort,
        state=state,
        question_set=question_set,
        own_questions=list(own),
        presentation="pairs" if pairs else "single",
        window_rule="presets",
        windows=WINDOWS,
        lut="grey",
        value_low=-1024,
        value_high=1024,
        metric_low=-100,
        metric_high=100,
        given_standard=list(given),
        reference_standard="given" if given else "own",
        protocol=_protocol(asked, given, control),
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
            repeated=method in repeated,
        )
        for place, method in enumerate(methods, start=1)
    ]
    rng = np.random.default_rng(seed)
    for number in range(readers):
        _read_everything(study, arms, number, rng, says, pairs=pairs)
    study.refresh_from_db()
    return study


def _protocol(
    asked: Any, given: Sequence[dict[str, Any]], control: str
) -> dict[str, Any]:
    return {
        "version": 6,
        "questions": describe(asked),
        "display": {"window": "presets"},
        "analysis": {
            "primary_arm": "",
            "control_arm": control,
            "margin": None,
            "weights": "quadratic",
            "interval": "clustered-delta",
            "image_metrics": ["psnr-255", "ssim-255", "ssim-1"],
            "standard": "given" if given else "own",
            "given": list(given),
        },
    }


def _shown(
    arms: Sequence[Arm], rng: np.random.Generator, *, pairs: bool
) -> Iterator[tuple[Arm, Arm | None, int]]:
    """What stands on the left, on the right, and whether it is the second time."""
    if not pairs:
        for arm in arms:
            yield from ((arm, None, repeat) for repeat in range(1 + arm.repeated))
        return
    for one, other in combinations(arms, 2):
        left, right = (one, other) if rng.random() < 0.5 else (other, one)
        yield left, right, 0
        if one.repeated and other.repeated:
            yield right, left, 1


def _read_everything(
    study: Study,
    arms: Sequence[Arm],
    number: int,
    rng: np.random.Generator,
    says: Says,
    *,
    pairs: bool,
) -> None:
    user = User.objects.create(username=f"{study.slug}-reader-{number}")
    reader = Membership.objects.create(
        study=study, user=user, role="reader", code="ABCDEFGH"[number]
    )
    session = Session.objects.create(study=study, reader=reader, number=1)
    images = {(one.case_id, one.method): one.sha256 for one in _renditions(study)}
    reads = []
    for case in study.cohort.cases.all():
        for arm, second, repeat in _shown(arms, rng, pairs=pairs):
            position = len(reads) + 1
            at = OPENED + timedelta(seconds=20 * position)
            reads.append(
                Read(
                    session=session,
                    reader=reader,
                    case=case,
                    arm=arm,
                    second_arm=second,
                    repeat=repeat,
                    position=position,
                    token=f"{study.pk}-{reader.pk}-{position}",
                    image_sha256=images[case.pk, arm.method],
                    second_sha256=images[case.pk, second.method] if second else "",
                    first_shown_at=at,
                    submitted_at=at + timedelta(seconds=9),
                )
            )
    reads = Read.objects.bulk_create(reads)
    answers = Answer.objects.bulk_create(
        Answer(
            read=read,
            shown_at=read.first_shown_at,
            at=read.submitted_at,
            by=user,
            spent_ms=8000,
        )
        for read in reads
    )
    Score.objects.bulk_create(
        Score(answer=answer, question=question, side="image", **fields)
        for answer in answers
        for question, fields in says(answer.read, number, rng).items()
    )


def _renditions(study: Study) -> Any:
    return Rendition.objects.filter(case__cohort=study.cohort_id)


def has_finding(case: Case) -> bool:
    return int(case.code[1:]) % 2 == 0


def rates(read: Read, number: int, rng: np.random.Generator) -> dict[str, Any]:
    """The reference best, then the filter, then the input."""
    best = {"reference": 4.6, "gaussian": 3.6, "short": 2.4}[read.arm.method]
    given = {
        key: {"value": int(np.clip(round(best + rng.normal(0, 0.8)), 1, 5))}
        for key in ("noise", "sharpness", "artefacts", "acceptability")
    }
    if number == 0 and read.arm.method == "short" and read.case.code == "H002":
        given["noise"] = {"value": None, "unassessable": "motion"}
        given["remark"] = {"text": "=Streaks at the <b>skull base</b>."}
    return given


def prefers(read: Read, number: int, rng: np.random.Generator) -> dict[str, Any]:
    """Reference over filter over input, not always; sometimes neither."""
    assert read.second_arm is not None
    worth = {"reference": 1.5, "gaussian": 0.6, "short": -0.3}
    apart = worth[read.arm.method] - worth[read.second_arm.method]
    if rng.random() < 0.15:
        return {"preference": {"value": 3}}
    left = rng.random() < 1 / (1 + np.exp(-apart))
    return {"preference": {"value": 1 if left else 2}}


def is_sure(read: Read, number: int, rng: np.random.Generator) -> dict[str, Any]:
    """Surest in the reference, least in the input."""
    apart = {"reference": 40, "gaussian": 25, "short": 12}[read.arm.method]
    mean = 50 + (apart if has_finding(read.case) else -apart)
    return {"confidence": {"value": int(np.clip(round(rng.normal(mean, 20)), 0, 100))}}


def trusts(read: Read, number: int, rng: np.random.Generator) -> dict[str, Any]:
    """The filter removes something in every second case, and says where."""
    if read.arm.method == "gaussian" and has_finding(read.case):
        mark = {"slice": 2, "row": 20 + number, "column": 30}
        return {"fidelity": {"value": 3, "marks": [mark]}}
    return {"fidelity": {"value": 1}}


def truth(cohort: Cohort) -> list[dict[str, Any]]:
    return [
        {"case": case.code, "image": int(has_finding(case))}
        for case in cohort.cases.all()
    ]
