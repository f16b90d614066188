"""What moves grades and measurements. Arrays in, frozen dataclasses out; no Django.

grade_shifts          how far each arm's grades lie from the standard, with tests
repeat_shifts         the same of second against first readings of one arm
symmetry              marginal homogeneity (Stuart, Maxwell; clustered), Bowker
detections            normal or abnormal: sensitivity, specificity, arms compared
order_effects         fatigue within and learning over sessions, on any response
time_ratios           how much longer reads of an arm take
ordinal_model         odds ratios of healthier grades against the reference
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
from .detection import ArmDetection, Detection, Share, ShareDifference, detections
from .effects import Circumstances, Effects, TimeRatio, order_effects, time_ratios
from .ordinal import OddsRatio, OrdinalModel, ordinal_model
from .regression import ClusteredFit, Slope, WaldTest, clustered_fit, wald_test
from .shift import GradeShift, grade_shifts, repeat_shifts
from .symmetry import ChiSquare, Symmetry, symmetry

__all__ = [
    "ArmDetection",
    "BalancedIndex",
    "BlindingIndex",
    "ChiSquare",
    "Circumstances",
    "ClusteredFit",
    "ConfidenceCounts",
    "Detection",
    "Effects",
    "GradeShift",
    "LimitsOfAgreement",
    "OddsRatio",
    "OrdinalModel",
    "Share",
    "ShareDifference",
    "Slope",
    "Symmetry",
    "TimeRatio",
    "WaldTest",
    "balanced_index",
    "bang_index",
    "clustered_fit",
    "confidence_counts",
    "detections",
    "grade_shifts",
    "limits_of_agreement",
    "order_effects",
    "ordinal_model",
    "repeat_shifts",
    "symmetry",
    "time_ratios",
    "wald_test",
]
