"""`manage.py leak_oracle SLUG`: does anything but the pixels tell the arm?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from readerstudy.imaging.errors import Refused
from readerstudy.reading.leaks.asking import study_judge, study_observe
from readerstudy.reading.leaks.copying import study_copy
from readerstudy.reading.leaks.judging import Judgement
from readerstudy.reading.models import Study


class Command(BaseCommand):
    help = (
        "Read a study's whole plan through HTTP, in a copy in memory, and see "
        "whether anything but the pixels tells the arm. Nothing is stored, the "
        "study is not touched, and no arm or case is named. Fails on a leak."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the study's short name")
        parser.add_argument(
            "--draws", type=int, default=999, help="plans drawn anew to compare with"
        )
        parser.add_argument(
            "--confidence",
            type=float,
            default=0.99,
            help="of all intervals together (default: 0.99)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(slug=options["slug"]).first()
        if study is None:
            raise CommandError(f"There is no study “{options['slug']}”.")
        if study.state == Study.State.DRAFT:
            raise CommandError(f"“{study.slug}” is a draft: no plan is drawn yet.")
        try:
            judgement = self._ask(study, options["draws"], options["confidence"])
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        self._show(judgement)
        if judgement.leaks:
            raise CommandError("Something that a browser sees tells the plan.")
        self.stdout.write("No leak was found.")

    def _ask(self, study: Study, draws: int, confidence: float) -> Judgement:
        with study_copy(study) as twin:
            seen = study_observe(twin, progress=self._progress)
            self.stdout.write(f"{len(seen)} reads seen; {draws} plans are drawn anew.")
            return study_judge(twin, seen, draws=draws, confidence=confidence)

    def _progress(self, reader: str, done: int) -> None:
        if done % 100 == 0:
            self.stdout.write(f"reader {reader}: {done} reads")
            self.stdout.flush()

    def _show(self, judgement: Judgement) -> None:
        level = f"{judgement.confidence:.4g}"
        self.stdout.write(
            f"{'guessed':10} {'from':11} {'AUC':>6} {'design':>7} "
            f"{'interval (' + level + ')':>18}  verdict"
        )
        for one in judgement.findings:
            interval = f"{one.low:.3f} to {one.high:.3f}"
            self.stdout.write(
                f"{one.target:10} {one.family:11} {one.auc:6.3f} {one.by_design:7.3f} "
                f"{interval:>18}  {'LEAK' if one.leaks else 'nothing'}"
            )
        for family in judgement.constant:
            self.stdout.write(f"Nothing varies in {family}.")
        self.stdout.write(f"All together: p = {judgement.p:.4f}")
