"""Agreement among the readers of an arm, and of each with the standard."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from readerstudy.reading.models import Membership, Study

from .. import selectors
from ..agreement.bootstrap import REPLICATES, SEED, KappaBootstrap, bootstrap_kappa
from ..agreement.kappa import Weighting, weighted_kappa
from ..agreement.several_readers import (
    INTRACLASS,
    Coefficient,
    CoefficientName,
    several_readers,
)
from ..agreement.tables import Estimate, PairTable, pair_table
from ..bias.shift import of_reader, patient_means
from ..means import patient_mean
from ..outcomes import Interval, NotEstimable
from ..readings import MISSING, GradeTable, Readings
from .analysis_plan import AnalysisPlan
from .arms import ArmName, arm_name
from .grade_tables import grade_table

AMONG: tuple[CoefficientName, ...] = (
    "fleiss",
    "conger",
    "light",
    "ac1",
    "ac2",
    "alpha_nominal",
    "alpha_ordinal",
    *INTRACLASS,
)


@dataclass(frozen=True)
class AmongReaders:
    """First readings of one arm by all readers; coefficients in the order of AMONG."""

    arm: ArmName
    coefficients: tuple[Coefficient, ...]

    def _named(self, *names: CoefficientName) -> tuple[Coefficient, ...]:
        by_name = {one.name: one for one in self.coefficients}
        return tuple(by_name[name] for name in names)

    @property
    def ordinal(self) -> tuple[Coefficient, ...]:
        """Those for which a neighbouring grade is nearer than a distant one."""
        return self._named("light", "ac2", "alpha_ordinal", *INTRACLASS)

    @property
    def nominal(self) -> tuple[Coefficient, ...]:
        """Those for which every other grade is as wrong as any."""
        return self._named("fleiss", "conger", "ac1", "alpha_nominal")


@dataclass(frozen=True)
class WithStandard:
    """One reader's first reading of an arm beside the standard.

    interval: the default one of kappa; the others are in `bootstrap`.
    """

    arm: ArmName
    reader: str
    pairs: PairTable
    interval: Interval | NotEstimable
    bootstrap: KappaBootstrap


@dataclass(frozen=True)
class Again:
    """One reader's second reading of an arm beside the first.

    intraclass: ICC(2,1) and ICC(3,1), the two readings in the place of two readers.
    shift: mean over patients of the second grade minus the first, in grades.
    """

    arm: ArmName
    reader: str
    pairs: PairTable
    interval: Interval | NotEstimable
    bootstrap: KappaBootstrap
    intraclass: tuple[Coefficient, ...]
    shift: Estimate


@dataclass(frozen=True)
class SeveralReaders:
    """Agreement among the readers of an arm, and of each with the standard.

    weighting, replicates, seed: of the resampled kappas. patients: of the study.
    among: of every arm, the reference first. with_standard: arm by arm, reader by
    reader; the reference too where the standard was given. again: of the arms that
    are read twice.
    """

    weighting: Weighting
    categories: tuple[int, ...]
    replicates: int
    seed: int
    readers: int
    patients: int
    among: tuple[AmongReaders, ...]
    with_standard: tuple[WithStandard, ...]
    again: tuple[Again, ...]


def several_section(
    study: Study,
    plan: AnalysisPlan,
    readings: Readings,
    readers: Sequence[Membership],
) -> SeveralReaders:
    reference = selectors.reference_arm(study)
    arms = [reference, *selectors.compared_arms(study)]
    judged = selectors.arms_with_standard(study)
    twice = list(study.arms.filter(repeated=True).order_by("position"))
    categories = selectors.grade_scale(study).categories
    grades = partial(grade_table, readings, readers, categories=categories)
    first = grades(arms)
    codes = [reader.code for reader in readers]
    return SeveralReaders(
        weighting=plan.weighting,
        categories=categories,
        replicates=REPLICATES,
        seed=SEED,
        readers=len(readers),
        patients=len(np.unique(first.patients)),
        among=_among([arm_name(arm) for arm in arms], first),
        with_standard=_with_standard(
            [arm_name(arm) for arm in judged], codes, grades(judged), plan.weighting
        ),
        again=_again(
            [arm_name(arm) for arm in twice],
            codes,
            grades(twice),
            grades(twice, repeat=1),
            plan,
        ),
    )


def _among(arms: Sequence[ArmName], table: GradeTable) -> tuple[AmongReaders, ...]:
    return tuple(
        AmongReaders(
            arm,
            several_readers(
                table.grades[:, place],
                categories=len(table.categories),
                patients=table.patients,
                names=AMONG,
            ),
        )
        for place, arm in enumerate(arms)
    )


def _with_standard(
    arms: Sequence[ArmName],
    readers: Sequence[str],
    table: GradeTable,
    weighting: Weighting,
) -> tuple[WithStandard, ...]:
    resampled = bootstrap_kappa(table, weighting=weighting)
    return tuple(
        WithStandard(
            arm=arm,
            reader=reader,
            pairs=_pairs(table, who, which),
            interval=default_interval(table, who, which, weighting),
            bootstrap=resampled[who][which],
        )
        for which, arm in enumerate(arms)
        for who, reader in enumerate(readers)
    )


def _again(
    arms: Sequence[ArmName],
    readers: Sequence[str],
    once: GradeTable,
    again: GradeTable,
    plan: AnalysisPlan,
) -> tuple[Again, ...]:
    found = []
    for which, arm in enumerate(arms):
        table = replace(
            again,
            grades=again.grades[:, [which]],
            standard=once.grades[:, which],
        )
        resampled = bootstrap_kappa(table, weighting=plan.weighting)
        for who, reader in enumerate(readers):
            both = np.stack([table.standard[who], table.grades[who, 0]])
            found.append(
                Again(
                    arm=arm,
                    reader=reader,
                    pairs=_pairs(table, who, 0),
                    interval=default_interval(table, who, 0, plan.weighting),
                    bootstrap=resampled[who][0],
                    intraclass=several_readers(
                        both,
                        categories=len(table.categories),
                        patients=table.patients,
                        names=INTRACLASS,
                    ),
                    shift=_shift(table, who),
                )
            )
    return tuple(found)


def _pairs(table: GradeTable, reader: int, arm: int) -> PairTable:
    return pair_table(
        table.standard[reader],
        table.grades[reader, arm],
        categories=table.categories,
        patients=table.patients,
    )


def default_interval(
    table: GradeTable, reader: int, arm: int, weighting: Weighting
) -> Interval | NotEstimable:
    first, second = table.standard[reader], table.grades[reader, arm]
    both = (first != MISSING) & (second != MISSING)
    return weighted_kappa(
        first[both].tolist(),
        second[both].tolist(),
        categories=range(len(table.categories)),
        patients=table.patients[both].tolist(),
        weighting=weighting,
    ).interval


def _shift(table: GradeTable, reader: int) -> Estimate:
    """The mean that the section on bias tests: patients count alike, whatever sides
    they have."""
    one = of_reader(table, reader)
    grades = one.grades[:, 0]
    both = (grades != MISSING) & (one.standard != MISSING)
    scale = np.array(table.categories, dtype=np.float64)
    moved = scale[grades] - scale[one.standard]
    found = patient_mean(patient_means(moved, both, one.patients))
    return Estimate(found.mean, found.interval)
