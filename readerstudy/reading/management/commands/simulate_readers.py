"""`manage.py simulate_readers SLUG --seed S`: read an open study without people."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from readerstudy.imaging.errors import Refused
from readerstudy.reading.models import Study
from readerstudy.reading.simulated import Eyes, readings_simulate, temperament


class Command(BaseCommand):
    help = (
        "Let simulated readers complete an open study through the services that a "
        "browser uses. The study and everything made of it say so from then on."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the study's short name")
        parser.add_argument("--seed", type=int, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(slug=options["slug"]).first()
        if study is None:
            raise CommandError(f"There is no study “{options['slug']}”.")
        if study.state != Study.State.OPEN:
            raise CommandError(f"The study “{study.slug}” is {study.state}, not open.")
        from readerstudy.simulation.observer import grade_pixels
        from readerstudy.simulation.stack_observer import Asked, answer_stacks

        def judge(stacks: Any, asked: Any, **person: Any) -> dict[str, Any]:
            return answer_stacks(stacks, [Asked(*one) for one in asked], **person)

        try:
            states = readings_simulate(
                study=study,
                seed=options["seed"],
                eyes=Eyes(grade=grade_pixels, judge=judge),
                progress=self._show,
            )
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        for code, state in states.items():
            of = temperament(seed=options["seed"], code=code)
            self.stdout.write(
                f"simulated reader {code}: {state}; "
                f"bias {of.bias:+.2f}, noise {of.noise:.2f} grades"
            )

    def _show(self, code: str, done: int, total: int) -> None:
        if done % 25 == 0 or done == total:
            self.stdout.write(f"reader {code}: {done} of {total}")
            self.stdout.flush()
