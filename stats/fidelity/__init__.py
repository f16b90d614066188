"""Was anatomy moved, removed or added? Answers of fidelity in each arm. No Django.

Tables are `ratings.RatingTable`; a rating is the number of an answer.

fidelity_rates   how often each answer was given, with Wilson's and clustered intervals
arms_compared    Cochran's Q over the arms, and pairs of arms with Holm
"""

from .arms import ArmsCompared, CochranQ, PairOfArms, arms_compared
from .rates import FidelityRates, Rate, fidelity_rates

__all__ = [
    "ArmsCompared",
    "CochranQ",
    "FidelityRates",
    "PairOfArms",
    "Rate",
    "arms_compared",
    "fidelity_rates",
]
