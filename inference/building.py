"""How weights come about: train a registered network, score it, write its card.

What it learns from may be simulated (the weights that are shipped) or a cohort's
own images; the card says which.
"""

import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from readerstudy.imaging.preprocessing import to_eight_bit

from . import registry
from .networks import building as networks
from .networks.configuration import configuration_of
from .networks.weights import Parameters, WeightsCard, read_weights, write_weights
from .prediction import load_parameters, predict, threads
from .quality import psnr_db, ssim
from .simulated_pairs import physics_sha256
from .training import (
    SHORT_RECIPE,
    STUDY_RECIPE,
    Checkpoint,
    Epoch,
    LossName,
    Pairs,
    Recipe,
    pairs_sha256,
    train,
)

# Never the seed of a cohort on which arms are compared.
TRAINING_SEED = 1991
# As the study divided its 207 cases.
TRAINING_CASES = 120
VALIDATION_CASES = 37
TEST_CASES = 50
PREPROCESSING = {
    "input": "the short scan's slice by its own maximum, 8 bits, central 64×64, / 255",
    "target": "the reference scan's same slice, likewise",
    "output": "clipped to 0–1",
    "pixel_mm": 3.29,
}
# Larger networks are shipped with 8 bits a weight, so that all files together stay
# below 20 MB. U-Net(L4), which the study is about, is just not among them.
LARGEST_FLOAT32_BYTES = 2_150_000
# What `make weights` makes: the study's recipe for the network that the study is
# about, a tenth of it for the others, in the order in which a demo study wants them.
SHIPPED_RECIPES: Mapping[str, Recipe] = {
    "unet-l4": STUDY_RECIPE,
    **dict.fromkeys(
        (
            "vnet",
            "attention-unet",
            "unetpp",
            "r2unet",
            "transunet-small",
            "resunet-3",
            "drunet",
            "nafnet",
            "unet-l1",
            "unet-l2",
            "unet-l3",
            "unet-l5",
            "unetpp-nested",
        ),
        SHORT_RECIPE,
    ),
}
SHIPPED_LICENCE = "the same as this software's"


@dataclass(frozen=True)
class Split:
    """Simulated cases by number: which are learned from, which choose, and which
    are looked at once, when everything is chosen."""

    seed: int = TRAINING_SEED
    training: int = TRAINING_CASES
    validation: int = VALIDATION_CASES
    test: int = TEST_CASES

    @property
    def training_indices(self) -> range:
        return range(self.training)

    @property
    def validation_indices(self) -> range:
        return range(self.training, self.training + self.validation)

    @property
    def test_indices(self) -> range:
        first = self.training + self.validation
        return range(first, first + self.test)


@dataclass(frozen=True)
class Built:
    """A new network, and what its card says it is."""

    module: nn.Module
    configuration: dict[str, Any]
    in_channels: int


def new_network(
    spec: registry.MethodSpec, settings: Mapping[str, Any], *, seed: int
) -> Built:
    """A registered network with weights drawn from `seed`.

    settings: values for what the network's registry entry leaves open.
    """
    configuration = configuration_of(spec.family, {**spec.settings, **settings})
    return Built(
        networks.build(spec.family, configuration.to_json(), seed=seed),
        configuration.to_json(),
        configuration.in_channels,
    )


@dataclass(frozen=True)
class Plan:
    """Weights to be made from simulated cases: everything that decides their bytes.

    settings: values for what the network's registry entry leaves open.
    """

    network: str
    recipe: Recipe
    loss: LossName = "l1"
    seed: int = 1
    settings: Mapping[str, Any] = field(default_factory=dict)
    split: Split = Split()
    threads: int = 1

    def card(self, training: Pairs, validation: Pairs) -> WeightsCard:
        """The card that the weights will have; its results are still to come."""
        spec = registry.network_get(self.network)
        configuration = {**spec.settings, **self.settings}
        return weights_card(
            spec,
            title=f"{spec.title}, simulated cohort, {self.recipe.name} recipe",
            configuration=configuration_of(spec.family, configuration).to_json(),
            data=simulated_data(self.split, training, validation),
            recipe={**self.recipe.to_json(), "threads": self.threads},
            loss=self.loss,
            seed=self.seed,
            results={},
            licence=SHIPPED_LICENCE,
        )


def is_built(path: Path, card: WeightsCard) -> bool:
    """Whether the file holds what would be made, maybe by other versions."""
    if not path.exists():
        return False
    found = read_weights(path).card
    return replace(found, results={}, versions=card.versions) == card


def build(
    plan: Plan,
    *,
    training: Pairs,
    validation: Pairs,
    path: Path,
    on_epoch: Callable[[Epoch], None] | None = None,
    resume: Checkpoint | None = None,
    on_checkpoint: Callable[[Checkpoint], None] | None = None,
) -> WeightsCard:
    """Train a registered network on simulated cases, write its weights to `path`."""
    built = new_network(
        registry.network_get(plan.network), plan.settings, seed=plan.seed
    )
    with threads(plan.threads):
        trained = train(
            built.module,
            in_channels=built.in_channels,
            training=training,
            validation=validation,
            recipe=plan.recipe,
            loss=plan.loss,
            seed=plan.seed,
            on_epoch=on_epoch,
            resume=resume,
            on_checkpoint=on_checkpoint,
        )
        card = plan.card(training, validation)
        card = replace(card, results={"kept_epoch": trained.epoch})
        return write_measured(path, card, built, trained.parameters, validation)


def write_measured(
    path: Path,
    card: WeightsCard,
    built: Built,
    parameters: Parameters,
    validation: Pairs,
) -> WeightsCard:
    """Write the file, with what exactly its numbers reach on its card; the card.

    Large ones are rounded to 8 bits first, and it is the rounded ones that are
    scored.
    """
    bits = (
        8 if sum(v.nbytes for v in parameters.values()) > LARGEST_FLOAT32_BYTES else 32
    )
    rough = path.with_name(f".{path.name}.rounded")
    try:
        write_weights(rough, card=card, parameters=parameters, eight_bit=bits == 8)
        written = read_weights(rough).parameters
    finally:
        rough.unlink(missing_ok=True)
    kept_epoch = card.results["kept_epoch"]
    results = {
        **measured(built, written, validation, epoch=kept_epoch),
        "bits_per_weight": bits,
    }
    card = replace(card, results=results)
    write_weights(path, card=card, parameters=parameters, eight_bit=bits == 8)
    return card


def weights_card(
    spec: registry.MethodSpec,
    *,
    title: str,
    configuration: dict[str, Any],
    data: dict[str, Any],
    recipe: dict[str, Any],
    loss: str,
    seed: int,
    results: dict[str, Any],
    licence: str = "",
) -> WeightsCard:
    """All one must know about weights trained here, whatever they learned from.

    data: with `sha256` of the pixels (`pairs_sha256` of training and validation),
        `split`, and `patients` or `simulation_seed`. recipe: `Recipe.to_json`, with
        the number of threads, the device and the precision it ran with.
    results: as `measured` gives them.
    """
    return WeightsCard(
        network=spec.key,
        title=title,
        configuration=configuration,
        preprocessing=PREPROCESSING,
        data=data,
        recipe=recipe,
        loss=loss,
        seed=seed,
        versions={
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
        },
        results=results,
        licence=licence,
    )


def measured(
    built: Built, parameters: Parameters, validation: Pairs, *, epoch: int
) -> dict[str, Any]:
    """What exactly these numbers reach on the validation split.

    Of 8-bit images, range 255, mean ± SD over images; computed on the CPU, as they
    will be used. epoch: whose weights they are.
    """
    module = built.module.cpu()
    load_parameters(module, parameters)
    output = predict(module, validation.short, in_channels=built.in_channels)
    return {
        "split": "validation",
        "images": len(validation),
        "kept_epoch": epoch,
        **_scores(to_eight_bit(output), validation),
    }


Spread: TypeAlias = dict[str, float | None]


def _scores(output: NDArray[np.uint8], pairs: Pairs) -> dict[str, Spread]:
    scores = {}
    for name, score in (("psnr_db", psnr_db), ("ssim_range_255", ssim)):
        before = score(pairs.short, pairs.reference, data_range=255)
        after = score(output, pairs.reference, data_range=255)
        scores[f"{name}_short"] = _spread(before)
        scores[f"{name}_output"] = _spread(after)
        with np.errstate(invalid="ignore"):  # infinite before and after
            scores[f"{name}_gain"] = _spread(after - before)
    return scores


def _spread(values: NDArray[np.float64]) -> Spread:
    """Nothing where an image is infinitely near its reference, being equal to it: the
    card is JSON, which has no such number."""
    if not np.isfinite(values).all():
        return {"mean": None, "sd": None}
    return {
        "mean": round(float(values.mean()), 4),
        "sd": round(float(values.std(ddof=1)), 4),
    }


def simulated_data(split: Split, training: Pairs, validation: Pairs) -> dict[str, Any]:
    """`data` of the card of weights that learned from simulated cases."""
    return {
        "description": (
            f"{split.training + split.validation} simulated cases of seed "
            f"{split.seed} (readerstudy/simulation), five slices each"
        ),
        "sha256": pairs_sha256(training, validation),
        "simulation_sha256": physics_sha256(),
        "simulation_seed": split.seed,
        "split": {
            name: {"cases": [part[0], part[-1]], "images": len(pairs)}
            for name, part, pairs in (
                ("training", split.training_indices, training),
                ("validation", split.validation_indices, validation),
            )
        },
    }
