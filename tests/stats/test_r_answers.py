"""The R script recomputes what was answered about whole images, and means it."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from readerstudy.cases.models import Cohort
from readerstudy.reading.models import Read, Score, Study
from stats.exporting.bundle import export_to_folder
from stats.services import image_quality_measure

from .stacks import (
    Says,
    is_sure,
    make_heads,
    make_read_study,
    prefers,
    rates,
    truth,
)
from .test_r_script import alter, run_script

pytestmark = pytest.mark.skipif(
    not (shutil.which("Rscript") or os.environ.get("REQUIRE_ALL")),
    reason="R was not found on this machine",
)


def sees(read: Read, number: int, rng: np.random.Generator) -> dict[str, Any]:
    """Often nothing, in the filter's images less often."""
    right = rng.random() < (0.4 if read.arm.method == "gaussian" else 0.7)
    return {"fidelity": {"value": 1 if right else int(rng.integers(2, 5))}}


# question set → who says what, tables that are compared, one number to change
ASKED: dict[str, tuple[Says, Sequence[str], tuple[str, str, int]]] = {
    "image-quality": (
        rates,
        ("ratings.csv low", "visual_grading.csv p_holm", "answers_again.csv value"),
        ("visual_grading.csv", "value", 0),
    ),
    "forced-choice": (
        prefers,
        ("preference_abilities.csv se", "preference_pairs.csv p", "preference_tests"),
        ("preference_abilities.csv", "ability", 1),
    ),
    "finding-confidence": (
        is_sure,
        ("roc_areas.csv se", "roc_differences.csv p", "answers_again.csv interval"),
        ("answers_again.csv", "value", 0),
    ),
    "anatomical-fidelity": (
        sees,
        (
            "fidelity.csv clustered_low",
            "comparisons.csv difference_low",
            "_among_readers",
        ),
        ("fidelity_comparisons.csv", "q", 0),
    ),
}


@pytest.fixture
def heads(db: None) -> Cohort:
    """Two of the cases are of one patient."""
    cohort = make_heads(cases=7)
    first, second, *_others = cohort.cases.order_by("code")
    second.patient_digest = first.patient_digest
    second.save()
    return cohort


def _study(heads: Cohort, question_set: str) -> Study:
    study = make_read_study(
        heads,
        ASKED[question_set][0],
        question_set=question_set,
        pairs=question_set == "forced-choice",
        given=truth(heads) if question_set == "finding-confidence" else (),
        repeated=("short", "gaussian"),
    )
    read = Read.objects.filter(reader__code="B", arm__code="gaussian").first()
    Score.objects.filter(answer__read=read).delete()
    return study


@pytest.mark.parametrize("question_set", ASKED)
def test_r_computes_the_answers_anew_and_finds_a_changed_number(
    heads: Cohort, tmp_path: Path, question_set: str
) -> None:
    _says, tables, (name, column, line) = ASKED[question_set]
    study = _study(heads, question_set)
    image_quality_measure(study=study)
    export_to_folder(study=study, folder=tmp_path)
    done = run_script(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    for quantity in tables:
        assert quantity in done.stdout
    assert "vcd" not in (tmp_path / "README.txt").read_text()
    alter(tmp_path / name, column, line=line)
    changed = run_script(tmp_path)
    assert changed.returncode == 1
    found = [one for one in changed.stdout.splitlines() if "1.0e-05" in one]
    assert len(found) == 1 and name in found[0]


@pytest.mark.parametrize("question_set", ASKED)
def test_r_agrees_where_little_or_nothing_was_answered(
    heads: Cohort, tmp_path: Path, question_set: str
) -> None:
    study = _study(heads, question_set)
    image_quality_measure(study=study)
    scores = Score.objects.filter(value__isnull=False).order_by("pk")
    first = scores[0].pk
    for left in (
        scores.exclude(answer__read__reader__code="C"),
        scores.filter(pk=first),
        scores.none(),
    ):
        Score.objects.exclude(pk__in=list(left.values_list("pk", flat=True))).delete()
        export_to_folder(study=study, folder=tmp_path)
        done = run_script(tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
