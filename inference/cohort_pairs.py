"""Pairs of images to train on, of a cohort's training and validation cases.

The test cases are only counted. No training opens an image of theirs; a sweep whose
points are measured on them, once these are trained, does (`split_pairs`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from readerstudy.cases import selectors as cases_selectors
from readerstudy.cases.acceptance import open_findings
from readerstudy.cases.models import Case, Cohort, Rendition
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.preprocessing import to_eight_bit
from readerstudy.imaging.study_types import study_type_get

from .sweeps.conditions import chosen_cases, conditioned

if TYPE_CHECKING:
    from inference.training import Pairs

TRAINING, VALIDATION = Case.Split.TRAINING, Case.Split.VALIDATION
ROLES = ("short", "reference")
# With fewer, nothing can be learned.
LEAST_TRAINING_CASES = 3


@dataclass(frozen=True)
class Learnable:
    """What there is to learn from, in cases.

    lacking: codes of those that want an image of one of their scans. differing: of
    those whose scans differ in a way that no study would read yet.
    """

    cases: int
    training: int
    validation: int
    test: int
    lacking: tuple[str, ...]
    differing: tuple[str, ...]


class Remedy(StrEnum):
    """Where a coordinator can do something about it."""

    NONE = ""
    DIVISION = "division"
    DIFFERENCES = "differences"


@dataclass(frozen=True)
class Obstacle:
    """Why nothing can be learned from a cohort yet, in words."""

    sentence: str
    remedy: Remedy = Remedy.NONE


def learnable(cohort: Cohort) -> Learnable:
    """Counted in the rows alone, so that a page can ask."""
    splits = list(cohort.cases.values_list("split", flat=True))
    images = Rendition.objects.filter(
        case__cohort=cohort, case__split__in=(TRAINING, VALIDATION), method__in=ROLES
    ).values_list("case__code", "method")
    made = set(images)
    cases = list(_of(cohort, TRAINING, VALIDATION).only("code", "parity"))
    lacking = [
        case.code
        for case in cases
        if any((case.code, role) not in made for role in ROLES)
    ]
    return Learnable(
        cases=len(splits),
        training=splits.count(TRAINING),
        validation=splits.count(VALIDATION),
        test=splits.count(Case.Split.TEST),
        lacking=tuple(lacking),
        differing=tuple(case.code for case in cases if open_findings(case)),
    )


def refuse_unlearnable(cohort: Cohort) -> None:
    """Refused, in words, where nothing can be learned from the cohort yet."""
    if found := find_obstacle(cohort, learnable(cohort)):
        raise Refused(found.sentence)


def find_obstacle(cohort: Cohort, found: Learnable) -> Obstacle | None:
    """The first thing in the way; found: what `learnable` says of the cohort."""
    name = {"cohort": cohort.name}
    if not found.cases:
        return Obstacle(_("The cohort “%(cohort)s” has no cases.") % name)
    if study_type_get(cohort.study_type).is_stack:
        return Obstacle(
            _(
                "Networks are trained here on DaT-SPECT cohorts only: those of other "
                "images are trained elsewhere, and uploaded."
            )
        )
    if not found.training or not found.validation:
        return _undivided(cohort)
    if found.lacking:
        return Obstacle(
            _("These cases lack an image of the reference or the short scan: %(codes)s")
            % {"codes": _some(found.lacking)}
        )
    if found.differing:
        return Obstacle(
            _(
                "The two scans of these cases differ in more than their time, and "
                "nobody has said why they may stay: %(codes)s. A network would learn "
                "that difference. Give the reasons on the page of the cohort's "
                "differences between scans, or import the cohort without these cases."
            )
            % {"codes": _some(found.differing)},
            Remedy.DIFFERENCES,
        )
    if found.training < LEAST_TRAINING_CASES:
        return Obstacle(
            _(
                "Training cases: %(training)d. At least %(least)d are needed to learn "
                "anything."
            )
            % {"training": found.training, "least": LEAST_TRAINING_CASES},
            Remedy.NONE if cohort.frozen_at else Remedy.DIVISION,
        )
    return None


def _undivided(cohort: Cohort) -> Obstacle:
    name = {"cohort": cohort.name}
    if cohort.frozen_at:
        return Obstacle(
            _(
                "The cohort “%(cohort)s” was not divided before a study began to "
                "read it, and can no longer be. Train on another cohort."
            )
            % name
        )
    return Obstacle(
        _(
            "The cohort “%(cohort)s” is not divided yet: a network learns from its "
            "training cases and is chosen by its validation cases. Divide the "
            "cohort first, on its page."
        )
        % name,
        Remedy.DIVISION,
    )


def _some(codes: tuple[str, ...], most: int = 10) -> str:
    return ", ".join(codes[:most]) + (" …" if len(codes) > most else "")


def _of(cohort: Cohort, *splits: str) -> QuerySet[Case]:
    return cohort.cases.filter(split__in=splits).order_by("code")


@dataclass(frozen=True)
class CohortPairs:
    """patients: part → the digests of every id of its patients, each once.

    learned: training cases, each once; under a sweep's conditions `training` may hold
    some of them several times.
    """

    training: "Pairs"
    validation: "Pairs"
    learned: int
    patients: dict[str, list[str]]
    sha256: str  # of all pixels, in order
    conditions: Mapping[str, Any]

    def card_data(self, cohort: Cohort) -> dict[str, Any]:
        """`data` of the card: what was learned from, and whom it shows."""
        slices = self.training.short.shape[1]
        counts = {"training": self.learned, "validation": self.validation.cases}
        told = {
            "description": (
                f"{_cases(counts, 'training')} and {_cases(counts, 'validation')} of "
                f"the cohort “{cohort.name}”, {slices} slices each"
            ),
            "sha256": self.sha256,
            "cohort": cohort.name,
            "simulated": cohort.simulated,
            "split": {
                part: {"cases": count, "images": count * slices}
                for part, count in counts.items()
            },
            "patients": self.patients,
        }
        # codes are the hospital's; a card may go elsewhere
        under = {k: v for k, v in self.conditions.items() if k != "cases"}
        return {**told, "conditions": under} if under else told


def _cases(counts: Mapping[str, int], part: str) -> str:
    """Counted in English, as all of a card is."""
    return f"{counts[part]} {part} case{'' if counts[part] == 1 else 's'}"


def cohort_pairs(
    cohort: Cohort, conditions: Mapping[str, Any] | None = None
) -> CohortPairs:
    """Read and checked, case by case in the order of their codes. For workers: it
    takes torch. Refused where an image is missing, damaged or changed.

    conditions: of a sweep's training, see `sweeps.conditions`.
    """
    from inference.training import Pairs, pairs_sha256

    given = conditions or {}
    cases, validating = list(_of(cohort, TRAINING)), list(_of(cohort, VALIDATION))
    places = chosen_cases([case.code for case in cases], given)
    distinct = sorted(set(places))
    learned = [cases[place] for place in distinct]
    once = _under(_pairs(learned), given, part=0)
    shown = [distinct.index(place) for place in places]
    training = Pairs(short=once.short[shown], reference=once.reference[shown])
    validation = _under(_pairs(validating), given, part=1)
    return CohortPairs(
        training=training,
        validation=validation,
        learned=len(learned),
        patients={TRAINING: _digests(learned), VALIDATION: _digests(validating)},
        sha256=pairs_sha256(training, validation),
        conditions=given,
    )


def split_pairs(
    cohort: Cohort, split: str, conditions: Mapping[str, Any]
) -> tuple[list[str], "Pairs"]:
    """Codes and images of the validation or test cases, on which a point of a sweep
    is measured; under its conditions."""
    cases = list(_of(cohort, split))
    part = 1 if split == VALIDATION else 2
    pairs = _under(_pairs(cases), conditions, part=part)
    return [case.code for case in cases], pairs


def _pairs(cases: list[Case]) -> "Pairs":
    from inference.training import Pairs

    short, reference = (np.stack([_image(c, role) for c in cases]) for role in ROLES)
    return Pairs(short=short, reference=reference)


def _under(pairs: "Pairs", given: Mapping[str, Any], *, part: int) -> "Pairs":
    short = conditioned(pairs.short, pairs.reference, given, part=part)
    return replace(pairs, short=short)


def _image(case: Case, role: str) -> NDArray[np.uint8]:
    """(slices, H, W), as networks see it and metrics compare it."""
    rendition = cases_selectors.rendition_get(case=case, method=role)
    return to_eight_bit(cases_selectors.rendition_values(rendition))


def _digests(cases: list[Case]) -> list[str]:
    """Of both ids where the two scans of a case bear two."""
    ids = {one for c in cases for one in (c.patient_digest, c.second_patient_digest)}
    return sorted(digest for digest in ids if digest)
