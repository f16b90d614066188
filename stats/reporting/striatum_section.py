"""Image quality inside and outside of the striatum, and binding ratios."""

from collections.abc import Sequence
from dataclasses import dataclass

from readerstudy.reading.models import Membership, Study

from ..readings import Readings
from .analysis_plan import AnalysisPlan


@dataclass(frozen=True)
class Striatum:
    """Image quality inside and outside of the striatum, and binding ratios."""


def striatum_section(
    study: Study,
    plan: AnalysisPlan,
    readings: Readings,
    readers: Sequence[Membership],
) -> Striatum:
    return Striatum()
