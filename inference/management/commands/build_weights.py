"""`manage.py build_weights`: the shipped weights, from nothing but this software."""

import json
from argparse import ArgumentParser, ArgumentTypeError
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand

from inference import registry
from inference.recipes import LOSS_NAMES, RECIPES
from inference.services.weights import SHIPPED
from readerstudy.imaging.errors import Refused

if TYPE_CHECKING:  # torch takes seconds to load: only where it is needed
    from inference.building import Plan, Split
    from inference.training import Checkpoint, Epoch, Pairs


class Command(BaseCommand):
    help = (
        "Simulate a training cohort, train networks on it and write their weights. "
        "Everything is kept under VAR_DIR as it is made, so a run that was stopped "
        "goes on; weights that are there already are not made again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "networks",
            nargs="*",
            type=_network,
            metavar="NETWORK",
            help="default: all that are shipped",
        )
        parser.add_argument(
            "--recipe", choices=RECIPES, help="instead of the shipped network's own"
        )
        parser.add_argument("--loss", default="l1", choices=LOSS_NAMES)
        parser.add_argument(
            "--setting",
            type=_setting,
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="what the registry leaves open, for example output_activation=sigmoid",
        )
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--epochs", type=int, help="instead of the recipe's")
        parser.add_argument("--threads", type=int, default=1)
        parser.add_argument("--cases", type=int, help="to train on; default: 120")
        parser.add_argument("--validation", type=int, help="default: 37 cases")
        parser.add_argument("--out", type=Path, default=SHIPPED)

    def handle(self, *args: Any, **options: Any) -> None:
        from inference.building import SHIPPED_RECIPES, Plan, Split

        split = Split()
        for name, value in (
            ("training", options["cases"]),
            ("validation", options["validation"]),
        ):
            split = replace(split, **{name: value}) if value else split
        training, validation = self._pairs(split)
        options["out"].mkdir(parents=True, exist_ok=True)
        for network in options["networks"] or SHIPPED_RECIPES:
            recipe = SHIPPED_RECIPES.get(network, RECIPES["short"])
            if options["recipe"]:
                recipe = RECIPES[options["recipe"]]
            if options["epochs"]:
                recipe = replace(recipe, epochs=options["epochs"])
            plan = Plan(
                network=network,
                recipe=recipe,
                loss=options["loss"],
                seed=options["seed"],
                settings=dict(options["setting"]),
                split=split,
                threads=options["threads"],
            )
            self._build(plan, training, validation, options["out"])

    def _build(
        self, plan: "Plan", training: "Pairs", validation: "Pairs", out: Path
    ) -> None:
        from inference import building

        path = out / f"{plan.network}.safetensors"
        if building.is_built(path, plan.card(training, validation)):
            self._say(f"{path} is there already")
            return
        self._say(f"{plan.network}: {plan.recipe.name}, {plan.recipe.epochs} epochs")
        laid_down = Path(settings.VAR_DIR) / "trainings" / f"{plan.network}.safetensors"
        laid_down.parent.mkdir(parents=True, exist_ok=True)

        def build(resume: "Checkpoint | None") -> Any:
            return building.build(
                plan,
                training=training,
                validation=validation,
                path=path,
                on_epoch=self._say_epoch,
                resume=resume,
                on_checkpoint=lambda found: _write(laid_down, found.to_bytes()),
            )

        try:
            card = build(_read_checkpoint(laid_down))
        except Refused as error:  # of another recipe or cohort
            self._say(f"begins anew: {error}")
            card = build(None)
        laid_down.unlink(missing_ok=True)
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
            f"{epoch.validation_psnr_db:.2f} dB, SSIM {epoch.validation_ssim:.4f}, "
            f"{epoch.seconds:.1f} s"
        )

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _network(text: str) -> str:
    networks = [s.key for s in registry.METHODS.values() if s.can_be_trained]
    if text not in networks:
        raise ArgumentTypeError(f"{text!r} is none of {', '.join(networks)}")
    return text


def _setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value  # a word


def _read_checkpoint(path: Path) -> "Checkpoint | None":
    from inference.training import Checkpoint

    return Checkpoint.from_bytes(path.read_bytes()) if path.exists() else None


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all."""
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(content)
    unfinished.replace(path)
