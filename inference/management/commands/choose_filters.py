"""`manage.py choose_filters`: the filters' parameters, from the validation split."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from inference import registry


class Command(BaseCommand):
    help = (
        "Try every candidate of every filter's parameters on the validation split of "
        "the simulated training cohort; print the best."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--all", action="store_true", help="print every candidate")

    def handle(self, *args: Any, **options: Any) -> None:
        from inference import building, filters
        from inference.quality import psnr_db
        from inference.simulated_pairs import simulated_pairs

        split = building.Split()
        pairs = simulated_pairs(
            seed=split.seed,
            indices=split.validation_indices,
            folder=Path(settings.VAR_DIR) / "simulated",
        )
        short, reference = (
            stacks.reshape(-1, *stacks.shape[-2:])
            for stacks in (pairs.short, pairs.reference)
        )
        before = psnr_db(short, reference, data_range=255).mean()
        self.stdout.write(f"{len(short)} images, before: {before:.3f} dB")
        for name in filters.FILTERS:
            choices = list(
                filters.try_parameters(name, short=short, reference=reference)
            )
            if options["all"]:
                for choice in choices:
                    self.stdout.write(f"{name} {self._line(choice)}")
            best = max(choices, key=lambda choice: choice.psnr_db)
            registered = dict(registry.METHODS[name].settings)
            same = (
                "as registered" if registered == best.parameters else "NOT registered"
            )
            self.stdout.write(f"{name}: best is {self._line(best)} ({same})")

    @staticmethod
    def _line(choice: Any) -> str:
        return f"{dict(choice.parameters)}: {choice.psnr_db:.3f} dB"
