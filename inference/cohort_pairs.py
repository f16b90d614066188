"""Pairs of images to train on, of a cohort's training and validation cases.

The test cases are only counted: no image of theirs is ever opened here.
"""

from dataclasses import dataclass
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
    """patients: part → the digests of every id of its patients, each once."""

    training: "Pairs"
    validation: "Pairs"
    patients: dict[str, list[str]]
    sha256: str  # of all pixels, in order

    def card_data(self, cohort: Cohort) -> dict[str, Any]:
        """`data` of the card: what was learned from, and whom it shows."""
        training, validation = self.training, self.validation
        return {
            "description": (
                f"{_cases(training, 'training')} and "
                f"{_cases(validation, 'validation')} of the cohort “{cohort.name}”, "
                f"{training.short.shape[1]} slices each"
            ),
            "sha256": self.sha256,
            "cohort": cohort.name,
            "simulated": cohort.simulated,
            "split": {
                "training": {"cases": training.cases, "images": len(training)},
                "validation": {"cases": validation.cases, "images": len(validation)},
            },
            "patients": self.patients,
        }


def _cases(pairs: "Pairs", part: str) -> str:
    """Counted in English, as all of a card is."""
    return f"{pairs.cases} {part} case{'' if pairs.cases == 1 else 's'}"


def cohort_pairs(cohort: Cohort) -> CohortPairs:
    """Read and checked, case by case in the order of their codes. For workers: it
    takes torch. Refused where an image is missing, damaged or changed."""
    from inference.training import pairs_sha256

    training, validation = _pairs(cohort, TRAINING), _pairs(cohort, VALIDATION)
    return CohortPairs(
        training=training,
        validation=validation,
        patients={part: _digests(cohort, part) for part in (TRAINING, VALIDATION)},
        sha256=pairs_sha256(training, validation),
    )


def _pairs(cohort: Cohort, split: str) -> "Pairs":
    from inference.training import Pairs

    cases = list(_of(cohort, split))
    short, reference = (np.stack([_image(c, role) for c in cases]) for role in ROLES)
    return Pairs(short=short, reference=reference)


def _image(case: Case, role: str) -> NDArray[np.uint8]:
    """(slices, H, W), as networks see it and metrics compare it."""
    rendition = cases_selectors.rendition_get(case=case, method=role)
    return to_eight_bit(cases_selectors.rendition_values(rendition))


def _digests(cohort: Cohort, split: str) -> list[str]:
    """Of both ids where the two scans of a case bear two."""
    both = _of(cohort, split).values_list("patient_digest", "second_patient_digest")
    return sorted({digest for ids in both for digest in ids if digest})
