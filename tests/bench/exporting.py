"""What it takes to export a million reads.

Runs in processes of its own: one that makes the study, and one that exports it and
does nothing else, whose memory is measured.
"""

import csv
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from io import StringIO
from itertools import islice
from pathlib import Path

from .lines import ROOT, Line
from .profile import embedded_profile

SLUG = "filled"
ARMS = 9  # and the last one once more: 10 reads a case and reader
# cases and readers when the report is frozen, and how many come then
FEW, MORE = (50, 3), (950, 100)
LONG = ("reads.csv", "answers.csv")


def export() -> Iterator[Line]:
    told = subprocess.run(
        [sys.executable, "-m", "tests.bench.exporting"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    found = json.loads(told.stdout)
    yield Line(
        f"peak memory of exporting {found['reads']} reads",
        found["megabytes"],
        "MB",
        found["megabytes_before"],
        "the program alone",
        "promised: under 300 MB",
    )
    yield Line(
        f"export of {found['reads']} reads, all files",
        found["seconds"] / found["lines"] * 1e6,
        "CPU µs/line",
        found["bare_seconds"] / found["lines"] * 1e6,
        "csv.writer, the same lines of reads and answers",
    )


def make() -> None:
    """A report of so many readers takes minutes: it is frozen while there are few."""
    from stats.freezing import report_freeze
    from tests.stats.filled import add_cases, add_readers, fill_study

    study = fill_study(cases=FEW[0], arms=ARMS, readers=FEW[1], slug=SLUG)
    report_freeze(study=study)
    add_cases(study, MORE[0])
    add_readers(study, MORE[1])


def measure(folder: Path) -> dict[str, float]:
    """Exports into `folder`. Memory in MB of 10^6 bytes, the highest so far."""
    import django

    django.setup()
    from django.core.management import call_command

    from readerstudy.reading.models import Read

    reads = Read.objects.count()
    before, start = _peak(), time.process_time()
    call_command("export_study", SLUG, out=folder, stdout=StringIO())
    return {
        "reads": reads,
        "seconds": time.process_time() - start,
        "megabytes_before": before,
        "megabytes": _peak(),
        **_bare(folder),
    }


def _peak() -> float:
    """Of this program alone: what getrusage tells begins with its parent's."""
    (line,) = (
        line
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith("VmHWM:")
    )
    return int(line.split()[1]) * 1024 / 1e6


def _bare(folder: Path) -> dict[str, float]:
    """What writing the same lines takes that are there already."""
    lines, seconds = 0, 0.0
    with (folder / "bare.csv").open("w", newline="") as written:
        writer = csv.writer(written, lineterminator="\r\n")
        for name in LONG:
            with (folder / name).open(newline="") as file:
                rows = csv.reader(file)
                while chunk := list(islice(rows, 10_000)):
                    start = time.process_time()
                    writer.writerows(chunk)
                    seconds += time.process_time() - start
                    lines += len(chunk)
    return {"lines": lines, "bare_seconds": seconds}


def _in_another_process() -> str:
    with tempfile.TemporaryDirectory(prefix="bench-export-") as folder:
        return subprocess.run(
            [sys.executable, "-m", "tests.bench.exporting", folder],
            cwd=ROOT,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout


if __name__ == "__main__":
    import logging

    logging.disable(logging.WARNING)
    if sys.argv[1:]:
        print(json.dumps(measure(Path(sys.argv[1]))))
    else:
        with embedded_profile():
            make()
            print(_in_another_process())
