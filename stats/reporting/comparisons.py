"""The images of a study beside their reference: pairs, and which are measured."""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.db.models import QuerySet

from readerstudy.cases.models import Case, Rendition
from readerstudy.cases.selectors import patients_of
from readerstudy.reading.models import Arm, Read, Study

from ..outcomes import NotEstimable
from ..selectors import compared_arms, is_referenced, reference_arm, study_cases
from .analysis_plan import Metric

Key = tuple[str, str]  # digests of the reference's and of the rendition's file


@dataclass(frozen=True, slots=True)
class Comparison:
    """One arm's image of one case, with the reference's image of that case."""

    arm: Arm
    case: Case
    patient: str  # the same for all cases of one patient
    reference: Rendition | None  # None: not made, or no longer the one that was read
    rendition: Rendition | None

    @property
    def key(self) -> Key:
        """Digests of both files; empty for an image that is not there."""
        reference, rendition = self.reference, self.rendition
        return reference.sha256 if reference else "", (
            rendition.sha256 if rendition else ""
        )


class MeasuredLine(Protocol):
    """One slice of one arm's image of one case against the reference's."""

    @property
    def arm(self) -> Arm: ...

    @property
    def case(self) -> Case: ...

    @property
    def patient(self) -> str: ...

    @property
    def slice(self) -> int: ...

    @property
    def psnr(self) -> float | NotEstimable: ...

    def value(self, metric: Metric) -> float | NotEstimable: ...


@dataclass(frozen=True)
class ImagePairs(ABC):
    """All comparisons of a study, by arm and case code.

    measured: what was found of each pair of images.
    """

    comparisons: tuple[Comparison, ...]
    measured: Mapping[Key, Any]

    @abstractmethod
    def lines(self) -> Sequence[MeasuredLine]:
        """By arm, case and slice, of what has been measured."""

    @property
    def total(self) -> int:
        return sum(all(one.key) for one in self.comparisons)

    @property
    def done(self) -> int:
        return sum(one.key in self.measured for one in self.comparisons)

    def missing(self) -> list[Comparison]:
        """Those that have no result: an image was never made, or is damaged."""
        return [one for one in self.comparisons if one.key not in self.measured]

    def waiting(self) -> Iterator[tuple[Rendition, list[Rendition]]]:
        """Case by case: the reference's image and those not yet measured."""
        by_reference: dict[Rendition, dict[int, Rendition]] = defaultdict(dict)
        for one in self.missing():
            if one.reference and one.rendition:
                by_reference[one.reference][one.rendition.pk] = one.rendition
        for reference, images in by_reference.items():
            yield reference, list(images.values())


def comparisons(study: Study) -> tuple[Comparison, ...]:
    """None where no arm is the reference."""
    if not is_referenced(study):
        return ()
    cases = list(study_cases(study))
    reference = reference_arm(study)
    frozen = _frozen_digests(study)
    patients = patients_of(cases)
    by_pk = {case.pk: case for case in cases}
    renditions = {}
    for rendition in study_renditions(study).iterator():
        rendition.case = by_pk[rendition.case_id]  # one for all, not one each
        renditions[rendition.case_id, rendition.method] = rendition

    def as_read(case: Case, arm: Arm) -> Rendition | None:
        rendition = renditions.get((case.pk, arm.method))
        digest = frozen.get((case.pk, arm.pk))
        unchanged = rendition and digest in (None, "", rendition.sha256)
        return rendition if unchanged else None

    return tuple(
        Comparison(
            arm=arm,
            case=case,
            patient=patients[case.pk],
            reference=as_read(case, reference),
            rendition=as_read(case, arm),
        )
        for arm in compared_arms(study)
        for case in cases
    )


def _frozen_digests(study: Study) -> dict[tuple[int, int], str]:
    """(case pk, arm pk) → SHA-256 of the image that readers were shown."""
    reads = Read.objects.filter(session__study=study, repeat=0)
    rows = reads.values_list("case_id", "arm_id", "image_sha256").distinct()
    found = {(case, arm): digest for case, arm, digest in rows.order_by("case_id")}
    pairs = reads.filter(second_arm__isnull=False)
    second = pairs.values_list("case_id", "second_arm_id", "second_sha256").distinct()
    return found | {
        (case, arm): digest
        for case, arm, digest in second.order_by("case_id")
        if arm is not None
    }


def study_renditions(study: Study) -> QuerySet[Rendition]:
    return Rendition.objects.filter(
        case__in=study_cases(study), method__in=study.arms.values("method")
    )


def renditions_as_read(
    study: Study, wanted: Collection[tuple[str, str]]
) -> dict[tuple[str, str], Rendition]:
    """Of (case code, method): the images that are there and still those that were read.

    Only of the study's own cases and arms.
    """
    found = study_renditions(study).filter(
        case__code__in={code for code, _method in wanted},
        method__in={method for _code, method in wanted},
    )
    frozen = _frozen_digests(study)
    arms: dict[str, list[int]] = defaultdict(list)
    for arm, method in study.arms.values_list("pk", "method"):
        arms[method].append(arm)
    return {
        (one.case.code, one.method): one
        for one in found.select_related("case")
        if (one.case.code, one.method) in wanted
        and any(
            frozen.get((one.case_id, arm)) in (None, "", one.sha256)
            for arm in arms[one.method]
        )
    }
