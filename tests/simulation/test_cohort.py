"""Cohorts: the same again, independent cases, files that survive a stop."""

import csv
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from django.core.management import call_command

from readerstudy.simulation import cohort, timing
from readerstudy.simulation.calibration import measured_ratios
from readerstudy.simulation.cohort import write_cohort
from readerstudy.simulation.patient import SIDES, draw_patient
from readerstudy.simulation.phantom import render_phantom
from readerstudy.simulation.scanning import SimulatedPair
from readerstudy.simulation.timing import time_one_case

from .conftest import SEED, psnr_of

pytestmark = pytest.mark.pure


@pytest.fixture
def quick(
    left_normal_pair: SimulatedPair,
) -> Callable[..., SimulatedPair]:
    """Stands in for the physics where a test is about files only."""
    calls: list[int] = []

    def simulate(*, seed: int, index: int, device: object) -> SimulatedPair:
        calls.append(index)
        return left_normal_pair

    simulate.calls = calls  # type: ignore[attr-defined]
    return simulate


def test_a_case_is_the_same_whenever_it_is_made_and_so_are_its_files(
    pairs: list[SimulatedPair], tmp_path: Path
) -> None:
    """Made once more, of a cohort of another size, beside another case."""
    from readerstudy.imaging.tomogram import read_tomogram

    write_cohort(tmp_path, cases=2, seed=SEED)
    for index in range(2):
        assert draw_patient(seed=SEED, index=index) == pairs[index].truth
        for path, volume in zip(
            cohort.case_files(tmp_path, seed=SEED, index=index),
            (pairs[index].reference, pairs[index].short),
            strict=True,
        ):
            np.testing.assert_array_equal(
                read_tomogram(path).volume.counts, volume.counts
            )


def test_volumes_have_the_shape_of_the_study(pairs: list[SimulatedPair]) -> None:
    for pair in pairs:
        assert pair.reference.counts.shape == (pair.truth.slices, 128, 128)
        assert pair.reference.spacing_mm == pytest.approx((3.29,) * 3)
        assert pair.reference.counts.max() < 40_000
        assert (pair.reference.counts == np.rint(pair.reference.counts)).all()
        total = pair.reference.counts.sum(dtype=np.float64)
        assert pair.short.counts.sum(dtype=np.float64) / total == pytest.approx(
            0.2, abs=0.02
        )


def test_ratios_measured_on_the_reference_are_near_those_of_the_truth(
    pairs: list[SimulatedPair],
) -> None:
    errors = []
    for pair in pairs:
        measured = measured_ratios(pair.reference.counts, render_phantom(pair.truth))
        for name in SIDES:
            side = pair.truth.side(name)
            errors.append(measured[name, "putamen"] - side.putamen_sbr)
            errors.append(measured[name, "caudate"] - side.caudate_sbr)
    assert np.abs(errors).max() < 0.5
    assert abs(np.mean(errors)) < 0.12


def test_the_short_images_are_noisier_but_not_ruined(
    pairs: list[SimulatedPair],
) -> None:
    found = [psnr_of(pair) for pair in pairs]
    assert all(23 < value < 36 for value in found)
    assert 28.5 < np.mean(found) < 33


def test_a_stopped_cohort_goes_on_where_it_was(
    quick: Callable[..., SimulatedPair], tmp_path: Path
) -> None:
    steps: list[tuple[int, int]] = []
    with patch.object(cohort, "simulate_pair", quick):
        write_cohort(tmp_path, cases=2, seed=5)
        first, _ = cohort.case_files(tmp_path, seed=5, index=1)
        first.rename(first.with_name(first.name + ".part"))  # killed while writing
        untouched = cohort.case_files(tmp_path, seed=5, index=0)[0].stat().st_mtime_ns
        quick.calls.clear()  # type: ignore[attr-defined]
        write_cohort(
            tmp_path,
            cases=3,
            seed=5,
            progress=lambda done, total: steps.append((done, total)),
        )
    assert sorted(quick.calls) == [1, 2]  # type: ignore[attr-defined]
    assert steps == [(1, 3), (2, 3), (3, 3)]
    assert (
        cohort.case_files(tmp_path, seed=5, index=0)[0].stat().st_mtime_ns == untouched
    )
    assert len(list(tmp_path.glob("*.dcm"))) == 6
    assert not list(tmp_path.glob("*.part"))


def test_a_failing_case_is_not_swallowed(tmp_path: Path) -> None:
    def fail(**_: object) -> SimulatedPair:
        raise RuntimeError("no such physics")

    with (
        patch.object(cohort, "simulate_pair", fail),
        pytest.raises(RuntimeError, match="no such physics"),
    ):
        write_cohort(tmp_path, cases=2, seed=5)
    assert not list(tmp_path.glob("*.dcm"))


def test_the_truth_lies_beside_one_line_a_side(
    quick: Callable[..., SimulatedPair], tmp_path: Path
) -> None:
    with patch.object(cohort, "simulate_pair", quick):
        write_cohort(tmp_path, cases=2, seed=5)
    with (tmp_path / "truth.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["patient_id"], row["side"]) for row in rows] == [
        ("SIM5-0001", "right"),
        ("SIM5-0001", "left"),
        ("SIM5-0002", "right"),
        ("SIM5-0002", "left"),
    ]
    assert all(row["grade"] in "1234" for row in rows)
    assert all(0 < float(row["putamen_sbr"]) < 4 for row in rows)


def test_the_command_writes_and_says_how_far_it_is(
    quick: Callable[..., SimulatedPair],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with patch.object(cohort, "simulate_pair", quick):
        call_command("simulate_cohort", str(tmp_path), "--cases", "2", "--seed", "3")
    assert capsys.readouterr().out.splitlines()[-1] == "case 2 of 2"
    assert len(list(tmp_path.glob("*.dcm"))) == 4


def test_the_time_of_a_case_can_be_measured(
    quick: Callable[..., SimulatedPair], left_normal_pair: SimulatedPair
) -> None:
    with patch.object(timing, "simulate_pair", quick):
        measured = time_one_case()
    assert measured.wall_s >= 0
    assert measured.slices == left_normal_pair.reference.counts.shape[0]
