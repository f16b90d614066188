"""Run by test_asking_races in a process of its own: one question, many answers at once.

Uses the settings it is started with, as tests.at_once says. Prints JSON.
"""

import json
import sys

from tests.at_once import THREADS, at_once  # sets Django up

from django.core.management import call_command  # isort: skip

from readerstudy.audit.models import AuditEvent
from readerstudy.reading import services
from readerstudy.reading.models import ArmGuess, ViewingCheck
from tests.cast import make_user, reader_membership
from tests.factory import make_cohort, make_study


def main() -> None:
    call_command("migrate", verbosity=0)
    coordinator = make_user("coordinator", coordinator=True)
    user = make_user("reader")
    cohort = make_cohort(coordinators=[coordinator], cases_wanted=3)
    study = make_study(
        cohort,
        coordinator=coordinator,
        readers=[user],
        asks_conditions=True,
        guesses="after-grade",
        guess_percent=100,
    )
    reader = reader_membership(study, user)
    told: dict[str, object] = {}

    told["starts"] = at_once(lambda number: services.check_start(reader=reader))
    told["checks"] = ViewingCheck.objects.count()

    check = ViewingCheck.objects.get()
    seen = services.Conditions("office", "dim", check.dark_number, check.bright_number)
    told["answers"] = at_once(
        lambda number: services.check_answer(reader=reader, attempt=1, told=seen)
    )
    told["events"] = AuditEvent.objects.filter(action="conditions.answer").count()

    read = services.read_next(reader=reader).read
    assert read is not None
    services.read_submit(
        token=read.token,
        reader=reader,
        answers={"grade": {"right": 3, "left": 2}},
        key="key",
    )
    guess = services.guess_next(reader=reader)
    assert guess is not None
    told["guesses"] = at_once(
        lambda number: services.guess_submit(
            token=guess.token,
            reader=reader,
            guess="comparison",
            confidence=1 + number // (THREADS // 2),
        )
    )
    told["stored"] = ArmGuess.objects.exclude(guess="").count()
    told["guess events"] = AuditEvent.objects.filter(action="guess.submit").count()
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
