"""Whether anatomy was shown truly: answers by arm, and where something was marked."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from readerstudy.reading.questions import Kind

from ..fidelity import CochranQ, FidelityRates, arms_compared, fidelity_rates
from ..outcomes import Interval, NotEstimable
from .analysis_plan import AnalysisPlan
from .arms import ArmName, arm_name
from .asked import Asked, of_kind
from .rating_section import compared_with
from .whole_answers import Mark, Said, WholeAnswers

MOST_CASES = 5  # of an arm among the worst


@dataclass(frozen=True)
class ArmFidelity:
    """One arm. readers: in the order of the report."""

    arm: ArmName
    all: FidelityRates
    readers: tuple[FidelityRates, ...]


@dataclass(frozen=True)
class Finding:
    """What one reader said of one image of a case, and where."""

    reader: str
    value: int
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class ChangedCase:
    """One image in which readers saw something wrong. readers: how many read it."""

    arm: ArmName
    case: str
    readers: int
    findings: tuple[Finding, ...]

    @property
    def slice(self) -> int | None:
        """With the most marks, the lowest of several; None: nobody marked anything."""
        counts: dict[int, int] = defaultdict(int)
        for mark in self.marks:
            counts[mark.slice] += 1
        return min(counts, key=lambda one: (-counts[one], one), default=None)

    @property
    def marks(self) -> tuple[Mark, ...]:
        return tuple(mark for one in self.findings for mark in one.marks)


@dataclass(frozen=True)
class FidelityPair:
    """One arm and the one that all are compared with, of readings of both.

    only_arm, only_other: readings that saw something wrong in one of them alone.
    difference: of the rates, the arm's minus the other's. interval: clustered by
    patient; None in reports that were frozen before it was computed.
    """

    arm: ArmName
    ratings: int
    only_arm: int
    only_other: int
    difference: float | NotEstimable
    p: float | NotEstimable
    p_holm: float | NotEstimable
    interval: Interval | NotEstimable | None = None


@dataclass(frozen=True)
class FidelityQuestion:
    """faithful: the answer that says that nothing is wrong. worst: of each arm the
    images in which the most readers saw something wrong."""

    question: Asked
    faithful: int
    arms: tuple[ArmFidelity, ...]
    q: CochranQ
    pairs: tuple[FidelityPair, ...]
    worst: tuple[ChangedCase, ...]


@dataclass(frozen=True)
class Fidelity:
    """against: the arm that the others are compared with."""

    against: ArmName
    against_planned: bool
    questions: tuple[FidelityQuestion, ...]


def fidelity_section(
    questions: tuple[Asked, ...], answers: WholeAnswers, plan: AnalysisPlan
) -> Fidelity | None:
    """None where no question asks for fidelity."""
    asked = of_kind(questions, Kind.FIDELITY)
    if not asked:
        return None
    against, planned = compared_with(answers, plan)
    names = tuple(arm_name(arm) for arm in answers.arms)
    return Fidelity(
        against=names[against],
        against_planned=planned,
        questions=tuple(_question(one, answers, names, against) for one in asked),
    )


def _question(
    question: Asked, answers: WholeAnswers, names: Sequence[ArmName], against: int
) -> FidelityQuestion:
    table = answers.ratings(question.key)
    scale = question.values
    faithful = scale[0]  # the lowest answer: nothing is wrong

    def rates(arm: int, reader: int | None = None) -> FidelityRates:
        return fidelity_rates(
            table, arm=arm, categories=scale, faithful=faithful, reader=reader
        )

    compared = arms_compared(table, faithful=faithful, control=against)
    return FidelityQuestion(
        question=question,
        faithful=faithful,
        arms=tuple(
            ArmFidelity(
                name,
                rates(place),
                tuple(rates(place, one) for one in range(len(answers.readers))),
            )
            for place, name in enumerate(names)
        ),
        q=compared.q,
        pairs=tuple(
            FidelityPair(
                arm=names[one.first],
                ratings=one.ratings,
                only_arm=one.only_first,
                only_other=one.only_second,
                difference=one.difference,
                p=one.p,
                p_holm=one.p_holm,
                interval=one.interval,
            )
            for one in compared.pairs
        ),
        worst=_worst(question, answers, names, faithful),
    )


def _worst(
    question: Asked, answers: WholeAnswers, names: Sequence[ArmName], faithful: int
) -> tuple[ChangedCase, ...]:
    codes = dict(zip(answers.cases, answers.codes, strict=True))
    readers = {one.pk: one.code for one in answers.readers}
    said: dict[tuple[int, str], list[Said]] = defaultdict(list)
    for one in answers.of(question.key):
        if one.value is not None and one.reader in readers and one.case in codes:
            said[one.arm, codes[one.case]].append(one)
    found = []
    for name, arm in zip(names, answers.arms, strict=True):
        changed = [
            _changed(name, case, given, readers, faithful)
            for (pk, case), given in said.items()
            if pk == arm.pk and any(one.value != faithful for one in given)
        ]
        found += sorted(changed, key=_badness)[:MOST_CASES]
    return tuple(found)


def _changed(
    arm: ArmName,
    case: str,
    given: Sequence[Said],
    readers: dict[int, str],
    faithful: int,
) -> ChangedCase:
    return ChangedCase(
        arm,
        case,
        len(given),
        tuple(
            Finding(readers[one.reader], one.value, one.marks)
            for one in given
            if one.value is not None and one.value != faithful
        ),
    )


def _badness(one: ChangedCase) -> tuple[float, int, str]:
    """The lower, the worse: the share of its readers, then the marks, then by code."""
    return -len(one.findings) / one.readers, -len(one.marks), one.case
