"""What moves measurements and grades. Arrays in, frozen dataclasses out; no Django.

limits_of_agreement   two ways of measuring: Bland and Altman, several items a patient
clustered_fit         regression with standard errors clustered by patient (CR2)
wald_test             are several coefficients of such a fit all zero?
bang_index            do readers know the arm? one arm's guesses
balanced_index        the same, free of what readers lean to
confidence_counts     how sure they were of correct and of wrong guesses
"""

from .bland_altman import LimitsOfAgreement, limits_of_agreement
from .blinding_index import (
    BalancedIndex,
    BlindingIndex,
    ConfidenceCounts,
    balanced_index,
    bang_index,
    confidence_counts,
)
from .regression import ClusteredFit, Slope, WaldTest, clustered_fit, wald_test

__all__ = [
    "BalancedIndex",
    "BlindingIndex",
    "ClusteredFit",
    "ConfidenceCounts",
    "LimitsOfAgreement",
    "Slope",
    "WaldTest",
    "balanced_index",
    "bang_index",
    "clustered_fit",
    "confidence_counts",
    "limits_of_agreement",
    "wald_test",
]
