"""Do arms differ in what was measured on the same patients?

friedman, dunn_against_control, holm, holm_of: ranks within blocks (`ranks`)
signed_rank, sign_flip: one value a patient against 0 (`rank_tests`)
exchange_p: exact sign flips of whole numbers; McNemar's exact test (`exchanges`)
paired_difference: Wilcoxon, Hodges-Lehmann and effect size of two arms (`paired`)
kruskal_wallis, dunn_unpaired: as published tables were often made (`unpaired`)
"""

from .exchanges import exchange_p
from .paired import PairedDifference, paired_difference
from .rank_tests import SignedRank, SignFlip, sign_flip, signed_rank
from .ranks import (
    AgainstControl,
    Friedman,
    dunn_against_control,
    friedman,
    holm,
    holm_of,
    ranks_within_blocks,
)
from .unpaired import (
    Family,
    KruskalWallis,
    UnpairedComparison,
    dunn_unpaired,
    kruskal_wallis,
)

__all__ = [
    "AgainstControl",
    "Family",
    "Friedman",
    "KruskalWallis",
    "PairedDifference",
    "SignFlip",
    "SignedRank",
    "UnpairedComparison",
    "dunn_against_control",
    "dunn_unpaired",
    "exchange_p",
    "friedman",
    "holm",
    "holm_of",
    "kruskal_wallis",
    "paired_difference",
    "ranks_within_blocks",
    "sign_flip",
    "signed_rank",
]
