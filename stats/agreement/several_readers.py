"""Agreement among several readers of the same items.

Arrays in, frozen dataclasses out; no Django. The readers are these readers, not a
sample of readers, except in the definition of ICC(2,1).

What each coefficient is of, and what becomes of grades that are missing:

fleiss (nominal): readers are interchangeable, one margin for all. Defined for items
    that all readers graded; others are left out. Fleiss JL (1971) Psychol Bull
    76:378-382. doi:10.1037/h0031619
conger (nominal): each reader has their own margin; with two readers it is Cohen's
    kappa. Items that all readers graded. Conger AJ (1980) Psychol Bull 88:322-328.
    doi:10.1037/0033-2909.88.2.322
light (quadratic weights): mean of the kappas of all pairs of readers, each of the
    items that both graded; not estimable as soon as one pair's is not. Light RJ
    (1971) Psychol Bull 76:365-377. doi:10.1037/h0031643 light_unweighted: the same
    without weights.
ac1 (nominal), ac2 (quadratic weights): observed agreement of the items that at least
    two readers graded, chance from those that at least one did. Gwet KL (2008) Br J
    Math Stat Psychol 61:29-48. doi:10.1348/000711006X126600 Gwet KL (2014) Handbook
    of inter-rater reliability, 4th ed.
alpha_nominal, alpha_ordinal: items that at least two readers graded. Krippendorff K
    (2011) Computing Krippendorff's alpha-reliability. University of Pennsylvania.
icc_2_1: two-way random effects, absolute agreement, single reader; ICC(A,1) of McGraw
    and Wong. icc_3_1: two-way mixed effects, consistency, single reader; ICC(C,1).
    Both take grades as equally spaced numbers, of items that all readers graded.
    Shrout PE, Fleiss JL (1979) Psychol Bull 86:420-428. doi:10.1037/0033-2909.86.2.420
    McGraw KO, Wong SP (1996) Psychol Methods 1:30-46 (with the erratum, 1:390).
    doi:10.1037/1082-989X.1.1.30
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Literal, get_args

import numpy as np

from ..outcomes import ROUNDING, Interval, NotEstimable, Reason
from ..readings import MISSING, Integers
from .bootstrap import JACKKNIFE, jackknife_error
from .coefficients import METHODS, Booleans, Floats, Method, mean_squares
from .kappa import fisher_interval
from .resampling import added_by_patient

CoefficientName = Literal[
    "fleiss",
    "conger",
    "light",
    "light_unweighted",
    "ac1",
    "ac2",
    "alpha_nominal",
    "alpha_ordinal",
    "icc_2_1",
    "icc_3_1",
]
NAMES: tuple[CoefficientName, ...] = get_args(CoefficientName)
INTRACLASS: tuple[CoefficientName, ...] = ("icc_2_1", "icc_3_1")
# Numbers of the widest terms in memory at a time.
PIECE = 2**22
F_INTERVAL = "F distribution, items as independent"


@dataclass(frozen=True)
class Coefficient:
    """One coefficient of agreement among readers.

    items: those it is of; left_out: others, which at least one reader graded.
    patients: of the items.
    estimate: at most 1; chance agreement is 0.
    standard_error, interval: by leaving out each patient; items of one patient may be
        correlated.
    f_interval: as McGraw and Wong give it, of items as independent; of the two ICC
        only, else None.
    """

    name: CoefficientName
    readers: int
    items: int
    left_out: int
    patients: int
    estimate: float | NotEstimable
    standard_error: float | NotEstimable
    interval: Interval | NotEstimable
    f_interval: Interval | NotEstimable | None


def several_readers(
    ratings: Integers,
    *,
    categories: int,
    patients: Integers,
    names: Sequence[CoefficientName] = NAMES,
    level: float = 0.95,
) -> tuple[Coefficient, ...]:
    """Every coefficient in `names` of the same grades.

    ratings: (readers, items) places from 0 to categories - 1, MISSING where there is
        none. patients: (items,) numbers of whom each item is of.

    Not estimable: one reader; no item that enough readers graded; one patient; all
    grades the same (of Fleiss' kappa and alpha); every reader constant (of Conger's
    kappa and the ICC); a pair's kappa (of Light's). The interval also where agreement
    is perfect or does not vary between patients, or where the coefficient does not
    exist without one of them.

    Raises ValueError for places outside the categories or of another shape.
    """
    if ratings.ndim != 2 or ratings.shape[1:] != patients.shape:
        raise ValueError("ratings are (readers, items), patients (items,)")
    if ratings.size and not (MISSING <= ratings.min() <= ratings.max() < categories):
        raise ValueError("a place is not one of the declared categories")
    return tuple(
        _coefficient(name, ratings, categories, patients, level) for name in names
    )


def _coefficient(
    name: CoefficientName,
    ratings: Integers,
    categories: int,
    patients: Integers,
    level: float,
) -> Coefficient:
    method = METHODS[name]
    readers = len(ratings)
    used = method.takes(ratings)
    any_grade = (ratings != MISSING).any(axis=0)
    owners = np.unique(patients[used], return_inverse=True)[1]
    groups = int(owners.max()) + 1 if len(owners) else 0
    counts = (readers, int(used.sum()), int((any_grade & ~used).sum()), groups)
    reason = _nothing_to_compare(method, ratings, used, any_grade, groups)
    if not reason:
        pieces = _by_patient(method, ratings[:, used], owners, categories)
        total = reduce(np.add, (one.sum(axis=0) for one in pieces()))
        estimate = float(method.value(total, readers, categories))
        if np.isfinite(estimate):
            without = np.concatenate(
                [method.value(total - one, readers, categories) for one in pieces()]
            )
            error, interval = _by_leaving_out(estimate, without, level)
            of_f = None
            if name in INTRACLASS:
                of_f = _f_interval(name, total, readers, estimate, level)
            return Coefficient(name, *counts, estimate, error, interval, of_f)
        reason = method.undefined
    nothing = NotEstimable(reason)
    of_f = nothing if name in INTRACLASS else None
    return Coefficient(name, *counts, nothing, nothing, nothing, of_f)


def _by_patient(
    method: Method, ratings: Integers, owners: Integers, categories: int
) -> Callable[[], Iterator[Floats]]:
    """The patients' sums of terms, (some patients, terms), in pieces that memory holds.

    Where one piece holds all it is made once. Many readers make very many pairs: those
    are made anew whenever they are asked for.
    """
    widest = len(ratings) ** 2 * categories  # numbers an item, of pairs of readers
    items, groups = len(owners), int(owners.max()) + 1
    step = max(PIECE * groups // (widest * items), 1)
    if step >= groups:
        whole = added_by_patient(method.terms(ratings, categories), owners)
        return lambda: iter([whole])

    def made() -> Iterator[Floats]:
        for start in range(0, groups, step):
            of = (owners >= start) & (owners < start + step)
            terms = method.terms(ratings[:, of], categories)
            yield added_by_patient(terms, owners[of] - start)

    return made


def _nothing_to_compare(
    method: Method,
    ratings: Integers,
    used: Booleans,
    any_grade: Booleans,
    groups: int,
) -> Reason | None:
    if not any_grade.any():
        return Reason.NO_READS
    if len(ratings) < 2:
        return Reason.ONE_READER
    if not used.any():
        return Reason.NO_COMMON_SIDE if method.complete else Reason.NO_SHARED_SIDE
    return Reason.ONE_PATIENT if groups < 2 else None


def _by_leaving_out(
    estimate: float, without: Floats, level: float
) -> tuple[float | NotEstimable, Interval | NotEstimable]:
    """Standard error and interval from the (G,) values without each patient."""
    if not np.isfinite(without).all():
        nothing = NotEstimable(Reason.LEFT_OUT_UNDEFINED)
        return nothing, nothing
    error = jackknife_error(without)
    interval = fisher_interval(
        estimate,
        error,
        degrees_of_freedom=len(without) - 1,
        level=level,
        method=JACKKNIFE,
    )
    return interval if isinstance(interval, NotEstimable) else error, interval


def _f_interval(
    name: CoefficientName, total: Floats, readers: int, icc: float, level: float
) -> Interval | NotEstimable:
    """Shrout and Fleiss (1979), McGraw and Wong (1996), table 7."""
    if 1 - icc < ROUNDING:
        return NotEstimable(Reason.PERFECT)
    ms = mean_squares(total, readers)
    squares = (float(ms.items), float(ms.readers), float(ms.error))
    n = float(ms.n)
    find = _consistency if name == "icc_3_1" else _absolute
    low, high = find(squares, n, readers, icc, (1 + level) / 2)
    if not high - low > ROUNDING:
        return NotEstimable(Reason.NO_VARIATION)
    return Interval(float(low), float(high), level, None, F_INTERVAL)


def _consistency(
    squares: tuple[float, float, float], n: float, k: int, _icc: float, share: float
) -> tuple[float, float]:
    from scipy import special

    ratio = squares[0] / squares[2]
    freedom = (n - 1) * (k - 1)
    low = ratio / special.fdtri(n - 1, freedom, share)
    high = ratio * special.fdtri(freedom, n - 1, share)
    return (low - 1) / (low + k - 1), (high - 1) / (high + k - 1)


def _absolute(
    squares: tuple[float, float, float], n: float, k: int, icc: float, share: float
) -> tuple[float, float]:
    """With Satterthwaite's degrees of freedom of the readers' and the error's part;
    NaN where both parts are 0, as of two readers who mirror each other."""
    from scipy import special

    items, readers, error = squares
    a = k * icc / (n * (1 - icc))
    b = 1 + k * icc * (n - 1) / (n * (1 - icc))
    parts = (a * readers) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1))
    if not parts > 0:
        return np.nan, np.nan
    freedom = (a * readers + b * error) ** 2 / parts
    rest = k * readers + (k * n - k - n) * error
    below, above = (
        special.fdtri(n - 1, freedom, share),
        special.fdtri(freedom, n - 1, share),
    )
    low = n * (items - below * error) / (below * rest + n * items)
    high = n * (above * items - error) / (rest + n * above * items)
    return low, high
