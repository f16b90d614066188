"""Run by test_reopening_races in a process of its own: reads opened again at once.

As tests.at_once says, on a database with real locks. Prints JSON.
"""

import json
import sys

from tests.at_once import at_once  # sets Django up

from django.contrib.auth.models import User  # isort: skip
from django.core.management import call_command  # isort: skip

from readerstudy.imaging.errors import Refused
from readerstudy.reading import services
from readerstudy.reading.models import (
    Membership,
    Read,
    Score,
    Session,
)
from tests.cast import make_user, reader_membership
from tests.factory import make_cohort, make_study


def answer(reader: Membership, token: str, key: str, right: int, left: int) -> None:
    try:
        services.read_submit(
            token=token,
            reader=reader,
            answers={"grade": {"right": right, "left": left}},
            key=key,
        )
    except Read.DoesNotExist:  # opened again meanwhile, under another token
        raise Refused("gone") from None


def counted(reader: Membership) -> int:
    reader.refresh_from_db()
    return reader.reopened


def answer_and_reopen(reader: Membership, coordinator: User) -> dict[str, object]:
    """A read is answered in four tabs and opened again by four clicks at once."""
    read = services.read_next(reader=reader).read
    assert read is not None

    def reopen() -> None:
        services.read_reopen(
            study=reader.study,
            reader=reader.code,
            session=1,
            number=read.position,
            reason="Again.",
            by=coordinator,
        )

    def act(number: int) -> None:
        if number % 2:
            answer(reader, read.token, "same", 3, 2)
        else:
            reopen()

    told: dict[str, object] = {"ended": sorted(set(at_once(act)))}
    told["scores"] = Score.objects.filter(answer__read=read).count()
    told["open"] = read.reopenings.filter(answered_at__isnull=True).count()
    told["counted"] = counted(reader)
    if not reader.reopened:  # every click came before the answer
        reopen()
    opened = services.read_next(reader=reader).read
    assert opened is not None
    told["the same read"] = opened.pk == read.pk
    told["answers"] = at_once(
        lambda number: answer(
            reader, opened.token, f"{number}", 1 + number % 4, 1 + number // 4
        )
    )
    told["versions"] = sorted(
        Score.objects.filter(answer__read=read).values_list(
            "answer__version", flat=True
        )
    )
    told["left"] = counted(reader)
    return told


def revisit(reader: Membership) -> dict[str, object]:
    """A reader opens the same answer again in eight tabs."""
    ended = at_once(
        lambda number: services.read_revisit(
            reader=reader, session=1, number=1, reason=f"tab {number}"
        )
    )
    return {"ended": ended, "counted": counted(reader)}


def end_and_revisit(reader: Membership) -> dict[str, object]:
    """The session is ended in four tabs while four others open a read again."""
    number = 0
    while (due := services.read_next(reader=reader)).read is not None:
        number += 1
        answer(reader, due.read.token, f"on-{number}", 3, 2)
    assert due.state == "review", due

    def act(number: int) -> None:
        if number % 2:
            services.session_finish(reader=reader)
        else:
            services.read_revisit(reader=reader, session=1, number=2, reason="Wait.")

    ended = sorted(set(at_once(act)))
    session = Session.objects.get(reader=reader, number=1)
    is_over = session.finished_at is not None
    return {"ended": ended, "over, open again": [is_over, counted(reader)]}


def main() -> None:
    call_command("migrate", verbosity=0)
    coordinator = make_user("coordinator", coordinator=True)
    user = make_user("reader")
    study = make_study(
        make_cohort(coordinators=[coordinator], cases_wanted=3),
        coordinator=coordinator,
        readers=[user],
        answer_changes="session",
    )
    reader = reader_membership(study, user)
    told = {
        "reopen": answer_and_reopen(reader, coordinator),
        "revisit": revisit(reader),
        "end": end_and_revisit(reader),
    }
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
