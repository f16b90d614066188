"""`manage.py report_pdf SLUG FILE`: the frozen report of a study as a PDF."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from readerstudy.imaging.errors import Refused
from readerstudy.reading.models import Study
from stats.freezing import report_freeze
from stats.pdf import document
from stats.services import image_quality_measure


class Command(BaseCommand):
    help = "Write the frozen report of an unblinded study as a PDF; freeze it before."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="short name of the study")
        parser.add_argument("file", type=Path)
        parser.add_argument("--version-number", type=int, help="by default the last")
        parser.add_argument(
            "--language", default="en", choices=[code for code, _ in settings.LANGUAGES]
        )

    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(slug=options["slug"]).first()
        if study is None:
            raise CommandError(f"There is no study “{options['slug']}”.")
        number = options["version_number"]
        try:
            if not study.frozen_reports.exists():
                image_quality_measure(study=study)
            last = report_freeze(study=study)
            number = number or last.number
            frozen = study.frozen_reports.filter(number=number).first()
            if frozen is None:
                raise CommandError(f"There is no version {number} of the report.")
            content = document(frozen, language=options["language"])
            options["file"].write_bytes(content)
        except (Refused, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{options['file']}  {len(content)} bytes")
