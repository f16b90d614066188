"""Exact test of whole numbers, one a patient, each as likely with either sign. No
Django.

If two arms did not differ, it would be chance which of a patient's images bore which
arm's name; all answers on a patient change arms together. Where no number is above 1
it is McNemar's exact test, and the sign test.

References
----------
McNemar Q (1947) Note on the sampling error of the difference between correlated
    proportions or percentages. Psychometrika 12:153-157. doi:10.1007/BF02295996
"""

import numpy as np

from ..outcomes import NotEstimable, Reason
from .rank_tests import Integers, signed_sums


def exchange_p(differences: Integers, *, without: Reason) -> float | NotEstimable:
    """Two-sided p of the sum of (patients,) differences, of all 2^G ways of signs.

    without: why there is no test where every difference is 0.
    """
    sizes = np.abs(differences[differences != 0])
    if not len(sizes):
        return NotEstimable(without)
    chances = signed_sums(sizes)  # of the sum of those that are positive
    sums = 2 * np.arange(len(chances)) - int(sizes.sum())
    far = np.abs(sums) >= abs(int(differences.sum()))
    return float(min(1.0, chances[far].sum()))
