"""Arms compared over several readers, who all read the same patients in every arm.

`joint_kappas`: kappas of all readers in all arms, and how they move together
`mean_kappa`: mean over these readers with its interval
`difference`: of two arms' kappas, joint over readers and patients
`against_margin`: non-inferiority and equivalence
`compare_with_control`: every arm against one, with Holm and arm swaps
`swap_test`: arms swapped within patients, p of the difference in mean kappa
`obuchowski_rockette`: for readers beyond these, of any figure of merit
`analyse`: the same from figures and error covariances
`cut_means`: its intervals of means within what the figure can be
`all_tables`, `patient_tables`: counts of pairs, of all patients and of each
`jackknife_replicates`: kappas without one patient after the other
`jackknife_covariance`: the covariance of any figures from such replicates
`kappa_difference`, `not_inferior`: two arms whose pairs need not be of the same sides
`same_items`, `complete_items`: what arms, or all arms and readers, have in common
"""

from .comparisons import (
    Comparison,
    Difference,
    Margins,
    MeanKappa,
    against_margin,
    compare_with_control,
    difference,
    mean_kappa,
)
from .covariance import (
    JointKappas,
    all_tables,
    combine,
    complete_items,
    jackknife_covariance,
    jackknife_replicates,
    joint_kappas,
    kappas_of_tables,
    patient_tables,
    same_items,
)
from .kappa_difference import KappaDifference, Pairs, kappa_difference, not_inferior
from .obuchowski_rockette import (
    Analysis,
    ArmMean,
    MeanDifference,
    ObuchowskiRockette,
    analyse,
    cut_means,
    obuchowski_rockette,
)
from .permutation import SwapTest, swap_test
from .variance_components import ErrorCovariances

__all__ = [
    "Analysis",
    "ArmMean",
    "Comparison",
    "Difference",
    "ErrorCovariances",
    "JointKappas",
    "KappaDifference",
    "Margins",
    "MeanDifference",
    "MeanKappa",
    "ObuchowskiRockette",
    "Pairs",
    "SwapTest",
    "against_margin",
    "all_tables",
    "analyse",
    "combine",
    "compare_with_control",
    "complete_items",
    "cut_means",
    "difference",
    "jackknife_covariance",
    "jackknife_replicates",
    "joint_kappas",
    "kappa_difference",
    "kappas_of_tables",
    "mean_kappa",
    "not_inferior",
    "obuchowski_rockette",
    "patient_tables",
    "same_items",
    "swap_test",
]
