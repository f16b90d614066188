"""Agreement among the readers of an arm, and of each with the standard."""

from collections.abc import Sequence
from dataclasses import dataclass

from readerstudy.reading.models import Membership, Study

from ..readings import Readings
from .analysis_plan import AnalysisPlan


@dataclass(frozen=True)
class SeveralReaders:
    """Agreement among the readers of an arm, and of each with the standard."""


def several_section(
    study: Study,
    plan: AnalysisPlan,
    readings: Readings,
    readers: Sequence[Membership],
) -> SeveralReaders:
    return SeveralReaders()
