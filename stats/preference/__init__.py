"""Which images do readers prefer? Forced choices of two, with “no difference”.

Pure: `Choices` in, frozen dataclasses out; no Django.

bradley_terry   abilities of all arms, odds of every pair (Davidson's model with ties)
pair_shares     what was answered, pair by pair, with the net preference
tie_share       how often there was no difference
side_effect     do readers lean to the left or the right of the screen?
"""

from .bradley_terry import Ability, BradleyTerry, Preference, bradley_terry
from .choices import LEFT, RIGHT, TIE, Choices
from .shares import PairShares, SideEffect, pair_shares, side_effect, tie_share

__all__ = [
    "LEFT",
    "RIGHT",
    "TIE",
    "Ability",
    "BradleyTerry",
    "Choices",
    "PairShares",
    "Preference",
    "SideEffect",
    "bradley_terry",
    "pair_shares",
    "side_effect",
    "tie_share",
]
