"""Whether arms, sides, order or time move the grades."""

from collections.abc import Sequence
from dataclasses import dataclass

from readerstudy.reading.models import Membership, Study

from ..readings import Readings
from .analysis_plan import AnalysisPlan


@dataclass(frozen=True)
class Bias:
    """Whether arms, sides, order or time move the grades."""


def bias_section(
    study: Study,
    plan: AnalysisPlan,
    readings: Readings,
    readers: Sequence[Membership],
) -> Bias:
    return Bias()
