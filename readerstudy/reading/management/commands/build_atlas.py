"""`manage.py build_atlas`: examples of the grades, from nothing but this software."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from readerstudy.reading.atlas import FOLDER


class Command(BaseCommand):
    help = (
        "Simulate the examples that readers see of each grade, and write them with "
        "where they come from."
    )

    requires_system_checks: list[str] = []  # files only: no database, no pages

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--out", type=Path, default=FOLDER)

    def handle(self, *args: Any, **options: Any) -> None:
        # torch takes seconds to load: only where it is needed
        from readerstudy.reading.atlas.building import write_atlas

        write_atlas(options["out"], progress=self._say)

    def _say(self, done: int, of: int) -> None:
        self.stdout.write(f"example {done} of {of}")
        self.stdout.flush()
