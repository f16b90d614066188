"""A learning curve: a + b · level^−c, by least squares on the levels' means.

a is what unlimited amounts would reach, if the curve holds beyond the levels that were
tried; b and c say from how far below and how fast. For a given c the best a and b are
those of a straight line, so only c is searched for.

References
----------
Viering T & Loog M (2023) The shape of learning curves: a review. IEEE Trans Pattern
    Anal Mach Intell 45:7799-7819. doi:10.1109/TPAMI.2022.3220744
Golub GH & Pereyra V (1973) The differentiation of pseudo-inverses and nonlinear least
    squares problems whose variables separate. SIAM J Numer Anal 10:413-432.
    doi:10.1137/0710036
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# One more than the curve has numbers.
FEWEST_LEVELS = 4
LEAST_C, MOST_C = 0.02, 8.0
GRID = np.geomspace(LEAST_C, MOST_C, 500)


@dataclass(frozen=True)
class Curve:
    """at_edge: the best c lies at the end of what is searched: the levels do not bend,
    or only the lowest differs, and a is not to be had."""

    a: float
    b: float
    c: float
    at_edge: bool

    def at(self, levels: Floats) -> Floats:
        found: Floats = self.a + self.b * levels**-self.c
        return found

    def value(self, level: float) -> float:
        return float(self.a + self.b * level**-self.c)


def fit(levels: Sequence[float], means: Sequence[float]) -> Curve:
    """levels: positive, at least FEWEST_LEVELS of them."""
    from scipy.optimize import minimize_scalar  # loads slowly

    scaled, first = _scaled(levels)
    values = np.asarray(means, dtype=np.float64)
    nearest = int(_place(scaled, values[None])[0])
    at_edge = nearest in (0, len(GRID) - 1)
    c = float(GRID[nearest])
    if not at_edge:
        c = float(
            minimize_scalar(
                lambda c: _line(scaled, values, c)[2],
                bounds=(GRID[nearest - 1], GRID[nearest + 1]),
                method="bounded",
                options={"xatol": 1e-8},
            ).x
        )
    a, b, _ = _line(scaled, values, c)
    return Curve(a, b * first**c, c, at_edge)


def fit_many(levels: Sequence[float], means: Floats) -> list[Curve]:
    """Of each row of (draws, levels); c to a hundredth of itself."""
    scaled, first = _scaled(levels)
    curves = []
    for values, place in zip(means, _place(scaled, means), strict=True):
        c = float(GRID[place])
        a, b, _ = _line(scaled, values, c)
        curves.append(Curve(a, b * first**c, c, place in (0, len(GRID) - 1)))
    return curves


def _scaled(levels: Sequence[float]) -> tuple[Floats, float]:
    values = np.asarray(levels, dtype=np.float64)
    if len(values) < FEWEST_LEVELS or (values <= 0).any():
        raise ValueError(f"{FEWEST_LEVELS} positive levels at least: {levels}")
    return values / values.min(), float(values.min())


def _place(scaled: Floats, means: Floats) -> NDArray[np.int64]:
    """Row → where in GRID the squared error is least."""
    errors = np.empty((len(GRID), len(means)))
    for place, c in enumerate(GRID):
        basis, _ = np.linalg.qr(_design(scaled, c))
        rest = means - means @ basis @ basis.T
        errors[place] = (rest**2).sum(axis=1)
    found: NDArray[np.int64] = errors.argmin(axis=0)
    return found


def _design(scaled: Floats, c: float) -> Floats:
    return np.column_stack([np.ones_like(scaled), scaled**-c])


def _line(scaled: Floats, values: Floats, c: float) -> tuple[float, float, float]:
    """a, b and the squared error."""
    design = _design(scaled, c)
    (a, b), *_ = np.linalg.lstsq(design, values, rcond=None)
    error = float(((values - design @ np.array([a, b])) ** 2).sum())
    return float(a), float(b), error
