"""Arms compared over all readers: differences of dependent kappas."""

from collections.abc import Sequence
from dataclasses import dataclass

from readerstudy.reading.models import Membership, Study

from ..readings import Readings
from .analysis_plan import AnalysisPlan


@dataclass(frozen=True)
class MultiReader:
    """Arms compared over all readers: differences of dependent kappas."""


def multireader_section(
    study: Study,
    plan: AnalysisPlan,
    readings: Readings,
    readers: Sequence[Membership],
) -> MultiReader:
    return MultiReader()
