"""manage.py simulate_ct DIR --cases N --seed S: chest CT at two doses; or, with --of,
real slices at a lower dose."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = (
        "Write CT slices at full and at low dose as DICOM files in DIR: of simulated "
        "chests with the truth beside them in truth.csv, or, with --of, of your own CT "
        "files, to which the noise of a lower dose is added."
    )

    requires_system_checks: list[str] = []  # files only: no database, no pages

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", metavar="DIR", type=Path)
        parser.add_argument(
            "--cases", type=int, default=12, help="patients to simulate"
        )
        parser.add_argument("--slices", type=int, default=5, help="of each patient")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--of", nargs="+", type=Path, metavar="FILE", help="CT files of your own"
        )
        parser.add_argument(
            "--dose", type=float, default=0.1, help="share of the full dose, with --of"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["cases"] < 1 or options["slices"] < 1 or options["seed"] < 0:
            raise CommandError(
                "--cases and --slices must be at least 1 and --seed at least 0."
            )
        if not 0 < options["dose"] < 1:
            raise CommandError("--dose must lie between 0 and 1.")
        if options["of"]:
            self._lower(options)
        else:
            self._simulate(options)

    def _simulate(self, options: dict[str, Any]) -> None:
        from readerstudy.simulation.ct import write_ct_cohort

        def report(done: int, total: int) -> None:
            self.stdout.write(f"case {done} of {total}")
            self.stdout.flush()

        write_ct_cohort(
            options["folder"],
            cases=options["cases"],
            seed=options["seed"],
            slices=options["slices"],
            progress=report,
        )

    def _lower(self, options: dict[str, Any]) -> None:
        from readerstudy.simulation.ct import write_lowered

        files: list[Path] = options["of"]
        if missing := [str(path) for path in files if not path.is_file()]:
            raise CommandError(f"There is no file {', '.join(missing)}.")
        done, left_out = write_lowered(
            files, options["folder"], dose=options["dose"], seed=options["seed"]
        )
        for path, reason in left_out:
            self.stderr.write(f"{path.name}: {reason}")
        if not done:
            raise CommandError("None of the files is a CT slice.")
        self.stdout.write(f"{done} slices at both doses are in {options['folder']}.")
