"""Run by test_chain in a process of its own: many writers at once. Prints JSON."""

import json
import sys
import threading

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from readerstudy.audit import selectors  # noqa: E402
from readerstudy.audit.models import AuditEvent  # noqa: E402
from readerstudy.audit.services import event_record  # noqa: E402

THREADS, EVENTS = 8, 12


class GivenUpError(Exception):
    """The act failed after its event was written."""


def record_some(number: int, barrier: threading.Barrier, ended: list[str]) -> None:
    barrier.wait()
    try:
        for turn in range(EVENTS):
            try:
                with transaction.atomic():
                    event_record(
                        action="study.close",
                        actor=None,
                        subject=("study", f"{number}-{turn}"),
                    )
                    if turn % 4 == 3:
                        raise GivenUpError
            except GivenUpError:
                ended.append("given up")
            else:
                ended.append("written")
    except Exception as error:
        ended.append(repr(error))
    finally:
        connection.close()


def main() -> None:
    call_command("migrate", verbosity=0)
    barrier, ended = threading.Barrier(THREADS), []
    threads = [
        threading.Thread(target=record_some, args=(number, barrier, ended))
        for number in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    verdict = selectors.chain_verify()
    told = {
        "ended": {how: ended.count(how) for how in sorted(set(ended))},
        "events": AuditEvent.objects.count(),
        "writers": len(
            {
                key.split("-")[0]
                for key in AuditEvent.objects.values_list("subject_key", flat=True)
            }
        ),
        "whole": verdict.anchor.events,
        "broken at": verdict.broken_at,
    }
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
