"""Would the same be answered again? Questions about whole images: second answers
beside the first, and what several readers said of the same images."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from readerstudy.reading.questions import MOST_CONFIDENCE, Kind

from ..agreement import (
    Coefficient,
    CoefficientName,
    Estimate,
    KappaBootstrap,
    PairTable,
    Repeatability,
    Weighting,
    bootstrap_kappa,
    pair_table,
    repeatability,
    several_readers,
)
from ..agreement.bootstrap import REPLICATES, SEED
from ..agreement.several_readers import INTRACLASS
from ..outcomes import Interval, NotEstimable, Reason
from ..ratings import RatingTable
from ..readings import MISSING, GradeTable, Integers
from .analysis_plan import AnalysisPlan
from .arms import ArmName, arm_name
from .asked import Asked
from .presented import pair_name
from .several_section import default_interval
from .whole_answers import WholeAnswers

KINDS = (Kind.LIKERT, Kind.CHOICE, Kind.CONFIDENCE, Kind.FIDELITY)
ORDINAL: tuple[CoefficientName, ...] = ("light", "ac2", "alpha_ordinal", "icc_2_1")
NOMINAL: tuple[CoefficientName, ...] = (
    *("light_unweighted", "fleiss", "ac1", "alpha_nominal"),
)
# What the same reason is called where no sides were graded.
OF_IMAGES = {
    Reason.NO_COMMON_SIDE: Reason.NO_COMMON_IMAGE,
    Reason.NO_SHARED_SIDE: Reason.NO_SHARED_IMAGE,
}


@dataclass(frozen=True)
class AnsweredAgain:
    """One reader's second answers on an arm or a pair, beside the first.

    pairs: rows are first answers, columns second ones; of a choice the first arm of
        the pair, no difference, the second arm. interval: the default one of kappa,
        clustered by patient; resampled ones are in `bootstrap`.
    shift: of ratings, mean of the second minus the first; None for other questions.
    """

    arm: ArmName
    reader: str
    pairs: PairTable
    interval: Interval | NotEstimable
    bootstrap: KappaBootstrap
    shift: Estimate | None

    @property
    def opposite(self) -> int:
        """Of a choice: how often the other arm was preferred the second time."""
        return self.pairs.table[0][-1] + self.pairs.table[-1][0]


@dataclass(frozen=True)
class MeasuredAgain:
    """The same of a number: ICC(A,1), and how far two answers lie apart."""

    arm: ArmName
    reader: str
    intraclass: Coefficient
    apart: Repeatability


@dataclass(frozen=True)
class AmongAnswers:
    """First answers of all readers on an arm or a pair."""

    arm: ArmName
    coefficients: tuple[Coefficient, ...]


@dataclass(frozen=True)
class ReliableQuestion:
    """weighting: of kappa; None where a number was asked for. again: of the arms (or
    pairs) that are read twice; measured: the same of a number. among: of all."""

    question: Asked
    weighting: Weighting | None
    again: tuple[AnsweredAgain, ...]
    measured: tuple[MeasuredAgain, ...]
    among: tuple[AmongAnswers, ...]

    @property
    def is_repeated(self) -> bool:
        return bool(self.again or self.measured)

    @property
    def in_pairs(self) -> bool:
        return self.question.kind == Kind.CHOICE


@dataclass(frozen=True)
class Reliability:
    """replicates, seed: of the resampled kappas."""

    readers: int
    replicates: int
    seed: int
    questions: tuple[ReliableQuestion, ...]


@dataclass(frozen=True)
class _Shown:
    """What one question was asked of. first, again: (readers, names, cases); twice:
    places of the names that were read again."""

    names: tuple[ArmName, ...]
    twice: tuple[int, ...]
    first: RatingTable
    again: RatingTable
    values: tuple[int, ...]  # from the lowest


def reliability_section(
    questions: tuple[Asked, ...], answers: WholeAnswers, plan: AnalysisPlan
) -> Reliability | None:
    """None where no answer is repeated, by the same reader or by another one."""
    found = tuple(
        _question(one, answers, plan) for one in questions if one.kind in KINDS
    )
    told = tuple(one for one in found if one.is_repeated or one.among)
    if not told:
        return None
    return Reliability(len(answers.readers), REPLICATES, SEED, told)


def _question(
    question: Asked, answers: WholeAnswers, plan: AnalysisPlan
) -> ReliableQuestion:
    of_pairs = question.kind == Kind.CHOICE
    shown = _pairs(question, answers) if of_pairs else _arms(question, answers)
    readers = [one.code for one in answers.readers]
    if question.kind == Kind.CONFIDENCE:
        measured = _measured(shown, readers)
        names: tuple[CoefficientName, ...] = INTRACLASS
        return ReliableQuestion(question, None, (), measured, _among(shown, names))
    ordinal = question.kind == Kind.LIKERT
    weighting: Weighting = plan.weighting if ordinal else "unweighted"
    return ReliableQuestion(
        question,
        weighting,
        _again(shown, readers, weighting, ordinal=ordinal),
        (),
        _among(shown, ORDINAL if ordinal else NOMINAL),
    )


def _arms(question: Asked, answers: WholeAnswers) -> _Shown:
    sure = question.kind == Kind.CONFIDENCE
    return _Shown(
        names=tuple(arm_name(arm) for arm in answers.arms),
        twice=tuple(n for n, arm in enumerate(answers.arms) if arm.repeated),
        first=answers.ratings(question.key),
        again=answers.repeated(question.key),
        values=tuple(range(MOST_CONFIDENCE + 1)) if sure else question.values,
    )


def _pairs(question: Asked, answers: WholeAnswers) -> _Shown:
    """Every two arms; a pair is read twice if both of its arms are."""
    pairs = list(combinations(range(len(answers.arms)), 2))
    names = [arm_name(arm) for arm in answers.arms]
    return _Shown(
        names=tuple(
            pair_name(names[one], names[other], place)
            for place, (one, other) in enumerate(pairs, start=1)
        ),
        twice=tuple(
            place
            for place, pair in enumerate(pairs)
            if all(answers.arms[one].repeated for one in pair)
        ),
        first=answers.preferred(question.key, pairs),
        again=answers.preferred(question.key, pairs, repeat=1),
        values=(1, 2, 3) if len(question.answers) > 2 else (1, 3),
    )


def _places(table: RatingTable, values: Sequence[int]) -> Integers:
    """(readers, names, cases) places within the values."""
    found = np.full(table.ratings.shape, MISSING, dtype=np.int64)
    for place, value in enumerate(values):
        found[table.ratings == value] = place
    if ((found == MISSING) != np.isnan(table.ratings)).any():
        raise ValueError("an answer is not one of the question's values")
    return found


def _again(
    shown: _Shown, readers: Sequence[str], weighting: Weighting, *, ordinal: bool
) -> tuple[AnsweredAgain, ...]:
    once, again = (_places(one, shown.values) for one in (shown.first, shown.again))
    found = []
    for place in shown.twice:
        table = GradeTable(
            shown.values, again[:, [place]], once[:, place], shown.first.patients
        )
        resampled = bootstrap_kappa(table, weighting=weighting)
        for who, reader in enumerate(readers):
            found.append(
                AnsweredAgain(
                    arm=shown.names[place],
                    reader=reader,
                    pairs=pair_table(
                        once[who, place],
                        again[who, place],
                        categories=shown.values,
                        patients=table.patients,
                    ),
                    interval=default_interval(table, who, 0, weighting),
                    bootstrap=resampled[who][0],
                    shift=_apart(shown, who, place).shift if ordinal else None,
                )
            )
    return tuple(found)


def _apart(shown: _Shown, reader: int, place: int) -> Repeatability:
    return repeatability(
        shown.first.ratings[reader, place],
        shown.again.ratings[reader, place],
        patients=shown.first.patients,
    )


def _measured(shown: _Shown, readers: Sequence[str]) -> tuple[MeasuredAgain, ...]:
    once, again = (_places(one, shown.values) for one in (shown.first, shown.again))
    patients = shown.first.patients
    return tuple(
        MeasuredAgain(
            arm=shown.names[place],
            reader=reader,
            intraclass=_coefficients(
                np.stack([once[who, place], again[who, place]]),
                len(shown.values),
                patients,
                INTRACLASS[:1],
            )[0],
            apart=_apart(shown, who, place),
        )
        for place in shown.twice
        for who, reader in enumerate(readers)
    )


def _among(shown: _Shown, names: Sequence[CoefficientName]) -> tuple[AmongAnswers, ...]:
    """Of whatever was answered; nothing of a single reader."""
    places = _places(shown.first, shown.values)
    if len(places) < 2:
        return ()
    return tuple(
        AmongAnswers(
            name,
            _coefficients(
                places[:, place], len(shown.values), shown.first.patients, names
            ),
        )
        for place, name in enumerate(shown.names)
    )


def _coefficients(
    ratings: Integers,
    categories: int,
    patients: Integers,
    names: Sequence[CoefficientName],
) -> tuple[Coefficient, ...]:
    found = several_readers(
        ratings, categories=categories, patients=patients, names=names
    )
    return tuple(_of_images(one) for one in found)


def _of_images(one: Coefficient) -> Coefficient:
    """With reasons that speak of images."""
    changed: dict[str, Any] = {
        field: NotEstimable(OF_IMAGES.get(value.reason, value.reason))
        for field in ("estimate", "standard_error", "interval", "f_interval")
        if isinstance(value := getattr(one, field), NotEstimable)
    }
    return replace(one, **changed)
