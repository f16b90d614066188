"""The R script in the bundle: it computes the tables from the reads, and means it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from django.core.management import call_command

from readerstudy.reading.models import Read, Score, Study

from .conducted import give_plan
from .studies import decline

pytestmark = pytest.mark.skipif(
    not (shutil.which("Rscript") or os.environ.get("REQUIRE_ALL")),
    reason="R was not found on this machine",
)


def run_script(folder: Path) -> subprocess.CompletedProcess[str]:
    """In a plain locale, as on a server."""
    return subprocess.run(
        ["Rscript", "--vanilla", str(folder / "analysis.R")],
        capture_output=True,
        text=True,
        env={**os.environ, "LC_ALL": "C"},
        check=False,
    )


def alter(path: Path, column: str, *, line: int = 0, by: float = 0.00001) -> None:
    """Somebody changed one number of a table."""
    text = path.read_bytes().decode("utf-8")
    names, *lines = text.split("\r\n")
    place = names.split(",").index(column)
    cells = lines[line].split(",")
    cells[place] = repr(float(cells[place]) + by)
    lines[line] = ",".join(cells)
    path.write_bytes("\r\n".join([names, *lines]).encode())


@pytest.fixture
def read_study(study: Study) -> Study:
    """With a plan; one side that could not be assessed, one read never made."""
    give_plan(study)
    reads = Read.objects.filter(reader__code="A", arm__code="short")
    decline(reads.order_by("position")[0], "left")
    never = reads.order_by("position")[1]
    Score.objects.filter(answer__read=never).delete()
    never.answers.all().delete()
    Read.objects.filter(pk=never.pk).update(submitted_at=None, first_shown_at=None)
    return study


def test_r_computes_the_same_tables_from_the_reads(
    read_study: Study, tmp_path: Path
) -> None:
    """Also of the files for Excel, and beside a title that is not ASCII."""
    read_study.arms.filter(code="short").update(title="短時間, 5 min")
    for excel in (False, True):
        folder = tmp_path / str(excel)
        call_command("export_study", read_study.slug, out=folder, excel=excel)
        done = run_script(folder)
        assert done.returncode == 0, done.stdout + done.stderr
        for quantity in (
            "kappa.csv se_clustered",
            "kappa.csv se_asymptotic",
            "kappa.csv mean over readers",
            "intra_reader.csv kappa",
            "psnr 255: sd",
            "ssim 1: friedman_p",
            "psnr 255: Dunn p, Holm",
        ):
            assert quantity in done.stdout
        assert "numbers agree within 1e-06" in done.stdout


def test_numbers_that_were_changed_are_found(folder: Path) -> None:
    changed = {
        "kappa.csv": "se_clustered",
        "intra_reader.csv": "kappa",
        "image_quality_summary.csv": "sd",
        "grade_shift.csv": "mean_difference",
    }
    for table, column in changed.items():
        alter(folder / table, column)
    done = run_script(folder)
    assert done.returncode == 1
    assert "differ by more than" in done.stdout
    found = [line for line in done.stdout.splitlines() if "1.0e-05" in line]
    assert len(found) == len(changed)
    for line in found:
        assert changed[line.split()[0]] in line
