"""What a system of the first release can do today. Prints JSON; run by a test."""

import json
from io import StringIO
from typing import Any

import django


def unapplied(executor: Any) -> int:
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def main() -> None:
    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    from readerstudy.audit.selectors import chain_verify
    from readerstudy.cases.models import Rendition
    from readerstudy.cases.selectors import rendition_is_whole
    from readerstudy.reading import services as reading
    from readerstudy.reading.models import Answer, Study

    for study in Study.objects.all():  # raises for what does not fit
        call_command("verify_schedule", study.slug, stdout=StringIO())
    reader = Study.objects.get(slug="still-open").memberships.filter(role="reader")[0]
    due = reading.read_next(reader=reader)
    answers = {"grade": {"right": 4, "left": 4}}
    reading.read_submit(token=due.read.token, reader=reader, answers=answers, key="new")
    told = {
        "images": sum(map(rendition_is_whole, Rendition.objects.all())),
        "answered": Answer.objects.filter(read=due.read).exists(),
        "chain": chain_verify().how or "whole",
        "unapplied": unapplied(MigrationExecutor(connection)),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
