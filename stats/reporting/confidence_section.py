"""How sure readers were of a finding, against whether it was there."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from readerstudy.reading.models import Study
from readerstudy.reading.protocol.frozen import current
from readerstudy.reading.questions import IMAGE, Kind

from ..comparison.ranks import holm_of
from ..multireader import Analysis, ArmMean, MeanDifference
from ..outcomes import NotEstimable
from ..ratings import Flags, RatingTable
from ..roc import (
    Area,
    AreaDifference,
    AtCut,
    MultireaderAreas,
    RocCurve,
    area,
    area_difference,
    at_cut,
    mean_area,
    mean_curve,
    multireader_areas,
    roc_curve,
)
from .analysis_plan import AnalysisPlan
from .arms import ArmName, arm_name
from .asked import Asked, of_kind
from .multireader_section import READERS_FOR_MORE_THAN_SENSITIVITY
from .rating_section import Curve, compared_with, points
from .whole_answers import WholeAnswers

CUT = 50  # of 0 to 100: from there on a reader calls the finding present


@dataclass(frozen=True)
class ArmAreas:
    """One arm. readers: in the order of the report. mean: over these readers; others:
    for readers beyond these. cut: of all readers' answers.

    curves: of each reader; curve: their mean.
    """

    arm: ArmName
    readers: tuple[Area, ...]
    mean: Area
    others: ArmMean | NotEstimable
    cut: AtCut
    curves: tuple[Curve | NotEstimable, ...]
    curve: Curve | NotEstimable


@dataclass(frozen=True)
class ArmDifference:
    """One arm minus the one that all are compared with. mean: for these readers, p_holm
    over the arms; others: for readers beyond these."""

    arm: ArmName
    mean: AreaDifference
    readers: tuple[AreaDifference, ...]
    p_holm: float | NotEstimable
    others: MeanDifference | NotEstimable


@dataclass(frozen=True)
class ConfidenceQuestion:
    """arms: of all cases with a truth, as each reader rated them. others: for readers
    beyond these, of the cases that everybody rated in every arm."""

    question: Asked
    arms: tuple[ArmAreas, ...]
    differences: tuple[ArmDifference, ...]
    others: MultireaderAreas

    @property
    def analysis(self) -> Analysis | NotEstimable:
        """For readers and patients beyond these."""
        return _analysis(self.others)


@dataclass(frozen=True)
class Confidence:
    """with_finding, without: cases by the standard that the protocol gives; unknown:
    cases that it says nothing of, which no number here is of.
    """

    against: ArmName
    against_planned: bool
    with_finding: int
    without: int
    unknown: int
    cut: int
    sensitivity_only: bool
    questions: tuple[ConfidenceQuestion, ...]


def confidence_section(
    study: Study,
    questions: tuple[Asked, ...],
    answers: WholeAnswers,
    plan: AnalysisPlan,
) -> Confidence | None:
    """None where no question asks how sure a reader is."""
    asked = of_kind(questions, Kind.CONFIDENCE)
    if not asked:
        return None
    truth = given_truth(study)
    known = np.array([code in truth for code in answers.codes], dtype=np.bool_)
    finding = np.array(
        [truth[code] for code in answers.codes if code in truth], dtype=np.bool_
    )
    against, planned = compared_with(answers, plan)
    return Confidence(
        against=arm_name(answers.arms[against]),
        against_planned=planned,
        with_finding=int(finding.sum()),
        without=int((~finding).sum()),
        unknown=int((~known).sum()),
        cut=CUT,
        sensitivity_only=len(answers.readers) < READERS_FOR_MORE_THAN_SENSITIVITY,
        questions=tuple(
            _question(one, answers, known, finding, against) for one in asked
        ),
    )


def given_truth(study: Study) -> Mapping[str, bool]:
    """Case code → whether it has the finding, as the protocol gives it."""
    given = (current(study).get("analysis") or {}).get("given") or ()
    return {one["case"]: bool(one[IMAGE]) for one in given if IMAGE in one}


def _question(
    question: Asked,
    answers: WholeAnswers,
    known: Flags,
    finding: Flags,
    against: int,
) -> ConfidenceQuestion:
    whole = answers.ratings(question.key)
    table = RatingTable(whole.ratings[:, :, known], whole.patients[known])
    others = multireader_areas(table, finding)
    analysis = _analysis(others)
    return ConfidenceQuestion(
        question=question,
        arms=tuple(
            _arm(arm_name(arm), table, finding, place, analysis)
            for place, arm in enumerate(answers.arms)
        ),
        differences=_differences(answers, table, finding, against, analysis),
        others=others,
    )


def _analysis(others: MultireaderAreas) -> Analysis | NotEstimable:
    found = others.analysis
    return found if isinstance(found, NotEstimable) else found.analyses[0]


def _arm(
    name: ArmName,
    table: RatingTable,
    finding: Flags,
    arm: int,
    analysis: Analysis | NotEstimable,
) -> ArmAreas:
    readers = range(len(table.ratings))
    return ArmAreas(
        arm=name,
        readers=tuple(area(table, finding, reader=one, arm=arm) for one in readers),
        mean=mean_area(table, finding, arm=arm),
        others=analysis if isinstance(analysis, NotEstimable) else analysis.means[arm],
        cut=at_cut(table, finding, cut=CUT, arm=arm),
        curves=tuple(
            _points(roc_curve(table, finding, reader=one, arm=arm)) for one in readers
        ),
        curve=_points(mean_curve(table, finding, arm=arm)),
    )


def _points(curve: RocCurve | NotEstimable) -> Curve | NotEstimable:
    if isinstance(curve, NotEstimable):
        return curve
    return points(curve.false_positives, curve.sensitivity)


def _differences(
    answers: WholeAnswers,
    table: RatingTable,
    finding: Flags,
    against: int,
    analysis: Analysis | NotEstimable,
) -> tuple[ArmDifference, ...]:
    readers = range(len(table.ratings))
    places = [place for place in range(len(answers.arms)) if place != against]
    means = [
        area_difference(table, finding, first=one, second=against) for one in places
    ]
    corrected = holm_of([one.p for one in means])
    return tuple(
        ArmDifference(
            arm=arm_name(answers.arms[place]),
            mean=mean,
            readers=tuple(
                area_difference(
                    table, finding, first=place, second=against, readers=[one]
                )
                for one in readers
            ),
            p_holm=p,
            others=analysis
            if isinstance(analysis, NotEstimable)
            else analysis.between(place, against),
        )
        for place, mean, p in zip(places, means, corrected, strict=True)
    )
