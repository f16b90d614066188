"""Answers of an earlier version, taken over by `migrate`. Prints JSON; run by a test.

Run as a program: it wants a database of its own and the tables of before.
"""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import django

BEFORE = "0003_studies_opened_before"
READS = 1500  # of one reader, two scores each
SEED = "00ff" * 16
OPENED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def minutes(number: float) -> datetime:
    return OPENED + timedelta(minutes=number)


def make_rows(models: Any) -> None:
    """One reader's answers as rows of score; the second read was changed twice."""
    user = models("auth", "User").objects.create(username="reader")
    coordinator = models("auth", "User").objects.create(username="coordinator")
    cohort = models("cases", "Cohort").objects.create(name="Phantoms")
    study = models("reading", "Study").objects.create(
        slug="earlier",
        title="Earlier",
        cohort=cohort,
        state="open",
        opened_at=OPENED,
        protocol={"version": 2},
        protocol_sha256="ab" * 32,
        seed=SEED,
        seed_sha256="cd" * 32,
    )
    arm = models("reading", "Arm").objects.create(
        study=study, position=1, code="reference", title="R", method="reference"
    )
    reader = models("reading", "Membership").objects.create(
        study=study, user=user, role="reader", code="A"
    )
    session = models("reading", "Session").objects.create(
        study=study, reader=reader, number=1, size=READS + 1, started_at=OPENED
    )
    cases = models("cases", "Case").objects.bulk_create(
        models("cases", "Case")(
            cohort=cohort, code=f"C{number}", patient_digest=number, central_slice=30
        )
        for number in range(READS + 1)
    )
    made = models("reading", "Read").objects.bulk_create(
        models("reading", "Read")(
            session=session,
            reader=reader,
            case=case,
            arm=arm,
            position=number,
            token=f"token-{number}",
            first_shown_at=minutes(number),
            submitted_at=minutes(number + 0.5) if number <= READS else None,
        )
        for number, case in enumerate(cases, start=1)
    )
    _score(models, made[:READS], user)
    change(models, made[1], user, coordinator)


def _score(models: Any, reads: list[Any], user: Any) -> None:
    score = models("reading", "Score")
    score.objects.bulk_create(
        score(
            read=read,
            question="grade",
            side=side,
            value=1 + (read.position + place) % 4,
            key=f"key-{read.position}",
            scored_at=read.submitted_at,
            scored_by=user,
        )
        for read in reads
        for place, side in enumerate(("right", "left"))
    )


def change(models: Any, read: Any, user: Any, coordinator: Any) -> None:
    """By the reader, by a coordinator, and opened a third time without an answer."""
    of_reopening = models("reading", "Reopening").objects
    score = models("reading", "Score")
    for version, by, at in ((2, user, 4000), (3, coordinator, 5000)):
        of_reopening.create(
            read=read,
            by=by,
            by_reader=by == user,
            reason=f"reason of {version}",
            at=minutes(at),
            first_shown_at=minutes(at + 1),
            answered_at=minutes(at + 2),
        )
        score.objects.bulk_create(
            score(
                read=read,
                question="grade",
                side=side,
                value=version,
                version=version,
                reason=f"reason of {version}",
                key=f"key of {version}",
                scored_at=minutes(at + 2),
                scored_by=user,
            )
            for side in ("right", "left")
        )
    of_reopening.create(
        read=read, by=user, by_reader=True, reason="open", at=minutes(6000)
    )


def digest_of_before(read: int, version: int, answers: list[Any], reason: str) -> str:
    """As the earlier version wrote it into the audit log."""
    said = {
        "purpose": "audit of answers",
        "reader": "A",
        "position": read,
        "version": version,
        "answers": answers,
        "reason": reason,
    }
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hmac.new(SEED.encode(), text.encode(), hashlib.sha256).hexdigest()


def found() -> dict[str, Any]:
    """What the tables hold now, and whether the digests are still those of before."""
    from readerstudy.reading.models import Answer, Score
    from readerstudy.reading.questions import Grade
    from readerstudy.reading.recording import answer_digest

    answers = Answer.objects.select_related("read", "by").prefetch_related("scores")
    told, changed = [], 0
    for one in answers.order_by("read__position", "version"):
        scores = sorted((s.question, s.side, s.value) for s in one.scores.all())
        place = (one.read.position, one.version)
        before = digest_of_before(*place, [list(s) for s in scores], one.reason)
        now = answer_digest(
            seed=SEED, reader="A", answer=one, grades=[Grade(*s) for s in scores]
        )
        changed += before != now
        if one.read.position <= 3 or one.read.position == READS:
            times = (one.shown_at, one.at)
            told.append(
                [
                    *place,
                    one.key,
                    one.reason,
                    one.by.get_username(),
                    *((at - OPENED).total_seconds() / 60 for at in times),
                    {side: value for _question, side, value in scores},
                    [one.comment, one.first_ms, one.spent_ms, one.window_low],
                ]
            )
    return {
        "answers": answers.count(),
        "scores": Score.objects.count(),
        "declined": Score.objects.exclude(unassessable="").count(),
        "digests changed": changed,
        "told": told,
    }


def main() -> None:
    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    call_command("migrate", "reading", BEFORE, verbosity=0)
    call_command("migrate", "cases", verbosity=0)
    loader = MigrationExecutor(connection).loader
    of_cases = loader.graph.leaf_nodes("cases")
    state = loader.project_state([("reading", BEFORE), *of_cases])
    make_rows(state.apps.get_model)
    call_command("migrate", verbosity=0)
    print(json.dumps(found()))


if __name__ == "__main__":
    main()
