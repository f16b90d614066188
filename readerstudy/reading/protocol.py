"""The protocol as it is frozen: plain data, one spelling, one hash."""

import hashlib
import json
from typing import Any

from readerstudy.blinding.schedule import ALGORITHM, PlannedArm
from readerstudy.cases.models import Case, Rendition
from readerstudy.imaging.lut import LUTS
from readerstudy.imaging.preprocessing import SHOWN_SLICES

from .models import Membership, Study
from .questions import describe

VERSION = 1
LUT = "cool"


def canonical_json(protocol: dict[str, Any]) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces: equal content, equal bytes."""
    return json.dumps(
        protocol, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    ).encode()


def protocol_sha256(protocol: dict[str, Any]) -> str:
    return hashlib.sha256(canonical_json(protocol)).hexdigest()


def study_cases(study: Study) -> list[Case]:
    """The cases that are read, in order of addition."""
    cases = Case.objects.filter(cohort=study.cohort_id).order_by("pk")
    return list(cases.filter(split=study.case_split) if study.case_split else cases)


def study_readers(study: Study) -> list[Membership]:
    readers = study.memberships.filter(role=Membership.Role.READER)
    return list(readers.select_related("user").order_by("code"))


def planned_arms(study: Study) -> list[PlannedArm]:
    return [PlannedArm(arm.code, arm.repeated) for arm in study.arms.all()]


def image_hashes(study: Study, cases: list[Case]) -> dict[tuple[int, str], str]:
    """(case's key, method) → SHA-256 of the image, for every image there is."""
    renditions = Rendition.objects.filter(
        case__cohort=study.cohort_id, method__in=study.arms.values("method")
    )
    wanted = {case.pk for case in cases}
    return {
        (case, method): sha256
        for case, method, sha256 in renditions.values_list("case", "method", "sha256")
        if case in wanted
    }


def describe_study(
    study: Study, cases: list[Case], images: dict[tuple[int, str], str]
) -> dict[str, Any]:
    """Everything that decides what is read, how, and in which order."""
    arms = list(study.arms.all())
    return {
        "version": VERSION,
        "slug": study.slug,
        "title": study.title,
        "cohort": {"name": study.cohort.name, "split": study.case_split},
        "arms": [
            {
                "code": arm.code,
                "title": arm.title,
                "method": arm.method,
                "role": arm.role,
                "repeated": arm.repeated,
            }
            for arm in arms
        ],
        "cases": [
            {
                "code": case.code,
                "images": {arm.code: images[case.pk, arm.method] for arm in arms},
            }
            for case in cases
        ],
        "questions": describe(study.question_set),
        "display": {
            "slices": SHOWN_SLICES,
            "window": study.window_rule,
            "lut": {"name": LUT, "sha256": LUTS[LUT]},
            "interpolation": "bicubic, of the scalar, clamped",
        },
        "readers": [reader.code for reader in study_readers(study)],
        "sessions": study.sessions,
        "washout_days": study.washout_days,
        "spacing": study.spacing,
        "schedule": ALGORITHM,
    }
