"""Run by sites.py in a process of its own: what the database has, as JSON."""

import io
import json
import sys

import django

django.setup()

from django.core.management import CommandError, call_command  # noqa: E402
from django.db import connection  # noqa: E402

from readerstudy.reading.models import Answer, Read, Score  # noqa: E402
from tests.faults.readers import SLUG  # noqa: E402


def said_by(command: str, *arguments: str) -> str:
    """Empty if the command has nothing to complain of."""
    try:
        call_command(command, *arguments, stdout=io.StringIO())
    except CommandError as error:
        return str(error)
    return ""


def integrity() -> str:
    if connection.vendor != "sqlite":
        return ""
    with connection.cursor() as cursor:
        (said,) = cursor.execute("PRAGMA integrity_check").fetchone()
    return "" if said == "ok" else said


def main() -> None:
    answers = Answer.objects.order_by("read__reader", "read__position", "version")
    scores: dict[int, list] = {}
    for answer, side, value in Score.objects.values_list("answer_id", "side", "value"):
        scores.setdefault(answer, []).append([side, value])
    rows = answers.values_list(
        *("pk", "by__username", "read__token", "read__position", "version", "key")
    )
    reads = Read.objects.filter(first_shown_at__isnull=False)
    moments = reads.order_by("reader", "position").values_list(
        *("reader__user__username", "position", "first_shown_at", "submitted_at")
    )
    told = {
        "answers": [[*row, sorted(scores.get(pk, []))] for pk, *row in rows],
        "moments": [
            [who, position, shown.isoformat(), stored and stored.isoformat()]
            for who, position, shown, stored in moments
        ],
        "complaints": [
            said_by("verify_audit"),
            said_by("verify_schedule", SLUG),
            integrity(),
        ],
    }
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
