"""Readers answer without a pause while backups are made. Prints JSON; run by a test."""

import gzip
import json
import sys
import tarfile
import threading
import time
from pathlib import Path
from typing import Any

import django

BACKUPS = 3
MOST_READS = 3  # of each reader


def answering(stop: threading.Event) -> None:
    """Reads as long as there are any, and cohorts with an event each, without end."""
    from django.db import connection, transaction

    from readerstudy.audit.services import event_record
    from readerstudy.cases.models import Cohort
    from readerstudy.reading.models import Study

    from .filling import read_some

    study = Study.objects.get()
    count = 0
    while not stop.is_set():
        if count < MOST_READS:
            read_some(study, number=1)
        with transaction.atomic():
            cohort = Cohort.objects.create(name=f"Made meanwhile {count}")
            event_record(
                action="cohort.import", actor=None, subject=("cohort", cohort.name)
            )
        count += 1
    connection.close()


def lines(archive: Path, table: str) -> list[list[Any]]:
    """Rows as any program could read them: tar, gzip, JSON."""
    with tarfile.open(archive) as tar:
        return [
            json.loads(line)
            for member in tar.getmembers()
            if member.name.startswith(f"rows/{table}/")
            for line in gzip.decompress(tar.extractfile(member).read()).splitlines()
        ]


def found(archive: Path) -> dict[str, Any]:
    with tarfile.open(archive) as tar:
        tables = json.load(tar.extractfile("manifest.json"))["tables"]

    def column(table: str, name: str) -> list[Any]:
        place = [one for one, _ in tables[table]["columns"]].index(name)
        return [row[place] for row in lines(archive, table)]

    submitted = column("reading_read", "submitted_at")
    actions = column("audit_auditevent", "action")
    return {
        "cohorts": len(column("cases_cohort", "name")) - 2,
        "cohort events": actions.count("cohort.import"),
        "answers": len(column("reading_answer", "id")),
        "submitted": sum(at is not None for at in submitted),
        "read events": actions.count("read.submit"),
        "sequence": max(column("audit_auditevent", "sequence")) == len(actions),
        "told": {name: table["rows"] for name, table in tables.items()}
        == {name: len(lines(archive, name)) for name in tables},
    }


def main(folder: Path) -> None:
    django.setup()
    from readerstudy.cases.models import Cohort
    from readerstudy.operations.backup.making import backup_make

    stop = threading.Event()
    writer = threading.Thread(target=answering, args=[stop])
    writer.start()
    result = []
    try:
        for number in range(BACKUPS):
            path = folder / f"meanwhile-{number}.backup"
            before = Cohort.objects.count()
            # slow enough that much is written between two tables
            backup_make(
                path=path, passphrase=None, progress=lambda line: time.sleep(0.02)
            )
            written = Cohort.objects.count() - before
            result.append({**found(path), "written meanwhile": written})
    finally:
        stop.set()
        writer.join()
    print(json.dumps(result))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
