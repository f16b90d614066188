"""Training a network on pairs of the study's 8-bit images: seeded, repeatable.

    trained = train(
        network, in_channels=1, training=pairs, validation=others,
        recipe=STUDY_RECIPE, loss="l1", seed=1,
    )

Imports torch; the recipes alone are in `inference.recipes`.
"""

from ..recipes import (
    LOSS_NAMES,
    QUICK_RECIPE,
    RECIPES,
    SHORT_RECIPE,
    STUDY_RECIPE,
    LossName,
    Recipe,
)
from .checkpoints import Checkpoint, Epoch
from .pairs import Pairs, pairs_sha256
from .run import StoppedError, Trained, Validated, train, validate

__all__ = [
    "LOSS_NAMES",
    "QUICK_RECIPE",
    "RECIPES",
    "SHORT_RECIPE",
    "STUDY_RECIPE",
    "Checkpoint",
    "Epoch",
    "LossName",
    "Pairs",
    "Recipe",
    "StoppedError",
    "Trained",
    "Validated",
    "pairs_sha256",
    "train",
    "validate",
]
