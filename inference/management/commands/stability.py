"""`manage.py stability COHORT METHOD`: what a method does to images, here and now."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from inference import services
from inference.models import StabilityRun
from inference.stability_runs.methods import subjects
from inference.stability_runs.pages import StabilityPage, stability_page
from inference.stability_runs.settings import RESCAN, SEED
from readerstudy.cases.models import Cohort, Stability
from readerstudy.imaging.errors import Refused

ALL = "all"


class Command(BaseCommand):
    help = (
        "Run the stability suite on a cohort's images by METHOD, and on the method "
        "itself where it can be run; print every measure with its usual limit. What "
        "was done before it was stopped is not done again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("cohort", help="its name")
        parser.add_argument(
            "method", help=f"as the cohort's page calls its images; {ALL}: every one"
        )
        parser.add_argument("--repeats", type=int, help="of the input, 10 to 100")
        parser.add_argument("--seed", type=int, help="of the noise")
        parser.add_argument(
            "--simulation-seed",
            type=int,
            help="by which the cohort was simulated: its grades are then known",
        )
        parser.add_argument(
            "--rescan",
            action="store_true",
            help="scan the simulated patients again; else the noise is modelled",
        )
        parser.add_argument(
            "--queue", action="store_true", help="only ask for it: a worker does it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        cohort = _cohort(options["cohort"])
        wanted = options["method"]
        methods = [wanted]
        if wanted == ALL:
            methods = [subject.method for subject in subjects(cohort)]
        for method in methods:
            try:
                run = services.stability_request(
                    cohort=cohort,
                    method=method,
                    chosen=_settings(options),
                    call=options["queue"],
                )
            except Refused as refusal:
                raise CommandError(str(refusal)) from None
            if options["queue"]:
                self.stdout.write(f"{method}: run {run.pk} waits for a worker.")
            else:
                self._run(run)

    def _run(self, run: StabilityRun) -> None:
        services.stability_run(run_id=run.pk)
        run.refresh_from_db()
        if run.state not in (StabilityRun.State.DONE, StabilityRun.State.FAILED):
            raise CommandError(
                f"{run.rendition_method} is {run.get_state_display()}: another worker "
                "may be at it."
            )
        for code, reason in sorted(run.failures.items()):
            self.stderr.write(f"{code}: {reason}")
        if run.message:
            raise CommandError(f"{run.rendition_method}: {run.message}")
        found = Stability.objects.get(cohort=run.cohort_id, method=run.rendition_method)
        self._print(stability_page(found))

    def _print(self, page: StabilityPage) -> None:
        told = f"{page.cases} cases, {page.beyond} of {page.judged} beyond their limit"
        self.stdout.write(f"\n{page.stability.method}: {told}")
        for group in page.groups:
            self.stdout.write(group.title)
            for line in group.lines:
                title = f"  {line.measure.title:<66}"
                limit = line.measure.limit
                of = "" if limit is None else f" (limit {limit:g})"
                sign = "!" if line.verdict == "beyond" else " "
                unit = f" {line.measure.unit}" if line.measure.unit else ""
                self.stdout.write(f"{title}{sign}{line.value:9.3g}{unit}{of}")
        for reason, measures in page.declined:
            self.stdout.write(f"not estimable: {reason}")
            for measure in measures:
                self.stdout.write(f"  {measure.title}")


def _settings(options: dict[str, Any]) -> dict[str, Any]:
    given = {
        "repeats": options["repeats"],
        "seed": options["seed"],
        SEED: options["simulation_seed"],
        RESCAN: options["rescan"] or None,
    }
    return {name: value for name, value in given.items() if value is not None}


def _cohort(name: str) -> Cohort:
    cohort = Cohort.objects.filter(name=name).first()
    if cohort is None:
        names = ", ".join(f"“{one.name}”" for one in Cohort.objects.all()) or "none"
        raise CommandError(f"There is no cohort “{name}”. Cohorts here: {names}.")
    return cohort
