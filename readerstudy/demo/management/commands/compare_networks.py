"""`manage.py compare_networks`: all shipped weights and filters on the test cases."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from django.conf import settings
from django.core.management.base import BaseCommand
from numpy.typing import NDArray

from inference import registry
from inference.services.weights import SHIPPED
from readerstudy.imaging.preprocessing import to_eight_bit

if TYPE_CHECKING:  # torch takes seconds to load: only where it is needed
    from inference.networks.weights import WeightsCard
    from inference.training import Pairs

SEED = 1991


class Command(BaseCommand):
    help = (
        "Look at the test cases of the simulated training cohort, once all weights "
        "are chosen: write what every method reaches there as JSON, print the table "
        "of docs/networks.md."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--weights", type=Path, default=SHIPPED)
        parser.add_argument(
            "--also",
            type=Path,
            action="append",
            default=[],
            metavar="FILE",
            help="more weights of a network, told apart by their recipe",
        )
        parser.add_argument("--out", type=Path, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        from inference.building import Split
        from inference.simulated_pairs import expected_images, simulated_pairs
        from readerstudy.demo import network_comparison

        split = Split()
        where: dict[str, Any] = {
            "seed": split.seed,
            "indices": split.test_indices,
            "folder": Path(settings.VAR_DIR) / "simulated",
            "progress": lambda done, of: self._say(f"simulated {done} of {of} cases"),
        }
        pairs, expected = simulated_pairs(**where), expected_images(**where)
        outputs = {"short": pairs.short, **self._filtered(pairs)}
        titles = {key: str(spec.title) for key, spec in registry.METHODS.items()}
        titles["short"] = "5-minute image"
        cards = {}
        for path in sorted(options["weights"].glob("*.safetensors")):
            card, images = self._predicted(path, pairs)
            outputs[card.network], cards[card.network] = images, card
        ordered = {
            key: outputs[key] for key in ("short", *registry.METHODS) if key in outputs
        }
        for path in options["also"]:
            card, images = self._predicted(path, pairs)
            key = f"{card.network}, {card.recipe['name']} recipe"
            ordered[key], cards[key] = images, card
            titles[key] = titles[card.network]
        found = network_comparison.compare(
            ordered,
            reference=pairs.reference,
            expected=expected,
            cards=cards,
            seed=SEED,
        )
        options["out"].write_text(
            json.dumps(found.to_json(), indent=1, ensure_ascii=False) + "\n"
        )
        self._say(network_comparison.markdown(found, titles=titles))

    def _filtered(self, pairs: "Pairs") -> dict[str, NDArray[np.uint8]]:
        from inference.filters import FILTERS

        images = pairs.short.reshape(-1, *pairs.short.shape[-2:])
        found = {}
        for key, filtered in FILTERS.items():
            self._say(key)
            values = filtered(images, **registry.METHODS[key].settings)
            found[key] = to_eight_bit(values).reshape(pairs.short.shape)
        return found

    def _predicted(
        self, path: Path, pairs: "Pairs"
    ) -> "tuple[WeightsCard, NDArray[np.uint8]]":
        from inference.networks.weights import read_weights
        from inference.prediction import load_network, predict, threads

        weights = read_weights(path)
        card = weights.card
        self._say(f"{card.network}: {weights.sha256}")
        with threads(1):
            values = predict(
                load_network(weights),
                pairs.short,
                in_channels=card.configuration["in_channels"],
            )
        return card, to_eight_bit(values)

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
