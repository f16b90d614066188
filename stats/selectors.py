"""What a report reads of a study: its people, arms, cases and grades as they stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from readerstudy.cases.models import Case
from readerstudy.cases.selectors import patients_of
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.study_types import STUDY_TYPES
from readerstudy.reading.models import Arm, Membership, Read, Score, Session, Study
from readerstudy.reading.protocol.frozen import current
from readerstudy.reading.questions import Kind

from .agreement.standards import StandardKind, standard_of
from .readings import (
    MISSING,
    NOTHING,
    SIDES,
    GradeTable,
    Key,
    Reading,
    Readings,
    place_number,
)

QUESTION = "grade"  # what the question for grades is called, if there are several
MAY_SEE_RESULTS = (Membership.Role.COORDINATOR, Membership.Role.STATISTICIAN)


def check_unblinded(study: Study) -> None:
    """Nobody sees results of an arm before the study is closed and unblinded."""
    if study.state != Study.State.UNBLINDED:
        raise Refused(
            _("“%(study)s” is not unblinded yet; there are no results before that.")
            % {"study": study.title}
        )


SCORE = np.dtype(
    [
        ("arm", np.int64),
        ("repeat", np.int8),
        ("place", np.int64),
        ("version", np.int16),
        ("value", np.int8),
    ]
)


def grade_question(study: Study) -> dict[str, Any] | None:
    """The question for grades that is analysed, as the protocol has it: the one of
    that name, or else the first one. A protocol from before there were kinds asks for
    nothing else."""
    asked = (study.protocol or {}).get("questions", {}).get("questions", [])
    graded = [one for one in asked if one.get("kind", Kind.GRADE) == Kind.GRADE]
    named = [one for one in graded if one["key"] == QUESTION]
    return next(iter((*named, *graded)), None)


def readings(study: Study) -> Readings:
    """The grades of a study as they stand, latest version of each."""
    asked = grade_question(study)
    question = asked["key"] if asked else QUESTION
    found: dict[Key, Reading] = {}
    for reader in answering_readers(study):
        of_reader = _readings_of(reader, question)
        found |= {(reader.pk, *key): one for key, one in of_reader.items()}
    cases = study_cases(study)
    return Readings(found, patients_of(cases), _standards(study, found))


def standard_kind(study: Study) -> StandardKind:
    """The plan's reference standard; of a protocol from before it said one: own."""
    analysis = current(study).get("analysis") or {}
    kind: StandardKind = analysis.get("standard", "own")
    return kind


def _standards(study: Study, found: Mapping[Key, Reading]) -> dict[int, Reading]:
    """reader pk → what the reader's grades are compared with."""
    readers = [reader.pk for reader in study_readers(study)]
    arm, kind = reference_arm(study).pk, standard_kind(study)
    own = [found.get((reader, arm, 0), NOTHING) for reader in readers]
    if kind == "own" or not readers:
        return dict(zip(readers, own, strict=True))
    one = _given(study) if kind == "given" else _of_several(own, kind)
    return dict.fromkeys(readers, one)


def _of_several(own: list[Reading], kind: StandardKind) -> Reading:
    """Of all places that anyone answered; without a grade where there is no standard,
    as if it could not be assessed."""
    numbers = np.unique(np.concatenate([NOTHING.numbers, *(o.numbers for o in own)]))
    each = np.array([one.at(numbers) for one in own], dtype=np.int64)
    table = GradeTable(
        categories=tuple(range(np.iinfo(np.int8).max + 1)),
        grades=np.empty((len(own), 0, len(numbers)), dtype=np.int64),
        standard=each,
        patients=np.zeros(len(numbers), dtype=np.int64),
    )
    return Reading.of_arrays(numbers, standard_of(table, kind)[0].astype(np.int8))


def _given(study: Study) -> Reading:
    pks = dict(study_cases(study).values_list("code", "pk"))
    lines = current(study)["analysis"]["given"]
    return Reading(
        {
            (pks[line["case"]], side): line[side]
            for line in lines
            if line["case"] in pks
            for side in SIDES
        }
    )


def _readings_of(reader: Membership, asked: str) -> dict[tuple[int, int], Reading]:
    """(arm pk, repeat) → what this reader answered to the question `asked`."""
    # Told by the question here: a database may take its index for the better way in,
    # and look through every answer there is for each reader.
    rows = Score.objects.filter(
        answer__read__reader=reader, answer__read__submitted_at__isnull=False
    ).values_list(
        "question",
        "answer__read__arm_id",
        "answer__read__repeat",
        "answer__read__case_id",
        "side",
        "answer__version",
        "value",
    )
    scores = np.fromiter(
        (
            (arm, repeat, place_number((case, side)), version, _value(value))
            for question, arm, repeat, case, side, version, value in (
                rows.order_by().iterator()
            )
            if question == asked
        ),
        dtype=SCORE,
    )
    if not len(scores):
        return {}
    scores.sort(order=["arm", "repeat", "place", "version"])
    of_one = scores[["arm", "repeat", "place"]]
    scores = scores[np.append(of_one[1:] != of_one[:-1], True)]
    return {
        (arm, repeat): Reading.of_arrays(
            *_columns(scores, (scores["arm"] == arm) & (scores["repeat"] == repeat))
        )
        for arm, repeat in np.unique(scores[["arm", "repeat"]]).tolist()
    }


def _columns(scores: Any, chosen: Any) -> tuple[Any, Any]:
    """Copies, so that nothing keeps the whole table alive."""
    return scores["place"][chosen].copy(), scores["value"][chosen].copy()


def _value(grade: int | None) -> int:
    """grade: None where a side could not be assessed."""
    return MISSING if grade is None else grade


@dataclass(frozen=True)
class GradeScale:
    """The answers of the frozen protocol, from lowest to highest, used or not."""

    categories: tuple[int, ...]
    words: tuple[str, ...]  # English, as the protocol has them


def grade_scale(study: Study) -> GradeScale:
    question = grade_question(study)
    if question is None:
        raise Refused(
            _("The protocol of “%(study)s” asks for no grade.") % {"study": study.title}
        )
    answers = sorted(question["answers"], key=lambda answer: answer["value"])
    return GradeScale(
        tuple(answer["value"] for answer in answers),
        tuple(answer["words"] for answer in answers),
    )


def study_cases(study: Study) -> QuerySet[Case]:
    """The cases that the study's plan reads, by code."""
    planned = Read.objects.filter(case=OuterRef("pk"), session__study=study)
    return Case.objects.filter(Exists(planned)).order_by("code")


def patients_by_case(study: Study) -> dict[int, str]:
    """case pk → keyed digest of its patient, the cluster of all intervals."""
    return patients_of(study_cases(study))


def patient_codes(study: Study) -> dict[int, str]:
    """case pk → P01, P02, … of its patient, in the order of their first case codes.

    The same in every export of the study, and meaning nothing outside of it.
    """
    digests = patients_of(study_cases(study))
    patients = list(dict.fromkeys(digests.values()))
    width = max(2, len(str(len(patients))))
    codes = {p: f"P{number:0{width}}" for number, p in enumerate(patients, start=1)}
    return {case: codes[patient] for case, patient in digests.items()}


def first_reads(study: Study, arm: Arm) -> QuerySet[Read]:
    """First readings of an arm as planned, whether they took place or not."""
    return Read.objects.filter(session__study=study, arm=arm, repeat=0)


def study_readers(study: Study) -> QuerySet[Membership]:
    readers = study.memberships.filter(role=Membership.Role.READER)
    return readers.order_by("code")


def answering_readers(study: Study) -> QuerySet[Membership]:
    """Everybody whose reads the study's plan holds, by code."""
    planned = Session.objects.filter(study=study).values("reader")
    return Membership.objects.filter(pk__in=planned).order_by("code", "pk")


def is_referenced(study: Study) -> bool:
    """Whether an arm is the reference; where cases have none, none can be it."""
    return study.arms.filter(role=Arm.Role.REFERENCE).exists()


def reference_arm(study: Study) -> Arm:
    """What the other arms are compared with: the reference; in a study of cases
    without one the plan's control, or else the first arm, which then only stands for
    itself."""
    arm = study.arms.filter(role=Arm.Role.REFERENCE).first()
    if arm is None and not STUDY_TYPES[study.cohort.study_type].needs_reference:
        planned = (current(study).get("analysis") or {}).get("control_arm", "")
        arms = study.arms.order_by("position")
        arm = arms.filter(code=planned).first() or arms.first()
    if arm is None:
        raise Refused(
            _(
                "“%(study)s” has no reference arm, so there is nothing to compare "
                "the other arms with."
            )
            % {"study": study.title}
        )
    return arm


def compared_arms(study: Study) -> list[Arm]:
    """All arms but the reference, which is never compared with itself."""
    own = reference_arm(study).pk
    return list(study.arms.exclude(pk=own).order_by("position"))


def made_arms(study: Study) -> list[Arm]:
    """All whose images are of something else than the reference."""
    return list(study.arms.exclude(role=Arm.Role.REFERENCE).order_by("position"))


def arms_with_standard(study: Study) -> list[Arm]:
    """Arms whose grades are compared with the standard: the reference's too where that
    was given, and not made of its own readings."""
    compared = compared_arms(study)
    given = standard_kind(study) == "given"
    return [reference_arm(study), *compared] if given else compared
