"""`manage.py create_demo`: the demo cohort, its arms, and two studies, once."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from readerstudy.demo import services
from readerstudy.imaging.errors import Refused


class Command(BaseCommand):
    help = "Make the demo cohort, its arms and studies, unless that was done before."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--cases", type=int, default=12)

    def handle(self, *args: Any, **options: Any) -> None:
        folder = Path(settings.VAR_DIR)
        logins, done = folder / "demo-logins.txt", folder / "demo" / "done"
        if not done.exists():
            try:
                self._make(folder / "demo" / "dicom", logins, options["cases"])
            except Refused as refusal:
                raise CommandError(f"The demo was not finished. {refusal}") from refusal
            done.touch()
        self.stdout.write(f"The demo logins (role, user name, password; {logins}):")
        self.stdout.write(logins.read_text() if logins.exists() else "  deleted")

    def _make(self, dicom: Path, logins: Path, number: int) -> None:
        started = time.monotonic()
        services.accounts_create(logins=logins)
        self.stdout.write(
            "Making the demo study, once; the site can be used meanwhile, "
            f"the logins are in {logins}"
        )
        cohort = services.cohort_create(
            folder=dicom, number=number, progress=self._show
        )
        methods = services.arms_make(cohort=cohort, progress=self._show)
        for demo in services.STUDIES:
            services.study_create(demo=demo, cohort=cohort, methods=methods)
        if services.is_to_be_simulated():
            call_command(
                "simulate_readers", services.SIMULATED, seed=1, stdout=self.stdout
            )
        services.stability_ask(cohort=cohort, methods=methods)
        seconds = round(time.monotonic() - started)
        self.stdout.write(
            f"The demo study is ready, after {seconds} s. The stability of its arms is "
            "looked at in the background, for some minutes."
        )

    def _show(self, what: str, done: int, total: int) -> None:
        bar = "█" * round(24 * done / total)
        line = f"  {what:<22} {bar:<24} {done} of {total}"
        if self.stdout.isatty():
            self.stdout.write(f"\r{line}", ending="\n" if done == total else "")
            self.stdout.flush()
        elif line != getattr(self, "_last_line", ""):
            self.stdout.write(line)
            self.stdout.flush()
        self._last_line = line
