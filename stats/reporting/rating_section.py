"""Ratings of image quality: how good each arm was found, and against another one."""

from collections.abc import Sequence
from dataclasses import dataclass

from readerstudy.reading.questions import Kind

from ..bias import OddsRatio
from ..outcomes import NotEstimable
from ..visual_grading import (
    ArmRatings,
    VgcArea,
    VgcBootstrap,
    arm_ratings,
    better_odds,
    vgc,
    vgc_bootstrap,
)
from .analysis_plan import AnalysisPlan
from .arms import ArmName, arm_name
from .asked import Asked, of_kind
from .whole_answers import WholeAnswers

Curve = tuple[tuple[float, float], ...]  # points from (0, 0) to (1, 1)


@dataclass(frozen=True)
class ArmRating:
    """One arm in one criterion. readers: in the order of the report."""

    arm: ArmName
    all: ArmRatings
    readers: tuple[ArmRatings, ...]


@dataclass(frozen=True)
class GradedArm:
    """Visual grading of one arm against the criterion's reference.

    mean: over these readers; others: the same for readers beyond these. curve: shares
    of ratings at least as good, in the reference and in the arm. odds: of a better
    rating, by the ordinal model. resampled: the mean's intervals by drawing patients
    again; None in reports that were frozen before there was such.
    """

    arm: ArmName
    readers: tuple[VgcArea, ...]
    mean: VgcArea
    others: VgcArea
    p_holm: float | NotEstimable
    curve: Curve | NotEstimable
    odds: OddsRatio
    resampled: VgcBootstrap | None = None


@dataclass(frozen=True)
class RatedQuestion:
    """One criterion. ratings, patients: what the ordinal model is of."""

    question: Asked
    arms: tuple[ArmRating, ...]
    graded: tuple[GradedArm, ...]
    ratings: int
    patients: int

    @property
    def best(self) -> int:
        return self.question.values[-1]


@dataclass(frozen=True)
class Ratings:
    """against: the arm that the others are compared with: the plan's control, or else
    the reference."""

    against: ArmName
    against_planned: bool
    questions: tuple[RatedQuestion, ...]


def rating_section(
    questions: tuple[Asked, ...], answers: WholeAnswers, plan: AnalysisPlan
) -> Ratings | None:
    """None where no question asks for a rating."""
    rated = of_kind(questions, Kind.LIKERT)
    if not rated:
        return None
    place, planned = compared_with(answers, plan)
    return Ratings(
        against=arm_name(answers.arms[place]),
        against_planned=planned,
        questions=tuple(_question(one, answers, place) for one in rated),
    )


def compared_with(answers: WholeAnswers, plan: AnalysisPlan) -> tuple[int, bool]:
    """Place of the arm that all others are compared with, and whether it is the
    plan's control; else it is the reference."""
    for place, arm in enumerate(answers.arms):
        if plan.control and arm.code == plan.control:
            return place, True
    return 0, False


def _question(question: Asked, answers: WholeAnswers, against: int) -> RatedQuestion:
    table = answers.ratings(question.key)
    names = [arm_name(arm) for arm in answers.arms]
    scale = question.values
    readers = range(len(answers.readers))
    model = better_odds(table, reference=against, categories=scale)
    found = vgc(table, reference=against, categories=scale)
    return RatedQuestion(
        question=question,
        arms=tuple(
            ArmRating(
                name,
                arm_ratings(table, arm=place, categories=scale),
                tuple(
                    arm_ratings(table, arm=place, categories=scale, reader=reader)
                    for reader in readers
                ),
            )
            for place, name in enumerate(names)
        ),
        graded=tuple(
            GradedArm(
                arm=names[one.arm],
                readers=one.readers,
                mean=one.mean,
                others=one.others,
                p_holm=one.p_holm,
                curve=one.curve
                if isinstance(one.curve, NotEstimable)
                else points(one.curve.reference, one.curve.arm),
                odds=odds,
                resampled=vgc_bootstrap(table, arm=one.arm, reference=against),
            )
            for one, odds in zip(found, model.arms, strict=True)
        ),
        ratings=model.grades,
        patients=model.patients,
    )


def points(across: Sequence[float], up: Sequence[float]) -> Curve:
    return tuple(zip(across, up, strict=True))
