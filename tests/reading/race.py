"""Run by test_races in a process of its own: many answers to one read at once.

Uses the settings it is started with, so the database is a real one with real
locks, which the suite's shared in-memory SQLite is not. Prints JSON.
"""

import json
import sys

from tests.at_once import at_once  # sets Django up

from django.contrib.auth.models import User  # isort: skip
from django.core.management import call_command  # isort: skip

from readerstudy.audit.models import AuditEvent
from readerstudy.reading import services
from readerstudy.reading.models import (
    Membership,
    Read,
    Score,
    Session,
    Study,
    TrainingAttempt,
    TrainingRead,
)
from tests.cast import make_user, reader_membership
from tests.factory import TRAINING, make_cohort, make_study


def training_at_once(reader: Membership) -> dict[str, object]:
    """Attempts begun at once, and different answers to an attempt's last image."""
    told: dict[str, object] = {}
    told["attempts"] = at_once(lambda number: services.attempt_start(reader=reader))
    told["attempts begun"] = TrainingAttempt.objects.count()

    def answer(read: TrainingRead, right: int, left: int) -> None:
        answers = {"grade": {"right": right, "left": left}}
        services.training_submit(token=read.token, reader=reader, answers=answers)

    for _ in TRAINING:
        read = services.training_next(reader=reader)
        assert read is not None
        last = read
        if read.position < len(TRAINING):
            answer(read, 3, 2)
    told["last answers"] = at_once(
        lambda number: answer(last, 1 + number % 4, 1 + number // 4)
    )
    told["judged"] = AuditEvent.objects.filter(action="training.finish").count()
    return told


def amendments_at_once(study: Study, coordinator: User) -> dict[str, object]:
    """Eight amendments at once, unseen and of a protocol that all have seen."""

    def amend(number: int, amends: str | None) -> None:
        services.protocol_amend(
            study=study,
            by=coordinator,
            reason="At once.",
            amends=amends,
            washout_days=10 + number,
        )

    told: dict[str, object] = {"amendments": at_once(lambda n: amend(n, None))}
    rows = list(study.amendments.order_by("number"))
    told["numbers"] = [row.number for row in rows]
    told["in a row"] = [row.protocol["amendment"]["amends_sha256"] for row in rows] == [
        study.protocol_sha256,
        *(row.protocol_sha256 for row in rows[:-1]),
    ]
    seen = rows[-1].protocol_sha256
    told["amendments of what was seen"] = at_once(lambda n: amend(100 + n, seen))
    return told


def main() -> None:
    call_command("migrate", verbosity=0)
    coordinator = make_user("coordinator", coordinator=True)
    user = make_user("reader")
    cohort = make_cohort(coordinators=[coordinator], cases_wanted=3)
    study = make_study(cohort, coordinator=coordinator, readers=[user])
    reader = reader_membership(study, user)
    told: dict[str, object] = {}

    read = services.read_next(reader=reader).read
    assert read is not None
    told["identical"] = at_once(
        lambda number: services.read_submit(
            token=read.token,
            reader=reader,
            answers={"grade": {"right": 3, "left": 2}},
            key="same",
        )
    )
    told["identical scores"] = Score.objects.filter(answer__read=read).count()

    second = services.read_next(reader=reader).read
    assert second is not None
    told["different"] = at_once(
        lambda number: services.read_submit(
            token=second.token,
            reader=reader,
            answers={"grade": {"right": 1 + number % 4, "left": 1 + number // 4}},
            key=f"tab-{number}",
        )
    )
    told["different scores"] = Score.objects.filter(answer__read=second).count()

    told["starts"] = at_once(lambda number: services.read_next(reader=reader))
    told["shown"] = Read.objects.filter(first_shown_at__isnull=False).count()
    told["sessions"] = Session.objects.filter(started_at__isnull=False).count()
    trained = make_study(
        cohort,
        slug="trained",
        coordinator=coordinator,
        readers=[user],
        training=TRAINING,
        repeated="",
        sessions=1,
    )
    told |= training_at_once(reader_membership(trained, user))
    told |= amendments_at_once(study, coordinator)
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
