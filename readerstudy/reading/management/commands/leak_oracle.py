"""`manage.py leak_oracle SLUG`: does anything but the pixels tell the arm?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from readerstudy.imaging.errors import Refused
from readerstudy.reading.leaks.asking import study_judge, study_observe
from readerstudy.reading.leaks.copying import study_copy
from readerstudy.reading.leaks.judging import Judgement, refuse_too_few
from readerstudy.reading.management.studies import planned_study
from readerstudy.reading.models import Study
from readerstudy.reading.services.leak_oracle import leak_oracle_store


class Command(BaseCommand):
    help = (
        "Read an opened study's whole plan through HTTP, in a copy in memory, and see "
        "whether anything but the pixels tells the arm. Its readings are not touched. "
        "The result is stored for the report and in the audit log, unless --dry-run; "
        "no arm or case is named. Fails on a leak."
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
        parser.add_argument(
            "--dry-run", action="store_true", help="show the result, store nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        study = planned_study(options["slug"])
        try:
            reads, judgement = self._ask(study, options["draws"], options["confidence"])
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        self._show(judgement)
        if options["dry_run"]:
            self.stdout.write("Nothing is stored.")
        else:
            leak_oracle_store(study=study, reads=reads, judgement=judgement)
            self.stdout.write("Stored for the report.")
        if judgement.leaks:
            raise CommandError("Something that a browser sees tells the plan.")
        self.stdout.write("No leak was found.")

    def _ask(
        self, study: Study, draws: int, confidence: float
    ) -> tuple[int, Judgement]:
        refuse_too_few(draws, confidence)
        with study_copy(study) as twin:
            seen = study_observe(twin, progress=self._progress)
            self.stdout.write(f"{len(seen)} reads seen; {draws} plans are drawn anew.")
            judgement = study_judge(twin, seen, draws=draws, confidence=confidence)
        return len(seen), judgement

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
