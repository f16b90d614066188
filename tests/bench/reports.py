"""What it takes to freeze the report of a million reads.

Runs in processes of its own: one that makes the study, and one that freezes its report
and does nothing else, whose memory is measured.
"""

import json
import subprocess
import sys
from collections.abc import Iterator

from .exporting import SLUG, _peak
from .lines import ROOT, Line
from .profile import embedded_profile

READERS, ARMS, CASES = 20, 9, 5000  # and one arm once more: 10 reads a case and reader


def million() -> Iterator[Line]:
    found = json.loads(_told())
    yield Line(
        f"peak memory of freezing a report of {found['reads']} reads",
        found["megabytes"],
        "MB",
        found["megabytes_before"],
        "the program alone",
        "promised: under 1,000 MB",
    )
    yield Line(
        f"building and freezing a report of {found['reads']} reads",
        found["seconds"],
        "CPU s",
    )


def make() -> None:
    from tests.stats.filled import fill_study

    fill_study(cases=CASES, arms=ARMS, readers=READERS, slug=SLUG)


def measure() -> dict[str, float]:
    """Memory in MB of 10^6 bytes, the highest so far."""
    import django

    django.setup()
    from readerstudy.reading.models import Read, Study
    from stats.freezing import report_freeze

    from .lines import cpu_seconds

    before = _peak()
    study = Study.objects.get(slug=SLUG)
    return {
        "reads": Read.objects.count(),
        "seconds": cpu_seconds(lambda: report_freeze(study=study)),
        "megabytes_before": before,
        "megabytes": _peak(),
    }


def _told(*words: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "tests.bench.reports", *words],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout


if __name__ == "__main__":
    import logging

    logging.disable(logging.WARNING)
    if sys.argv[1:]:
        print(json.dumps(measure()))
    else:
        with embedded_profile():
            make()
            print(_told("measure"))
