"""`manage.py measure_cohorts`: binding ratios of cohorts that have none yet."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from readerstudy.cases import services
from readerstudy.cases.models import Cohort


class Command(BaseCommand):
    help = (
        "Measure the striatal binding ratios of cohorts that were imported before "
        "scans were measured as they came in."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "cohort", nargs="*", help="names of cohorts; all of them unless given"
        )
        parser.add_argument(
            "--again", action="store_true", help="also scans that have their ratios"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        cohorts = Cohort.objects.all()
        if names := options["cohort"]:
            cohorts = cohorts.filter(name__in=names)
            found = set(cohorts.values_list("name", flat=True))
            if missing := [name for name in names if name not in found]:
                raise CommandError(f"There is no cohort named {', '.join(missing)}.")
        unread = False
        for cohort in cohorts:
            measured, reasons = services.cohort_measure(
                cohort=cohort, again=options["again"]
            )
            self.stdout.write(f"{cohort.name}: {measured} scans measured")
            for reason in reasons:
                self.stderr.write(f"{cohort.name}: {reason}")
            unread = unread or bool(reasons)
        if unread:
            raise CommandError("Some scans could not be read.")
