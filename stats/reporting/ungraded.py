"""The sections about grades, empty: of a study that asks for something else."""

from collections.abc import Sequence

from readerstudy.reading.models import Membership

from ..outcomes import NotEstimable, Reason
from .analysis_plan import AnalysisPlan
from .arms import ArmName
from .bias_section import Bias
from .multireader_section import MultiReader, OtherReaders
from .several_section import SeveralReaders
from .striatum_section import NORMALISED_BY, SSIM_RANGE, Striatum

NOTHING_GRADED = NotEstimable(Reason.NO_READS)


def no_several(plan: AnalysisPlan, readers: Sequence[Membership]) -> SeveralReaders:
    return SeveralReaders(
        weighting=plan.weighting,
        categories=(),
        replicates=0,
        seed=0,
        readers=len(readers),
        patients=0,
        among=(),
        with_standard=(),
        again=(),
    )


def no_multireader(plan: AnalysisPlan, readers: Sequence[Membership]) -> MultiReader:
    return MultiReader(
        weighting=plan.weighting,
        readers=tuple(reader.code for reader in readers),
        control=None,
        control_planned=False,
        margin=None,
        means=(),
        comparisons=(),
        others=OtherReaders(0, 0, (), None, NOTHING_GRADED, True),
    )


def no_bias(reference: ArmName) -> Bias:
    return Bias(
        patients=0,
        arms=(),
        repeats=(),
        normal_from=0,
        control=None,
        detection=(),
        effects=(),
        timed_against=reference,
        times=(),
        odds_grades=0,
        odds_patients=0,
        odds=(),
    )


def no_striatum() -> Striatum:
    return Striatum(
        normalised_by=NORMALISED_BY,
        ssim_range=SSIM_RANGE,
        quality=(),
        uptakes=(),
        worst=(),
        cases=0,
        without_regions=(),
    )
