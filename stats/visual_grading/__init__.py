"""Are images rated better? Ratings of quality in one arm against another. No Django.

Tables are `ratings.RatingTable`; ratings rise with quality.

vgc           visual grading characteristics: chance of a better rating in each arm
vgc_bootstrap the mean's intervals from resampled patients
vgc_curve     the curve of one reader, or mean over readers
arm_ratings   how often each answer was given, and shares of at least so good
better_odds   visual grading regression: proportional odds against the reference
"""

from .counts import ArmRatings, arm_ratings, better_odds
from .resampled import VgcBootstrap, vgc_bootstrap
from .vgc import Vgc, VgcArea, VgcCurve, vgc, vgc_curve

__all__ = [
    "ArmRatings",
    "Vgc",
    "VgcArea",
    "VgcBootstrap",
    "VgcCurve",
    "arm_ratings",
    "better_odds",
    "vgc",
    "vgc_bootstrap",
    "vgc_curve",
]
