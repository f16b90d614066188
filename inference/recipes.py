"""How a network is trained, as numbers. Without torch: pages offer these too."""

import math
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

LossName = Literal["l1", "mse"]
LOSS_NAMES: tuple[LossName, ...] = ("l1", "mse")


@dataclass(frozen=True)
class Recipe:
    """Every number of a training run beside the loss and the seed.

    schedule: "step" holds learning_rate and, from epoch `late_from_epoch` on
        (counted from 1), late_learning_rate; "one-cycle" rises from a twenty-fifth
        to learning_rate over the first quarter of all steps and falls to nearly 0,
        both along a cosine (after Smith & Topin, doi:10.1117/12.2520589).
    averaging: decay per step of the exponential moving average of the weights,
        which is what is validated and kept (step t of the first ones decays by
        (1 + t) / (10 + t) if that is less); None keeps the weights themselves.
    flips: half of the images are mirrored left to right. shift_px: every image is
        moved by up to that many pixels in each direction, its edge repeated.
    keep: the weights of the last epoch or of the best validation PSNR.
    """

    name: str
    epochs: int
    batch_size: int
    optimiser: Literal["adam", "adamw"]
    learning_rate: float
    schedule: Literal["step", "one-cycle"]
    late_learning_rate: float | None = None
    late_from_epoch: int | None = None
    epsilon: float = 1e-8
    weight_decay: float = 0.0
    averaging: float | None = None
    flips: bool = False
    shift_px: int = 0
    keep: Literal["last", "best"] = "last"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Any) -> "Recipe":
        return cls(**data)

    def learning_rate_at(self, step: int, *, steps_per_epoch: int) -> float:
        """The learning rate of the step, counted from 0 over all epochs."""
        if self.schedule == "step":
            late = self.late_from_epoch
            if late is None or step // steps_per_epoch + 1 < late:
                return self.learning_rate
            assert self.late_learning_rate is not None
            return self.late_learning_rate
        total = self.epochs * steps_per_epoch
        rising = max(1, total // 4)
        if step < rising:
            share = (1 - math.cos(math.pi * step / rising)) / 2
            return self.learning_rate * (0.04 + 0.96 * share)
        share = (1 + math.cos(math.pi * (step - rising) / max(1, total - rising))) / 2
        return self.learning_rate * share


def of_epochs(recipe: Recipe, epochs: int) -> Recipe:
    """The recipe drawn out or cut short; it turns late in the same place."""
    late = recipe.late_from_epoch
    if late is not None:
        late = max(1, round(late * epochs / recipe.epochs))
    return replace(recipe, epochs=epochs, late_from_epoch=late)


# As published; 1e-7 is the epsilon of Keras' Adam.
STUDY_RECIPE = Recipe(
    name="study",
    epochs=200,
    batch_size=8,
    optimiser="adam",
    learning_rate=1e-3,
    schedule="step",
    late_learning_rate=1e-5,
    late_from_epoch=150,
    epsilon=1e-7,
)
QUICK_RECIPE = Recipe(
    name="quick",
    epochs=60,
    batch_size=8,
    optimiser="adamw",
    learning_rate=2e-3,
    schedule="one-cycle",
    weight_decay=1e-4,
    averaging=0.995,
    flips=True,
    shift_px=4,
)
# As the quick one, where even that takes too long.
SHORT_RECIPE = replace(QUICK_RECIPE, name="short", epochs=20)
RECIPES = {recipe.name: recipe for recipe in (STUDY_RECIPE, QUICK_RECIPE, SHORT_RECIPE)}
