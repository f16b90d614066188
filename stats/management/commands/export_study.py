"""`manage.py export_study SLUG --out DIR`: an unblinded study as CSV files."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from readerstudy.imaging.errors import Refused
from readerstudy.reading.models import Study
from stats.exporting.bundle import export_to_folder
from stats.freezing import frozen_last, report_freeze
from stats.reporting.keeping import report_read
from stats.selectors import check_unblinded
from stats.services import export_record, image_quality_measure


class Command(BaseCommand):
    help = "Write the reads and the frozen report of an unblinded study as CSV."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="short name of the study")
        parser.add_argument("--out", type=Path, required=True, metavar="DIR")
        parser.add_argument(
            "--excel",
            action="store_true",
            help="begin files with a byte order mark, as Excel needs for other "
            "letters than A to Z (base R then wants fileEncoding='UTF-8-BOM')",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(slug=options["slug"]).first()
        if study is None:
            known = ", ".join(Study.objects.values_list("slug", flat=True)) or "none"
            raise CommandError(
                f"There is no study “{options['slug']}”. Studies: {known}."
            )
        try:
            check_unblinded(study)
            if frozen_last(study) is None:
                image_quality_measure(study=study)
            report = report_read(report_freeze(study=study).content)
            excel = options["excel"]
            export_record(study=study, by=None, excel=excel)
            sizes = export_to_folder(
                study=study, report=report, folder=options["out"], excel=excel
            )
        except (Refused, OSError) as error:
            raise CommandError(str(error)) from error
        for name, size in sizes.items():
            self.stdout.write(f"{options['out'] / name}  {size} bytes")
