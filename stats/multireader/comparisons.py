"""Mean kappas of arms, and every arm against one control. No Django.

The readers are these readers, not a sample of readers: intervals say what other
patients would have given to the same readers. For readers beyond these see
`obuchowski_rockette`.

References
----------
Vanbelle S (2017) Comparing dependent kappa coefficients obtained on multilevel
    data. Biom J 59:1016-1034. doi:10.1002/bimj.201600093
Holm S (1979) A simple sequentially rejective multiple test procedure. Scand J Stat
    6:65-70.
Schuirmann DJ (1987) A comparison of the two one-sided tests procedure and the power
    approach for assessing the equivalence of average bioavailability. J Pharmacokinet
    Biopharm 15:657-680. doi:10.1007/BF01068419
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..agreement.kappa import Weighting, fisher_interval
from ..comparison.ranks import holm_of
from ..outcomes import Interval, NotEstimable
from ..readings import GradeTable
from .covariance import Combined, Floats, JointKappas, combine, joint_kappas, same_items
from .kappa_difference import difference_interval
from .permutation import PERMUTATIONS, SEED, SwapTest, swap_test

MEAN_METHOD = "delta method clustered by patient over readers, t on the Fisher z scale"
TOST_LEVEL = 0.90  # two one-sided tests at 5 % each: the interval of 90 %


@dataclass(frozen=True)
class MeanKappa:
    """Mean over these readers of kappa against the standard, -1 to 1.

    pairs: of grades, over all readers. patients: with a pair of any reader.
    """

    readers: int
    patients: int
    pairs: int
    mean: float | NotEstimable
    standard_error: float | NotEstimable
    interval: Interval | NotEstimable


@dataclass(frozen=True)
class Difference:
    """Kappa in an arm minus kappa in the control; of one reader, or mean over readers.

    first, second: the two kappas. interval, narrow: of `level` and of 90 %. t: the
    difference over its standard error; p: two-sided, patients - 1 degrees of freedom.
    """

    readers: int
    patients: int
    pairs: int  # in each of the two arms, over the readers
    first: float | NotEstimable
    second: float | NotEstimable
    difference: float | NotEstimable
    standard_error: float | NotEstimable
    interval: Interval | NotEstimable
    narrow: Interval | NotEstimable
    t: float | NotEstimable
    p: float | NotEstimable


@dataclass(frozen=True)
class Margins:
    """What a difference says about a margin of kappa; False: that it was not shown.

    not_inferior: the lower limit of `interval` lies above -margin (95 %: one-sided
    2.5 %). equivalent: both limits of the 90 % interval lie within ±margin (two
    one-sided tests at 5 %); equivalent_strictly: both of `interval` (95 %: 2.5 %).
    p_inferior, p_equivalent: one-sided p of non-inferiority; the larger p of the two
    one-sided tests.
    """

    margin: float
    not_inferior: bool | NotEstimable
    equivalent: bool | NotEstimable
    equivalent_strictly: bool | NotEstimable
    p_inferior: float | NotEstimable
    p_equivalent: float | NotEstimable


@dataclass(frozen=True)
class Comparison:
    """One arm against the control. arm: its place in the table.

    p_holm: of `mean.p`, corrected over all comparisons with this control; one whose
    p is not estimable counts among them all the same.
    """

    arm: int
    mean: Difference
    by_reader: tuple[Difference, ...]
    p_holm: float | NotEstimable
    margins: Margins | None  # None: no margin
    swaps: SwapTest


def mean_kappa(joint: JointKappas, arm: int, *, level: float = 0.95) -> MeanKappa:
    """Plain mean over readers, each kappa of the pairs that it has.

    Standard error by `covariance.combine`; tanh(atanh m ± t(G-1) · SE / (1 - m²)).
    Not estimable as soon as one reader's kappa is not; the interval also where one
    reading is constant, agreement perfect or disagreement total.
    """
    readers = len(joint.kappas)
    weights = _weights(joint, range(readers), {arm: 1.0})
    found = combine(joint, weights)
    interval: Interval | NotEstimable
    if isinstance(found.estimate, NotEstimable):
        interval = found.estimate
    elif isinstance(found.standard_error, NotEstimable):
        interval = found.standard_error
    else:
        interval = fisher_interval(
            found.estimate,
            found.standard_error,
            degrees_of_freedom=found.patients - 1,
            level=level,
            method=MEAN_METHOD,
        )
    return MeanKappa(
        readers,
        int(joint.present[:, :, arm].any(axis=1).sum()),
        sum(row[arm] for row in joint.pairs),
        found.estimate,
        found.standard_error,
        interval,
    )


def difference(
    joint: JointKappas,
    first: int,
    second: int,
    *,
    readers: Sequence[int] | None = None,
    level: float = 0.95,
) -> Difference:
    """Mean kappa of arm `first` minus that of arm `second`, by patient over both.

    readers: places; None: all. For both arms of the same items take `same_items`
    before. Not estimable as in `covariance.combine`.
    """
    places = range(len(joint.kappas)) if readers is None else readers
    one, two, found = (
        combine(joint, _weights(joint, places, shares))
        for shares in ({first: 1.0}, {second: 1.0}, {first: 1.0, second: -1.0})
    )
    t, p = _test(found)
    return Difference(
        readers=len(places),
        patients=found.patients,
        pairs=sum(joint.pairs[place][first] for place in places),
        first=one.estimate,
        second=two.estimate,
        difference=found.estimate,
        standard_error=found.standard_error,
        interval=difference_interval(found, level=level),
        narrow=difference_interval(found, level=TOST_LEVEL),
        t=t,
        p=p,
    )


def _weights(
    joint: JointKappas, readers: Sequence[int], shares: dict[int, float]
) -> Floats:
    weights = np.zeros(joint.moves.shape[1:])
    for reader in readers:
        for arm, share in shares.items():
            weights[reader, arm] = share / len(readers)
    return weights


def _test(found: Combined) -> tuple[float | NotEstimable, float | NotEstimable]:
    if isinstance(found.estimate, NotEstimable):
        return found.estimate, found.estimate
    if isinstance(found.standard_error, NotEstimable):
        return found.standard_error, found.standard_error
    t = found.estimate / found.standard_error
    return t, 2 * student_tail(abs(t), degrees_of_freedom=found.patients - 1)


def student_tail(t: float, *, degrees_of_freedom: int) -> float:
    """P(T ≥ t) of Student's t."""
    from scipy import special

    return float(special.stdtr(degrees_of_freedom, -t))


def against_margin(found: Difference, *, margin: float) -> Margins:
    """Non-inferiority and equivalence of the first arm by a margin of 0 or more.

    P > 0.05 of a difference shows neither. Not estimable where the interval is not.
    """
    if margin < 0:
        raise ValueError("margin must not be negative")
    wide, narrow = found.interval, found.narrow
    error, middle = found.standard_error, found.difference
    if isinstance(wide, NotEstimable) or isinstance(narrow, NotEstimable):
        nothing = wide if isinstance(wide, NotEstimable) else narrow
        assert isinstance(nothing, NotEstimable)
        return Margins(margin, nothing, nothing, nothing, nothing, nothing)
    assert not isinstance(error, NotEstimable) and not isinstance(middle, NotEstimable)
    freedom = found.patients - 1
    below = student_tail((middle + margin) / error, degrees_of_freedom=freedom)
    above = student_tail((margin - middle) / error, degrees_of_freedom=freedom)
    return Margins(
        margin,
        not_inferior=wide.low > -margin,
        equivalent=-margin < narrow.low and narrow.high < margin,
        equivalent_strictly=-margin < wide.low and wide.high < margin,
        p_inferior=below,
        p_equivalent=max(below, above),
    )


def compare_with_control(
    table: GradeTable,
    control: int,
    *,
    weighting: Weighting,
    margin: float | None = None,
    level: float = 0.95,
    permutations: int = PERMUTATIONS,
    seed: int = SEED,
) -> tuple[Comparison, ...]:
    """Every other arm of the table against the arm at `control`, in order.

    Each comparison is of the items that a reader graded in both arms and in the
    standard, so that like is compared with like.
    """
    arms = [arm for arm in range(table.grades.shape[1]) if arm != control]
    found = []
    for arm in arms:
        alike = joint_kappas(same_items(table, arm, control), weighting=weighting)
        mean = difference(alike, 0, 1, level=level)
        found.append(
            Comparison(
                arm=arm,
                mean=mean,
                by_reader=tuple(
                    difference(alike, 0, 1, readers=[reader], level=level)
                    for reader in range(len(alike.kappas))
                ),
                p_holm=mean.p,
                margins=None if margin is None else against_margin(mean, margin=margin),
                swaps=swap_test(
                    table,
                    arm,
                    control,
                    weighting=weighting,
                    permutations=permutations,
                    seed=seed,
                ),
            )
        )
    adjusted = holm_of([one.mean.p for one in found])
    return tuple(replace(one, p_holm=p) for one, p in zip(found, adjusted, strict=True))
