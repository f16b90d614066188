"""The protocol as it is frozen: plain data, one spelling, one hash."""

import copy
import hashlib
import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from readerstudy.blinding import pairs
from readerstudy.blinding.pairs import planned_pairs
from readerstudy.blinding.schedule import ALGORITHM, PlannedArm
from readerstudy.cases.models import Case, Rendition
from readerstudy.imaging.lut import LUTS
from readerstudy.imaging.preprocessing import SHOWN_SLICES

from ..models import Membership, Study, TrainingItem
from ..questions import IMAGE, SIDES, describe, question_set_of
from .types import type_of

VERSION = 6

# setting of a Study → where a protocol, frozen or in a file, says it
PLACES = {
    "title": ("title",),
    "case_split": ("cohort", "split"),
    "case_codes": ("cohort", "codes"),
    "resampling_allowed": ("cohort", "resampling_allowed"),
    "question_set": ("questions",),
    "own_questions": ("questions",),
    "window_rule": ("display", "window"),
    "windows": ("display", "windows"),
    "value_low": ("display", "value_low"),
    "value_high": ("display", "value_high"),
    "lut": ("display", "lut"),
    "interpolation": ("display", "interpolation"),
    "window_adjustable": ("display", "window_adjustable"),
    "least_slice_side": ("display", "least_slice_side"),
    "sessions": ("sessions",),
    "washout_days": ("washout_days",),
    "spacing": ("spacing",),
    "answer_changes": ("conduct", "answer_changes"),
    "break_after_minutes": ("conduct", "break_after_minutes"),
    "long_pause_minutes": ("conduct", "long_pause_minutes"),
    "asks_conditions": ("conduct", "asks_conditions"),
    "gate": ("training", "gate", "measure"),
    "gate_minimum": ("training", "gate", "minimum"),
    "guesses": ("guesses", "when"),
    "guess_percent": ("guesses", "percent"),
    "primary_arm": ("analysis", "primary_arm"),
    "control_arm": ("analysis", "control_arm"),
    "kappa_margin": ("analysis", "margin"),
    "kappa_weights": ("analysis", "weights"),
    "kappa_interval": ("analysis", "interval"),
    "image_metrics": ("analysis", "image_metrics"),
    "metric_low": ("analysis", "metric_low"),
    "metric_high": ("analysis", "metric_high"),
    "stability_limits": ("analysis", "stability_limits"),
    "reference_standard": ("analysis", "standard"),
    "given_standard": ("analysis", "given"),
}


def canonical_json(protocol: dict[str, Any]) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces: equal content, equal bytes."""
    return json.dumps(
        protocol, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    ).encode()


def protocol_sha256(protocol: dict[str, Any]) -> str:
    return hashlib.sha256(canonical_json(protocol)).hexdigest()


def study_cases(study: Study) -> list[Case]:
    """The cases that are read, in order of addition; never one of the training."""
    cases = Case.objects.filter(cohort=study.cohort_id).order_by("pk")
    if study.case_split:
        cases = cases.filter(split=study.case_split)
    if study.case_codes:
        cases = cases.filter(code__in=study.case_codes)
    return list(cases.exclude(pk__in=study.training.values("case")))


def codes_unknown(study: Study) -> list[str]:
    """Codes of the selection that no case of the cohort has."""
    if not study.case_codes:
        return []
    known = Case.objects.filter(cohort=study.cohort_id, code__in=study.case_codes)
    missing = set(study.case_codes) - set(known.values_list("code", flat=True))
    return [code for code in study.case_codes if code in missing]


def training_items(study: Study) -> list[TrainingItem]:
    return list(study.training.select_related("case").order_by("position"))


def study_readers(study: Study) -> list[Membership]:
    readers = study.memberships.filter(role=Membership.Role.READER)
    return list(readers.select_related("user").order_by("code"))


def planned_arms(study: Study) -> list[PlannedArm]:
    """Of a study of pairs each two arms are planned as one."""
    arms = [PlannedArm(arm.code, arm.repeated) for arm in study.arms.all()]
    is_of_pairs = study.presentation == Study.Presentation.PAIRS
    return planned_pairs(arms) if is_of_pairs else arms


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


def current(study: Study) -> dict[str, Any]:
    """The protocol as it stands: frozen at opening, and as amended since.

    Raises ValueError for a draft, which has none.
    """
    last = study.amendments.order_by("number").last()
    protocol = last.protocol if last else study.protocol
    if protocol is None:
        raise ValueError(f"“{study.slug}” is a draft")
    return dict(protocol)


def current_sha256(study: Study) -> str:
    """The hash of the protocol as it stands; empty for a draft."""
    last = study.amendments.order_by("number").last()
    return last.protocol_sha256 if last else study.protocol_sha256


def amended(study: Study, changed: Iterable[str]) -> dict[str, Any]:
    """The protocol as it stands, but the settings in `changed` as `study` has them.

    A section that a protocol of an older version lacks is added whole.
    """
    stands = copy.deepcopy(current(study))
    now: dict[str, Any] = {
        "title": study.title,
        "display": describe_display(study),
        **describe_course(study),
    }
    for name in changed:
        section, *keys = PLACES[name]
        if keys and section in stands:
            stands[section][keys[0]] = now[section][keys[0]]
        else:
            stands[section] = now[section]
    return stands


def describe_study(
    study: Study, cases: list[Case], images: dict[tuple[int, str], str]
) -> dict[str, Any]:
    """Everything that decides what is read, how, in which order, and what follows."""
    arms = list(study.arms.all())
    return {
        "version": VERSION,
        "slug": study.slug,
        "title": study.title,
        "cohort": describe_cohort(study),
        "arms": describe_arms(study),
        "cases": [
            {
                "code": case.code,
                "images": {arm.code: images[case.pk, arm.method] for arm in arms},
            }
            for case in cases
        ],
        "questions": describe(question_set_of(study)),
        "display": describe_shown(study),
        "readers": [reader.code for reader in study_readers(study)],
        "schedule": _algorithm(study),
        "training_images": training_hashes(study),
        **describe_course(study),
    }


def describe_shown(study: Study) -> dict[str, Any]:
    """The display with what only opening decides."""
    shown = describe_display(study) | {"lut_sha256": LUTS[study.lut]}
    return shown | {"frame": study.frame} if study.frame else shown


def _algorithm(study: Study) -> str:
    is_of_pairs = study.presentation == Study.Presentation.PAIRS
    return f"{ALGORITHM} {pairs.ALGORITHM}" if is_of_pairs else ALGORITHM


def training_hashes(study: Study) -> list[str]:
    """SHA-256 of each training image as it was pinned at opening, in their order."""
    return [item.image_sha256 for item in training_items(study)]


# The sections below are the same in the frozen protocol and in a protocol's file.


def describe_cohort(study: Study) -> dict[str, Any]:
    return {
        "name": study.cohort.name,
        "type": study.cohort.study_type,
        "split": study.case_split,
        "codes": study.case_codes,
        "resampling_allowed": study.resampling_allowed,
    }


def describe_arms(study: Study) -> list[dict[str, Any]]:
    return [
        {
            "code": arm.code,
            "title": arm.title,
            "method": arm.method,
            "role": arm.role,
            "repeated": arm.repeated,
        }
        for arm in study.arms.all()
    ]


def describe_display(study: Study) -> dict[str, Any]:
    same = {
        "window": study.window_rule,
        "lut": study.lut,
        "interpolation": study.interpolation,  # of the scalar, clamped; colour after
        "window_adjustable": study.window_adjustable,
        "least_slice_side": study.least_slice_side,
    }
    if not type_of(study).is_stack:
        return {"slices": SHOWN_SLICES, **same}
    return {
        "presentation": study.presentation,
        **same,
        "windows": [
            {
                "key": window["key"],
                "title": window["title"],
                "low": plain(window["low"]),
                "high": plain(window["high"]),
            }
            for window in study.windows
        ],
        "value_low": plain(study.value_low),
        "value_high": plain(study.value_high),
    }


def describe_course(study: Study) -> dict[str, Any]:
    """From the first session to the analysis: all sections without arms and display."""
    return {
        "sessions": study.sessions,
        "washout_days": study.washout_days,
        "spacing": study.spacing,
        "conduct": describe_conduct(study),
        "training": describe_training(study),
        "guesses": describe_guesses(study),
        "analysis": describe_analysis(study),
    }


def describe_conduct(study: Study) -> dict[str, Any]:
    return {
        "answer_changes": study.answer_changes,
        "break_after_minutes": study.break_after_minutes,
        "long_pause_minutes": study.long_pause_minutes,
        "asks_conditions": study.asks_conditions,
    }


def describe_training(study: Study) -> dict[str, Any]:
    gate = {"measure": study.gate, "minimum": number(study.gate_minimum)}
    return {
        "gate": gate if study.gate else None,
        "images": [
            {"case": item.case.code, "method": item.method, "key": item.key}
            for item in training_items(study)
        ],
    }


def describe_guesses(study: Study) -> dict[str, Any]:
    return {"when": study.guesses, "percent": study.guess_percent}


def describe_analysis(study: Study) -> dict[str, Any]:
    window = {
        "metric_low": plain(study.metric_low),
        "metric_high": plain(study.metric_high),
    }
    return {
        "primary_arm": study.primary_arm,
        "control_arm": study.control_arm,
        "margin": number(study.kappa_margin),  # of kappa
        "weights": study.kappa_weights,
        "interval": study.kappa_interval,
        "image_metrics": study.image_metrics,
        **(window if type_of(study).is_stack else {}),
        "stability_limits": {
            key: plain(limit) for key, limit in study.stability_limits.items()
        },
        "standard": study.reference_standard,
        "given": [
            # a database may turn them
            {name: line[name] for name in ("case", *SIDES, IMAGE) if name in line}
            for line in study.given_standard
        ],
    }


def plain(value: float | None) -> str | None:
    """The shortest digits that are this number."""
    return None if value is None else number(Decimal(repr(value)))


def number(value: Decimal | None) -> str | None:
    """Written out, for a hash must not depend on how a binary fraction is printed."""
    return None if value is None else format(value.normalize(), "f")
