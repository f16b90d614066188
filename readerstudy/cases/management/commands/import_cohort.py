"""manage.py import_cohort PATH --name NAME [--manifest CSV] [--dry-run]"""

import tempfile
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from readerstudy.cases import services
from readerstudy.cases.manifest import MOST_BYTES, Manifest, read_manifest
from readerstudy.cases.plan import CohortPlan, PlannedPair, ScannedSeries
from readerstudy.cases.services.receiving import uploads_folder
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.study_types import DAT_SPECT, STUDY_TYPES


class Command(BaseCommand):
    help = (
        "Import the reconstructed tomograms below a folder, in a zip file or on a CD "
        "image (ISO) as a cohort. Says which scans were paired and why any file was "
        "left out. Does nothing while it is not certain which scans belong together."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "path",
            type=Path,
            metavar="PATH",
            help="a folder with all that lies below it, a zip file, a CD image (ISO), "
            "or a single file",
        )
        parser.add_argument("--name", required=True, help="what to call the cohort")
        parser.add_argument(
            "--manifest",
            type=Path,
            metavar="CSV",
            help="which scan is which case: columns file or uid, case, role, split; "
            "without it, a manifest.csv at the top of PATH is used",
        )
        parser.add_argument(
            "--resample",
            action="store_true",
            help="take scans of other pixel sizes too, resampled to 3.29 mm",
        )
        parser.add_argument(
            "--type",
            default=DAT_SPECT,
            choices=list(STUDY_TYPES),
            help="what a case is: %(choices)s (default: %(default)s)",
        )
        parser.add_argument(
            "--without-reference",
            action="store_true",
            help="a stack without a partner is a case that has no reference",
        )
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
        above = uploads_folder()
        above.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with tempfile.TemporaryDirectory(dir=above) as folder:
                self._import(Path(folder), coordinators, options)
        except Refused as error:
            raise CommandError(str(error)) from error

    def _import(
        self, folder: Path, coordinators: list[User], options: dict[str, Any]
    ) -> None:
        plan = services.cohort_scan(
            options["path"],
            folder=folder,
            progress=self._progress,
            manifest=_manifest(options["manifest"]),
            resampling=options["resample"],
            study_type=options["type"],
            without_reference=options["without_reference"],
        )
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
            self.stderr.write(f"\r{done} of {total} ", ending="")
            self.stderr.flush()

    def _show(self, plan: CohortPlan) -> None:
        if self.stderr.isatty():
            self.stderr.write("")  # ends the line of progress
        for pair in plan.pairs:
            self._show_pair(pair)
        for single in plan.singles:
            self.stdout.write(f"no case   {_describe(single.series)}: {single.reason}")
        for one in plan.left_out:
            self.stdout.write(f"left out  {one.name}: {one.reason}")
        for warning in plan.warnings:
            self.stdout.write(self.style.WARNING(warning))
        self.stdout.write(
            f"{_counted(plan.pairs, 'case')}, "
            f"{_counted(plan.singles, 'scan')} in no case, "
            f"{_counted(plan.left_out, 'file')} left out."
        )

    def _show_pair(self, pair: PlannedPair) -> None:
        slices = pair.grid.shape[0]
        split = f"  {pair.split}" if pair.split else ""
        self.stdout.write(
            f"{pair.code}  slice {pair.central_slice + 1} of {slices}{split}"
        )
        known = _describe(pair.reference) if pair.reference else "none"
        self.stdout.write(f"  reference  {known}")
        self.stdout.write(f"  short      {_describe(pair.short)}")
        if not pair.certain:
            self.stdout.write(
                self.style.WARNING("  not certain: name both in a manifest to take it")
            )
        for note in (*pair.notes, *(one.sentence for one in pair.parity.findings)):
            self.stdout.write(self.style.WARNING(f"  note: {note}"))


def _counted(found: Sequence[object], noun: str) -> str:
    return f"{len(found)} {noun}" + ("" if len(found) == 1 else "s")


def _manifest(path: Path | None) -> Manifest | None:
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            return read_manifest(file.read(MOST_BYTES + 1), name=path.name)
    except OSError as error:
        raise Refused(f"{path} cannot be read ({error.strerror}).") from error


def _describe(series: ScannedSeries) -> str:
    duration = f"{series.minutes:.1f} min" if series.minutes else "duration unknown"
    more = f" and {len(series.files) - 1} more" if len(series.files) > 1 else ""
    if series.unit != "counts":
        return f"{series.name}{more}, mean {series.mean:.0f} {series.unit}"
    return f"{series.name}{more}, {duration}, {series.total_counts:,.0f} counts"
