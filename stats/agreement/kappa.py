"""Agreement of two readings on an ordinal scale: Cohen's weighted kappa.

Arrays in, frozen dataclasses out; no Django. Categories are always declared: with
one grade unused, a library that guesses them moves the others closer together and
gives another kappa.

References
----------
Cohen J (1968) Weighted kappa. Psychol Bull 70:213-220. doi:10.1037/h0026256
Fleiss JL, Cohen J, Everitt BS (1969) Large sample standard errors of kappa and
    weighted kappa. Psychol Bull 72:323-327. doi:10.1037/h0028106
Yang Z, Zhou M (2015) Weighted kappa statistic for clustered matched-pair ordinal
    data. Comput Stat Data Anal 82:1-18. doi:10.1016/j.csda.2014.08.004
Vanbelle S (2017) Comparing dependent kappa coefficients obtained on multilevel
    data. Biom J 59:1016-1034. doi:10.1002/bimj.201600093
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop

from ..outcomes import (
    ROUNDING,
    Interval,
    NotEstimable,
    Reason,
    student_quantile,
    two_sided_p,
)

Weighting = Literal["unweighted", "linear", "quadratic"]
WEIGHTINGS: tuple[Weighting, ...] = ("unweighted", "linear", "quadratic")
INTERVAL_METHOD = "delta method clustered by patient, t on the Fisher z scale"

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Agreement:
    """Kappa of two readings of the same items, with what it was computed from.

    table: counts, row = category of the first reading, column = of the second,
        in the order of `categories`.
    left_out: items that are in none of these numbers, because one of the two
        readings could not assess them.
    exact: share of items with equal grades, 0 to 1.
    kappa: -1 to 1.
    standard_error: non-null asymptotic one of Fleiss, Cohen and Everitt, which
        takes all items as independent.
    standard_error_null: the same under kappa = 0; z = kappa / it, p two-sided.
    standard_error_clustered: items of one patient may be correlated.
    interval: from the clustered standard error.
    """

    weighting: Weighting
    categories: tuple[int, ...]
    items: int
    left_out: int
    patients: int
    table: tuple[tuple[int, ...], ...]
    exact: float | NotEstimable
    kappa: float | NotEstimable
    standard_error: float | NotEstimable
    standard_error_null: float | NotEstimable
    z: float | NotEstimable
    p: float | NotEstimable
    standard_error_clustered: float | NotEstimable
    interval: Interval | NotEstimable


def agreement_weights(categories: int, *, weighting: Weighting) -> Floats:
    """(k, k) weights, 1 on the diagonal, 0 in the far corners.

    Categories are taken as equally spaced. linear: 1 - |i-j|/(k-1); quadratic:
    1 - (i-j)²/(k-1)²; unweighted: 1 where i = j, else 0.
    """
    if weighting == "unweighted":
        return np.eye(categories)
    place = np.arange(categories, dtype=np.float64)
    distance = np.abs(place[:, None] - place[None, :])
    power = {"linear": 1, "quadratic": 2}[weighting]
    weights: Floats = 1 - (distance / max(categories - 1, 1)) ** power
    return weights


def category_places(grades: Sequence[int], *, categories: Sequence[int]) -> Integers:
    """(n,) places of `grades` within `categories`; Refused outside the set."""
    if len(set(categories)) != len(categories) or len(categories) < 2:
        raise ValueError("categories must be at least two different ones")
    place = {category: index for index, category in enumerate(categories)}
    try:
        return np.array([place[grade] for grade in grades], dtype=np.int64)
    except KeyError as error:
        declared = ", ".join(map(str, categories))
        raise Refused(
            gettext_noop(
                "Grade %(grade)s is not one of the declared grades %(declared)s."
            )
            % {"grade": error.args[0], "declared": declared}
        ) from error


def confusion_table(first: Integers, second: Integers, *, categories: int) -> Integers:
    """(k, k) counts of places; row = first reading, column = second."""
    flat = np.bincount(first * categories + second, minlength=categories**2)
    table: Integers = flat.reshape(categories, categories).astype(np.int64)
    return table


@dataclass(frozen=True)
class _Parts:
    """Kappa of one table and the pieces of its variance; `w` are (k, k) weights."""

    kappa: float
    observed: float  # weighted observed agreement
    expected: float  # the same by chance, from the margins
    shares: Floats  # (k, k), sums to 1
    margins: Floats  # (k, k): mean weight of row category + of column category


def _parts(table: Integers, w: Floats) -> _Parts:
    shares = table / table.sum()
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    observed = float((w * shares).sum())
    expected = float(rows @ w @ columns)
    margins = (w @ columns)[:, None] + (rows @ w)[None, :]
    return _Parts(
        (observed - expected) / (1 - expected), observed, expected, shares, margins
    )


def _influence(parts: _Parts, w: Floats) -> Floats:
    """(k, k): how far one item in each cell moves kappa, times the items.

    The gradient of kappa; its mean over the items is 0, and its mean square is n
    times the non-null variance of Fleiss, Cohen and Everitt (1969).
    """
    chance = 1 - parts.expected
    observed = (w - parts.observed) * chance
    expected = (parts.margins - 2 * parts.expected) * (1 - parts.observed)
    influence: Floats = (observed - expected) / chance**2
    return influence


def influences(
    first: Sequence[int],
    second: Sequence[int],
    *,
    categories: Sequence[int],
    weighting: Weighting,
) -> Floats:
    """(n,) how far each of n items moves weighted_kappa, times n; their mean is 0.

    For standard errors of what is made of several kappas. Where kappa is not
    estimable (no items, both readings constant) there are none: ValueError.
    """
    rows = category_places(first, categories=categories)
    columns = category_places(second, categories=categories)
    table = confusion_table(rows, columns, categories=len(categories))
    if not len(rows) or _grades_used(table) == (1, 1):
        raise ValueError("kappa of these readings is not estimable")
    w = agreement_weights(len(categories), weighting=weighting)
    found: Floats = _influence(_parts(table, w), w)[rows, columns]
    return found


def _null_variance(parts: _Parts, w: Floats) -> float:
    """n times the variance under kappa = 0 (Fleiss, Cohen and Everitt 1969, eq. 9).

    Their Σ q (w - margins)² - P_e² is the variance of w - margins under chance q,
    whose mean is -P_e; summed around that mean, rounding does not pass for variance.
    """
    by_chance = np.outer(parts.shares.sum(axis=1), parts.shares.sum(axis=0))
    around = w - parts.margins + parts.expected
    return float((by_chance * around**2).sum()) / (1 - parts.expected) ** 2


def clustered_error(influence: Floats, patients: Integers) -> float:
    """Standard error of a mean of items whose influence is (n,), by patient.

    influence: its mean over all items is 0; patients: (n,) numbers from 0. The
    items of one patient are added up before they are squared, so any correlation
    among them is allowed; G/(G-1) corrects for few patients.
    """
    totals = np.bincount(patients, weights=influence)
    groups = len(totals)
    return float(
        np.sqrt(groups / (groups - 1) * (totals**2).sum()) / influence.shape[0]
    )


def fisher_interval(
    kappa: float,
    error: float,
    *,
    degrees_of_freedom: int,
    level: float,
    method: str = INTERVAL_METHOD,
) -> Interval | NotEstimable:
    """tanh(atanh κ ± t · SE / (1 - κ²)): stays within -1 and 1, and is skewed."""
    if 1 - abs(kappa) < ROUNDING:
        return NotEstimable(Reason.PERFECT if kappa > 0 else Reason.OPPOSITE)
    if error < ROUNDING:
        return NotEstimable(Reason.NO_VARIATION)
    half = student_quantile(level=level, degrees_of_freedom=degrees_of_freedom)
    half *= error / (1 - kappa**2)
    middle = np.arctanh(kappa)
    return Interval(
        float(np.tanh(middle - half)),
        float(np.tanh(middle + half)),
        level,
        degrees_of_freedom,
        method,
    )


def weighted_kappa(
    first: Sequence[int],
    second: Sequence[int],
    *,
    categories: Sequence[int],
    patients: Sequence[Hashable],
    weighting: Weighting,
    left_out: int = 0,
    level: float = 0.95,
) -> Agreement:
    """Cohen's kappa of two readings of the same n items.

    first, second: (n,) grades; grade i of both is of the same item.
    categories: every grade of the scale in its order, used or not.
    patients: (n,) who the item is of; left and right of one patient share theirs.
    left_out: items without a grade, because a reading could not assess them; they
        are counted beside the n, nothing else.
    level: of the confidence interval.

    Not estimable: no items; one patient; both readings constant. With one reading
    constant kappa is 0 by definition and has neither p nor interval. Perfect
    agreement and total disagreement have no interval, nor has what does not vary
    between patients; a standard error that is 0 there is not estimable either.

    Raises Refused for a grade outside `categories`, ValueError for lengths that
    differ.
    """
    if not len(first) == len(second) == len(patients):
        raise ValueError("first, second and patients must have one length")
    rows = category_places(first, categories=categories)
    columns = category_places(second, categories=categories)
    table = confusion_table(rows, columns, categories=len(categories))
    labels = {patient: number for number, patient in enumerate(dict.fromkeys(patients))}
    numbers = np.array([labels[patient] for patient in patients], dtype=np.int64)
    exact: float | NotEstimable = NotEstimable(Reason.NO_READS)
    if len(rows):
        exact = float((rows == columns).mean())
    outcome = _estimate(table, rows, columns, numbers, weighting, level)
    if left_out and not len(rows):
        exact = NotEstimable(Reason.NONE_ASSESSED)
        outcome = _without(exact, Reason.NONE_ASSESSED)
    return Agreement(
        weighting=weighting,
        categories=tuple(categories),
        items=len(rows),
        left_out=left_out,
        patients=len(labels),
        table=tuple(tuple(int(count) for count in line) for line in table),
        exact=exact,
        **outcome.__dict__,
    )


@dataclass(frozen=True)
class _Outcome:
    kappa: float | NotEstimable
    standard_error: float | NotEstimable
    standard_error_null: float | NotEstimable
    z: float | NotEstimable
    p: float | NotEstimable
    standard_error_clustered: float | NotEstimable
    interval: Interval | NotEstimable


def _without(kappa: float | NotEstimable, reason: Reason) -> _Outcome:
    nothing = NotEstimable(reason)
    return _Outcome(kappa, nothing, nothing, nothing, nothing, nothing, nothing)


def _estimate(
    table: Integers,
    rows: Integers,
    columns: Integers,
    patients: Integers,
    weighting: Weighting,
    level: float,
) -> _Outcome:
    reason = _undefined(table, patients)
    if reason:
        return _without(NotEstimable(reason), reason)
    if 1 in _grades_used(table):
        return _without(0.0, Reason.ONE_CONSTANT)
    w = agreement_weights(len(table), weighting=weighting)
    parts = _parts(table, w)
    influence = _influence(parts, w)
    n = len(rows)
    error = float(np.sqrt((parts.shares * influence**2).sum() / n))
    error_null = float(np.sqrt(_null_variance(parts, w) / n))
    z: float | NotEstimable = NotEstimable(Reason.NO_ROOM)
    if error_null >= ROUNDING:
        z = parts.kappa / error_null
    clustered = clustered_error(influence[rows, columns], patients)
    interval = fisher_interval(
        parts.kappa, clustered, degrees_of_freedom=int(patients.max()), level=level
    )
    return _Outcome(
        kappa=parts.kappa,
        standard_error=_error_or_reason(error, interval),
        standard_error_null=_error_or_reason(error_null, z),
        z=z,
        p=z if isinstance(z, NotEstimable) else two_sided_p(z),
        standard_error_clustered=_error_or_reason(clustered, interval),
        interval=interval,
    )


def _error_or_reason(
    error: float, made_of_it: Interval | float | NotEstimable
) -> float | NotEstimable:
    """A standard error of 0 says nothing; why, is said by what is made of it."""
    if error < ROUNDING and isinstance(made_of_it, NotEstimable):
        return made_of_it
    return error


def _grades_used(table: Integers) -> tuple[int, int]:
    """How many different grades the first and the second reading use."""
    return int((table.sum(axis=1) > 0).sum()), int((table.sum(axis=0) > 0).sum())


def _undefined(table: Integers, patients: Integers) -> Reason | None:
    if not len(patients):
        return Reason.NO_READS
    if patients.max() == 0:
        return Reason.ONE_PATIENT
    if _grades_used(table) == (1, 1):
        return Reason.BOTH_CONSTANT
    return None
