"""manage.py simulate_cohort DIR --cases N --seed S: a cohort of DICOM files."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from readerstudy.reading.atlas import ATLAS_SEED


class Command(BaseCommand):
    help = (
        "Simulate 123-I ioflupane SPECT of patients, 25 and 5 minutes each, as DICOM "
        "files in DIR, with the truth beside them in truth.csv."
    )

    requires_system_checks: list[str] = []  # files only: no database, no pages

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", metavar="DIR", type=Path)
        parser.add_argument("--cases", type=int, required=True)
        parser.add_argument("--seed", type=int, required=True)
        parser.add_argument(
            "--device", default="cpu", help="cpu (default), or cuda for a GPU"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        from readerstudy.simulation.cohort import write_cohort

        if options["cases"] < 1 or options["seed"] < 0:
            raise CommandError("--cases must be at least 1 and --seed at least 0.")
        if options["seed"] == ATLAS_SEED:
            raise CommandError(
                f"Seed {ATLAS_SEED} is that of the examples which readers see of each "
                "grade. Take another."
            )

        def report(done: int, total: int) -> None:
            self.stdout.write(f"case {done} of {total}")
            self.stdout.flush()

        write_cohort(
            options["folder"],
            cases=options["cases"],
            seed=options["seed"],
            device=options["device"],
            progress=report,
        )
