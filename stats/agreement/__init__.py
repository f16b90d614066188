"""Agreement of readings on an ordinal scale.

`weighted_kappa`: of two readings, with an interval clustered by patient
`influences`: how far each item moves it, for what is made of several kappas
`bootstrap_kappa`: percentile, BCa and jackknife intervals of all readers and arms
`resampled_kappas`, `resampled_patients`: the replicates that these are made of
`several_readers`: Fleiss, Conger, Light, Gwet, Krippendorff and the ICC
`pair_table`: exact and within-one agreement, confusion, PABAK, prevalence and bias
`clustered_share`, `clustered_mean`: with intervals clustered by patient
`repeatability`: of two readings of a number, how far they are apart
`standard_of`: a consensus of readers, or a given standard
"""

from .bootstrap import (
    KappaBootstrap,
    ResampledKappas,
    bootstrap_kappa,
    resampled_kappas,
    resampled_patients,
)
from .kappa import WEIGHTINGS, Agreement, Weighting, influences, weighted_kappa
from .repeatability import Repeatability, repeatability
from .several_readers import Coefficient, CoefficientName, several_readers
from .standards import STANDARD_KINDS, StandardKind, standard_of
from .tables import (
    Estimate,
    GradeIndex,
    PairTable,
    clustered_mean,
    clustered_share,
    pair_table,
)

__all__ = [
    "STANDARD_KINDS",
    "WEIGHTINGS",
    "Agreement",
    "Coefficient",
    "CoefficientName",
    "Estimate",
    "GradeIndex",
    "KappaBootstrap",
    "PairTable",
    "Repeatability",
    "ResampledKappas",
    "StandardKind",
    "Weighting",
    "bootstrap_kappa",
    "clustered_mean",
    "clustered_share",
    "influences",
    "pair_table",
    "repeatability",
    "resampled_kappas",
    "resampled_patients",
    "several_readers",
    "standard_of",
    "weighted_kappa",
]
