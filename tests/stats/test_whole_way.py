"""A study read through the services that a browser uses ends in its report."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from readerstudy.reading import services as reading
from readerstudy.reading.models import Membership
from stats.outcomes import NotEstimable
from stats.reporting.building import report_build
from stats.services import image_quality_measure
from tests.cast import Cast
from tests.factory import unblind


def grade_for(case: str, side: str) -> int:
    return 1 + (int(case[1:]) + (side == "left")) % 4


def test_from_the_first_read_to_the_csv(cast: Cast, tmp_path: Path) -> None:
    study = cast.study
    for reader in study.memberships.filter(role=Membership.Role.READER):
        while (due := reading.read_next(reader=reader)).state == "read":
            read = due.read
            # the second reader sees the short scans one grade lower
            lower = reader.code == "B" and read.arm.code == "short"
            reading.read_submit(
                token=read.token,
                reader=reader,
                answers={
                    "grade": {
                        side: max(1, grade_for(read.case.code, side) - lower)
                        for side in ("right", "left")
                    }
                },
                key=f"key-{read.pk}",
            )
    study = unblind(study)
    image_quality_measure(study=study)
    report = report_build(study=study)
    assert report.complete
    assert report.readers == ("A", "B")
    short = next(line for line in report.kappa if line.arm.code == "short")
    first, second = short.readers
    assert first.both.kappa == 1
    assert 0 < second.both.kappa < 1
    assert not isinstance(second.both.interval, NotEstimable)
    assert all(line.both.kappa == 1 for line in report.intra_reader)
    shift = next(line for line in report.grades if line.arm.code == "short").shift
    assert shift.mean == pytest.approx(-3 / 8)  # 6 of 8 sides of one of two readers

    call_command("export_study", study.slug, out=tmp_path)
    with (tmp_path / "reads.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 2 * 4 * (3 + 1) * 2
    for line in lines:
        lower = line["reader"] == "B" and line["arm"] == "short"
        assert line["state"] == "read"
        assert int(line["grade"]) == max(
            1, grade_for(line["case"], line["side"]) - lower
        )


@pytest.mark.pure
def test_the_web_process_starts_without_scientific_libraries() -> None:
    """They cost seconds; whoever first needs one loads it."""
    code = (
        "import django, sys; django.setup(); import readerstudy.config.urls; "
        "heavy = {'torch', 'scipy', 'skimage', 'sklearn', 'statsmodels', 'pandas'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    settings = "readerstudy.config.settings.test"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"DJANGO_SETTINGS_MODULE": settings, "PATH": ""},
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
