"""`manage.py freeze_report SLUG`: compute an unblinded study's report and keep it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from readerstudy.imaging.errors import Refused
from readerstudy.reading.models import Study
from stats.freezing import changed_since, frozen_last, report_freeze
from stats.services import image_quality_measure


class Command(BaseCommand):
    help = (
        "Compute the report of an unblinded study and freeze it; where it is frozen, "
        "say whether anything that it was computed from has changed since."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="short name of the study")
        parser.add_argument(
            "--reason", default="", help="compute the next version, because of this"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(slug=options["slug"]).first()
        if study is None:
            raise CommandError(f"There is no study “{options['slug']}”.")
        try:
            if options["reason"] or frozen_last(study) is None:
                image_quality_measure(study=study)
            frozen = report_freeze(study=study, reason=options["reason"])
        except Refused as error:
            raise CommandError(str(error)) from error
        at = f"{frozen.built_at:%Y-%m-%d %H:%M}"
        self.stdout.write(f"version {frozen.number}, {at} UTC  {frozen.sha256}")
        if changed := changed_since(frozen):
            raise CommandError(f"changed since: {', '.join(changed)}")
