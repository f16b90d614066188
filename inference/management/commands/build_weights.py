"""`manage.py build_weights`: the shipped weights, from nothing but this software."""

from argparse import ArgumentParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand

from inference import registry
from inference.services.weights import SHIPPED

if TYPE_CHECKING:  # torch takes seconds to load: only where it is needed
    from inference.building import Split
    from inference.training import Epoch, Pairs


class Command(BaseCommand):
    help = (
        "Simulate a training cohort (kept under VAR_DIR, so it resumes), train a "
        "network on it and write its weights."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        from inference import building

        networks = [s.key for s in registry.METHODS.values() if s.needs_weights]
        parser.add_argument("--network", default="unet-l4", choices=networks)
        parser.add_argument("--recipe", default="quick", choices=["quick", "study"])
        parser.add_argument("--loss", default="l1", choices=["l1", "mse"])
        parser.add_argument("--activation", default="none", choices=["none", "sigmoid"])
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--epochs", type=int, help="instead of the recipe's")
        parser.add_argument("--threads", type=int, default=1)
        parser.add_argument("--cases", type=int, default=building.TRAINING_CASES)
        parser.add_argument("--validation", type=int, default=building.VALIDATION_CASES)
        parser.add_argument("--out", type=Path, default=SHIPPED)

    def handle(self, *args: Any, **options: Any) -> None:
        from dataclasses import replace

        from inference import building
        from inference.training import RECIPES

        split = building.Split(
            training=options["cases"], validation=options["validation"]
        )
        training, validation = self._pairs(split)
        recipe = RECIPES[options["recipe"]]
        if options["epochs"]:
            recipe = replace(recipe, epochs=options["epochs"])
        options["out"].mkdir(parents=True, exist_ok=True)
        path = options["out"] / f"{options['network']}.safetensors"
        card = building.build(
            network=options["network"],
            settings={"output_activation": options["activation"]},
            split=split,
            training=training,
            validation=validation,
            recipe=recipe,
            loss=options["loss"],
            seed=options["seed"],
            path=path,
            on_epoch=self._say_epoch,
            thread_count=options["threads"],
        )
        self._say(f"{path}: {path.stat().st_size / 1e6:.2f} MB, {card.results}")

    def _pairs(self, split: "Split") -> "list[Pairs]":
        """Of training and of validation; what is simulated already is read."""
        from inference.simulated_pairs import simulated_pairs

        return [
            simulated_pairs(
                seed=split.seed,
                indices=indices,
                folder=Path(settings.VAR_DIR) / "simulated",
                progress=lambda done, of: self._say(f"simulated {done} of {of} cases"),
            )
            for indices in (split.training_indices, split.validation_indices)
        ]

    def _say_epoch(self, epoch: "Epoch") -> None:
        self._say(
            f"epoch {epoch.number}/{epoch.of}: training loss "
            f"{epoch.training_loss:.6f}, validation "
            f"{epoch.validation_psnr_db:.2f} dB, {epoch.seconds:.1f} s"
        )

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
