"""How the weights that are shipped came about: train on a simulated cohort, write."""

import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from . import registry
from .networks.configuration import UNetConfiguration
from .networks.unet import build_unet
from .networks.weights import WeightsCard, write_weights
from .prediction import load_parameters, predict, threads
from .quality import psnr_db
from .simulated_pairs import pairs_sha256, physics_sha256
from .training import Epoch, LossName, Pairs, Recipe, Trained, train

# Never the seed of a cohort on which arms are compared.
TRAINING_SEED = 1991
TRAINING_CASES = 60
VALIDATION_CASES = 12
PREPROCESSING = {
    "input": "the short scan's slice by its own maximum, 8 bits, central 64×64, / 255",
    "target": "the reference scan's same slice, likewise",
    "output": "clipped to 0–1",
    "pixel_mm": 3.29,
}


@dataclass(frozen=True)
class Split:
    """Simulated cases by number: which are learned from and which are only asked."""

    seed: int = TRAINING_SEED
    training: int = TRAINING_CASES
    validation: int = VALIDATION_CASES

    @property
    def training_indices(self) -> range:
        return range(self.training)

    @property
    def validation_indices(self) -> range:
        return range(self.training, self.training + self.validation)


def build(
    *,
    network: str,
    settings: dict[str, Any],
    split: Split,
    training: Pairs,
    validation: Pairs,
    recipe: Recipe,
    loss: LossName,
    seed: int,
    path: Path,
    on_epoch: Callable[[Epoch], None] | None = None,
    thread_count: int = 1,
) -> WeightsCard:
    """Train a registered network and write its weights to `path`; their card.

    settings: values for what the network's registry entry leaves open.
    """
    spec = registry.network_get(network)
    configuration = UNetConfiguration.from_json({**spec.settings, **settings})
    module = build_unet(configuration, seed=seed)
    with threads(thread_count):
        trained = train(
            module,
            training=training,
            validation=validation,
            recipe=recipe,
            loss=loss,
            seed=seed,
            on_epoch=on_epoch,
        )
        load_parameters(module, trained.parameters)
        results = _results(trained, predict(module, validation.short), validation)
    data = _data(split, training, validation)
    card = _card(spec, configuration, recipe, loss, seed, thread_count, data, results)
    write_weights(path, card=card, parameters=trained.parameters)
    return card


def _card(
    spec: registry.MethodSpec,
    configuration: UNetConfiguration,
    recipe: Recipe,
    loss: LossName,
    seed: int,
    thread_count: int,
    data: dict[str, Any],
    results: dict[str, Any],
) -> WeightsCard:
    return WeightsCard(
        network=spec.key,
        title=f"{spec.title}, simulated cohort, {recipe.name} recipe",
        configuration=configuration.to_json(),
        preprocessing=PREPROCESSING,
        data=data,
        recipe={**recipe.to_json(), "threads": thread_count},
        loss=loss,
        seed=seed,
        versions={
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
        },
        results=results,
        licence="the same as this software's",
    )


def _data(split: Split, training: Pairs, validation: Pairs) -> dict[str, Any]:
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


def _results(trained: Trained, output: np.ndarray, pairs: Pairs) -> dict[str, Any]:
    """PSNR of 8-bit images over the validation split, range 255, mean ± SD."""
    from readerstudy.imaging.preprocessing import to_eight_bit

    before = psnr_db(pairs.short, pairs.reference, data_range=255)
    after = psnr_db(to_eight_bit(output), pairs.reference, data_range=255)

    def spread(values: np.ndarray) -> dict[str, float]:
        return {
            "mean": round(float(values.mean()), 3),
            "sd": round(float(values.std(ddof=1)), 3),
        }

    return {
        "split": "validation",
        "images": len(pairs),
        "kept_epoch": trained.epoch,
        "psnr_db_short": spread(before),
        "psnr_db_output": spread(after),
        "psnr_db_gain": spread(after - before),
    }
