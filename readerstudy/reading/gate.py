"""How far a reader agrees with the training key: one number a question.

Standard library only, in fractions: whoever reaches the minimum exactly has reached
it, whatever binary rounding would make of that. `stats.agreement` has the same
kappa with its errors and intervals; a test holds the two together.
"""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

Pairs = Sequence[tuple[int, int]]  # (own grade, key's grade) of the same side

# weights of agreement by name → power of the distance in the disagreement's weight
POWERS = {"quadratic": 2, "linear": 1, "unweighted": 0}


def weighted_kappa(
    pairs: Pairs, *, categories: Sequence[int], weights: str
) -> Fraction | None:
    """1 − observed / expected disagreement, −1 to 1.

    categories: every grade of the scale in its order, used or not.
    None, not estimable: no pairs, or both use one single grade throughout. With one
    of the two constant it is 0 by definition.
    """
    place = {category: index for index, category in enumerate(categories)}
    own = Counter(place[own] for own, _ in pairs)
    key = Counter(place[key] for _, key in pairs)
    if len(own) <= 1 and len(key) <= 1:
        return None
    power = POWERS[weights]

    def disagreement(one: int, other: int) -> int:
        return abs(one - other) ** power if one != other else 0

    observed = sum(disagreement(place[own], place[key]) for own, key in pairs)
    expected = sum(
        disagreement(i, j) * times * others
        for i, times in own.items()
        for j, others in key.items()
    )
    return 1 - Fraction(observed * len(pairs), expected)


def share_within_one(pairs: Pairs, *, categories: Sequence[int]) -> Fraction | None:
    """Share of answers at most one grade from the key, 0 to 1; None without pairs."""
    if not pairs:
        return None
    place = {category: index for index, category in enumerate(categories)}
    near = sum(abs(place[own] - place[key]) <= 1 for own, key in pairs)
    return Fraction(near, len(pairs))
