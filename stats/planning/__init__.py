"""Precision and power of a reader study before it is read. No Django.

`Design`: what one supposes of grades, readers and images; draws studies
`spread_of`, `expected`, `grid`: half-widths and power for patients × readers
`patients_needed`: how many it takes
`simulate`: whole studies, one by one, to hold the formulas
"""

from .design import Design, Errors
from .precision import Expected, Spread, expected, grid, patients_needed, spread_of
from .trials import Trials, simulate

__all__ = [
    "Design",
    "Errors",
    "Expected",
    "Spread",
    "Trials",
    "expected",
    "grid",
    "patients_needed",
    "simulate",
    "spread_of",
]
