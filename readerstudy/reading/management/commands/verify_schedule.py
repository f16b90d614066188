"""`manage.py verify_schedule SLUG`: is the stored plan the one that was drawn?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from readerstudy.reading.management.studies import planned_study
from readerstudy.reading.models import Study
from readerstudy.reading.verification.schedule import Verification, schedule_verify

SHOWN = 20


class Command(BaseCommand):
    help = (
        "Draw a study's plan and its arm guesses again from its frozen protocol and "
        "seed, and compare every stored read with them; check the protocol's and its "
        "amendments' hashes, that no case is both trained on and read, that every "
        "answer is whole, and that answers and arm guesses are those that the audit "
        "log proves. Fails if anything differs. Before unblinding only counts are told."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the study's short name")

    def handle(self, *args: Any, **options: Any) -> None:
        study = planned_study(options["slug"])
        found = schedule_verify(study)
        self._show(study, found)
        if not found.passed:
            raise CommandError(f"“{study.slug}” is not as drawn, asked and recorded.")
        self.stdout.write(f"All {found.reads} reads are as drawn.")
        if found.answers:
            proved = (
                " and those of the audit log"
                if found.answers_in_log
                else "; the study is older than the audit log, so that proves none"
            )
            self.stdout.write(f"All {found.answers} answers are whole{proved}.")
        if found.guesses:
            self.stdout.write(f"All {found.guesses} arm guesses are as drawn.")

    def _show(self, study: Study, found: Verification) -> None:
        hashes = dict(study.amendments.values_list("number", "protocol_sha256"))
        for what, matches, published in (
            ("Frozen protocol", found.protocol_matches, study.protocol_sha256),
            *(
                (f"Amendment {number}", matches, hashes[number])
                for number, matches in found.amendments.items()
            ),
            ("Seed", found.seed_matches, study.seed_sha256),
        ):
            verdict = "matches" if matches else "DOES NOT match"
            self.stdout.write(f"{what}: {verdict} SHA-256 {published}")
        for what, count in found.differences.items():
            if count:
                self.stdout.write(f"{count} {what}")
        if study.state != Study.State.UNBLINDED:
            return
        for line in found.details[:SHOWN]:
            self.stdout.write(f"  {line}")
        if len(found.details) > SHOWN:
            self.stdout.write(f"  … and {len(found.details) - SHOWN} more")
