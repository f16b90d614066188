"""manage.py import_images COHORT PATH --name NAME [--as-is]"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from readerstudy.cases import services
from readerstudy.cases.models import Cohort
from readerstudy.imaging.errors import Refused


class Command(BaseCommand):
    help = (
        "Take images that others have made of every case of a cohort, as DICOM series "
        "or .npy files whose paths name the cases' codes. Takes nothing unless every "
        "case has one."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("cohort", metavar="COHORT", help="its name")
        parser.add_argument(
            "path",
            type=Path,
            metavar="PATH",
            help="a folder with all that lies below it, a zip file or a CD image (ISO)",
        )
        parser.add_argument(
            "--name",
            required=True,
            help="what to call the way in which they were made; result-NAME is the "
            "method",
        )
        parser.add_argument(
            "--as-is",
            action="store_true",
            help="take them even where they resemble the reference more when they are "
            "turned over",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = services.images_import(
                cohort=_cohort(options["cohort"]),
                name=options["name"],
                path=options["path"],
                as_is=options["as_is"],
            )
        except Refused as error:
            raise CommandError(str(error)) from error
        for one in report.left_out:
            self.stdout.write(f"left out  {one.name}: {one.reason}")
        said = f"Took images of {report.cases} cases as “{report.method}”."
        self.stdout.write(self.style.SUCCESS(said))


def _cohort(name: str) -> Cohort:
    try:
        return Cohort.objects.get(name=name)
    except Cohort.DoesNotExist as error:
        raise CommandError(f"There is no cohort named “{name}”.") from error
