"""manage.py import_cohort PATH --name NAME [--dry-run]"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from readerstudy.cases import services
from readerstudy.cases.plan import CohortPlan, PlannedPair, ScannedSeries
from readerstudy.imaging.errors import Refused


class Command(BaseCommand):
    help = (
        "Import the reconstructed tomograms below a folder or in a zip file as a "
        "cohort. Says which scans were paired and why any file was left out."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, metavar="PATH")
        parser.add_argument("--name", required=True, help="what to call the cohort")
        parser.add_argument(
            "--dry-run", action="store_true", help="show the pairing; change nothing"
        )
        parser.add_argument(
            "--coordinator",
            action="append",
            default=[],
            metavar="USERNAME",
            help="who may see the cohort; may be given several times",
        )
        parser.add_argument(
            "--simulated", action="store_true", help="label it as not from patients"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        coordinators = [self._user(name) for name in options["coordinator"]]
        try:
            plan = services.cohort_scan(options["path"], progress=self._progress)
            self._show(plan)
            if options["dry_run"]:
                self.stdout.write("Nothing was imported (--dry-run).")
                return
            cohort = services.cohort_import(
                plan=plan,
                name=options["name"],
                coordinators=coordinators,
                simulated=options["simulated"],
                progress=self._progress,
            )
        except Refused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            self.style.SUCCESS(f"Imported {len(plan.pairs)} cases as “{cohort.name}”.")
        )
        if not coordinators:
            self.stdout.write("Nobody can see it yet: no --coordinator was given.")

    def _user(self, username: str) -> User:
        try:
            return User.objects.get(username=username)
        except User.DoesNotExist as error:
            raise CommandError(f"There is no user named {username}.") from error

    def _progress(self, done: int, total: int) -> None:
        if self.stderr.isatty():
            end = "\n" if done >= total else ""
            self.stderr.write(f"\r{done} of {total}", ending=end)
            self.stderr.flush()

    def _show(self, plan: CohortPlan) -> None:
        for pair in plan.pairs:
            self._show_pair(pair)
        for one in plan.left_out:
            self.stdout.write(f"left out  {one.name}: {one.reason}")
        for warning in plan.warnings:
            self.stdout.write(self.style.WARNING(warning))
        self.stdout.write(
            f"{len(plan.pairs)} cases, {len(plan.left_out)} files left out."
        )

    def _show_pair(self, pair: PlannedPair) -> None:
        slices = pair.reference.shape[0]
        self.stdout.write(f"{pair.code}  slice {pair.central_slice + 1} of {slices}")
        self.stdout.write(f"  reference  {_describe(pair.reference)}")
        self.stdout.write(f"  short      {_describe(pair.short)}")
        for note in pair.notes:
            self.stdout.write(self.style.WARNING(f"  note: {note}"))


def _describe(series: ScannedSeries) -> str:
    duration = f"{series.minutes:.1f} min" if series.minutes else "duration unknown"
    more = f" and {len(series.files) - 1} more files" if len(series.files) > 1 else ""
    return f"{series.name}{more}, {duration}, {series.total_counts:,.0f} counts"
