"""From a confirmed plan to a cohort: all of it, or nothing."""

import os
import re
import shutil
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from readerstudy.cases import selectors, services
from readerstudy.cases.models import Case, Cohort, Rendition, Series
from readerstudy.cases.plan import scan_path
from readerstudy.cases.services import importing
from readerstudy.imaging.errors import Refused
from tests.imaging.objects import head, nuclear_object, write

from .conftest import reasons, stored_files

pytestmark = pytest.mark.django_db
PATIENTS = ("Abe-1", "Baba-2", "Chiba-3", "Doi-4", "Yamada^Taro")


@pytest.fixture
def cohort(folder, coordinator):
    return services.cohort_import(
        plan=services.cohort_scan(folder), name="First", coordinators=[coordinator]
    )


def test_every_scan_becomes_a_case_with_both_images(cohort, coordinator):
    assert cohort.cases.count() == 3
    assert selectors.cohort_methods(cohort) == {"reference": 3, "short": 3}
    assert list(cohort.coordinators.all()) == [coordinator]
    assert [case.code for case in cohort.cases.all()] == ["C001", "C002", "C003"]
    assert sorted(case.central_slice for case in cohort.cases.all()) == [4, 5, 6]


def test_counts_slices_and_sides_arrive_unchanged(cohort):
    """The hottest voxel of these heads is left of the middle and anterior."""
    for case in cohort.cases.all():
        series = case.series.get(role="reference")
        volume = selectors.series_volume(series)
        expected = head(hot_slice=case.central_slice, scale=5)
        expected[:, 0, 0] = volume.counts[:, 0, 0]
        np.testing.assert_array_equal(volume.counts, expected)
        assert series.duration_s == 1500
        values = selectors.rendition_values(
            selectors.rendition_get(case=case, method="reference")
        )
        row, column = np.unravel_index(values[2].argmax(), (64, 64))
        assert (row, column) == (36 - 4 - 4, 36 + 8 - 4)
        assert column > 32 > row  # patient's left is on the right; front is above


def test_no_identifier_is_stored(cohort):
    rows = [
        str(value)
        for model in (Cohort, Case, Series, Rendition)
        for row in model.objects.values()
        for value in row.values()
    ]
    text = "\n".join(rows)
    for secret in (*PATIENTS, "1.2.3", "Taro"):
        assert secret not in text
    # four digits that a digest or a time may hold by chance
    assert not re.search(r"(?<![0-9a-f])4711(?![0-9a-f])", text)
    names = "\n".join(str(path) for path in stored_files())
    contents = b"".join(path.read_bytes() for path in stored_files())
    for secret in PATIENTS:
        assert secret not in names
        assert secret.encode() not in contents


def test_a_name_that_is_taken_is_refused(cohort, folder, coordinator):
    plan = services.cohort_scan(folder)
    files = stored_files()
    with pytest.raises(Refused, match="a cohort named “First” already"):
        services.cohort_import(plan=plan, name=" First ", coordinators=[coordinator])
    assert stored_files() == files


def test_the_same_cohort_again_is_noticed(cohort, folder):
    plan = services.cohort_scan(folder)
    assert plan.warnings == (
        "3 of 3 cases have been imported before, into other cohorts: C001, C002, C003.",
    )


def test_a_failure_in_the_middle_leaves_nothing_behind(folder, coordinator):
    plan = services.cohort_scan(folder)
    numbers = [plan.pairs[index].short.number for index in (0, -1)]
    shutil.copy(*(scan_path(plan.folder, number) for number in numbers))
    with pytest.raises(Refused, match="has changed"):
        services.cohort_import(plan=plan, name="First", coordinators=[coordinator])
    assert not Cohort.objects.exists()
    assert not Case.objects.exists()
    assert stored_files() == []


def test_a_failure_of_the_database_leaves_nothing_behind(
    folder, coordinator, monkeypatch
):
    plan = services.cohort_scan(folder)

    def fail(*args, **kwargs):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(Rendition.objects, "bulk_create", fail)
    with pytest.raises(RuntimeError):
        services.cohort_import(plan=plan, name="First", coordinators=[coordinator])
    assert not Cohort.objects.exists()
    assert stored_files() == []


def test_an_interrupted_import_leaves_nothing_behind(folder, coordinator):
    plan = services.cohort_scan(folder)

    def interrupt(done, total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        services.cohort_import(
            plan=plan, name="First", coordinators=[coordinator], progress=interrupt
        )
    assert not Cohort.objects.exists()
    assert stored_files() == []


def test_two_imports_at_once_cannot_take_the_same_name(
    folder, coordinator, monkeypatch
):
    """The name was free when it was checked, and is not when the rows are written."""
    plan = services.cohort_scan(folder)
    Cohort.objects.create(name="First")
    monkeypatch.setattr(importing, "check_name", lambda name: name)
    with pytest.raises(Refused, match="already"):
        services.cohort_import(plan=plan, name="First", coordinators=[coordinator])
    assert stored_files() == []


def test_what_a_killed_import_left_is_swept_away_after_a_day(cohort):
    kept = set(stored_files())
    media = next(iter(kept)).parents[1]
    for folder in ("series", "renditions"):
        for name, days in (("fresh", 0), ("orphan", 2)):
            path = media / folder / f"{name}.npy"
            path.write_bytes(b"x")
            then = time.time() - days * 86400
            os.utime(path, (then, then))
    for path in kept:
        os.utime(path, (0, 0))
    assert services.files_sweep() == 2
    left = set(stored_files())
    assert kept < left
    assert {path.name for path in left - kept} == {"fresh.npy"}


def test_nothing_to_import_is_refused(tmp_path, coordinator):
    (tmp_path / "empty").mkdir()
    plan = services.cohort_scan(tmp_path / "empty")
    with pytest.raises(Refused, match="No pair"):
        services.cohort_import(plan=plan, name="First", coordinators=[coordinator])


def test_voxels_are_kept_as_the_numbers_they_are_and_stored_without_a_copy(cohort):
    for series in Series.objects.all():
        assert np.load(series.counts.path).dtype == np.uint16
        assert Path(series.counts.path).stat().st_nlink == 2  # the plan's too


def test_what_is_known_of_the_patient_without_naming_them_is_kept(tmp_path):
    folder = tmp_path / "dated"
    for name, frame_ms, scale, clock in (
        ("long", 25_000, 5, "101500"),
        ("short", 5_000, 1, "100000"),
    ):
        ds = nuclear_object(head(scale=scale)[::-1], frame_ms=frame_ms)
        ds.PatientAge, ds.PatientSex = "095Y", "F"
        ds.AcquisitionDate, ds.AcquisitionTime = "20240229", clock
        write(ds, folder / name)
    plan = services.cohort_scan(folder)
    cohort = services.cohort_import(plan=plan, name="Dated", coordinators=[])
    case = cohort.cases.get()
    assert (case.age_years, case.sex) == (90, "F")
    assert case.central_rule == "central-region"
    assert set(case.slice_candidates) == set(Case.SliceRule.values) - {"person"}
    assert case.parity["count_ratio"] == pytest.approx(5, abs=0.1)
    apart = {one.role: one.started_after_s for one in case.series.all()}
    assert apart == {"short": 0, "reference": 900}


def write_large_pixels(folder: Path) -> None:
    for name, frame_ms, scale in (("long", 25_000, 5), ("short", 5_000, 1)):
        ds = nuclear_object(
            head(scale=scale, size=80)[::-1], frame_ms=frame_ms, pixel_mm=(4.1, 4.1)
        )
        write(ds, folder / name)


def test_other_pixels_are_refused_and_taken_resampled_where_it_is_asked_for(tmp_path):
    write_large_pixels(tmp_path / "large")
    plan = services.cohort_scan(tmp_path / "large")
    assert not plan.pairs
    assert "measure 4.10 mm" in reasons(plan)["long"]
    plan = services.cohort_scan(tmp_path / "large", resampling=True)
    cohort = services.cohort_import(plan=plan, name="Large", coordinators=[])
    assert cohort.resampled
    series = cohort.cases.get().series.get(role="reference")
    assert series.row_spacing_mm == series.column_spacing_mm == 3.29
    assert series.resampled_from["spacing_mm"] == [3.29, 4.1, 4.1]
    assert series.resampled_from["shape"] == [12, 80, 80]


def test_a_pair_that_nobody_has_confirmed_is_not_imported(folder):
    plan = services.cohort_scan(folder)
    first, *others = plan.pairs
    unsure = replace(plan, pairs=(replace(first, certain=False), *others))
    with pytest.raises(Refused, match="whether the two scans belong together: C001"):
        services.cohort_import(plan=unsure, name="First", coordinators=[])
    assert not Cohort.objects.exists()
    assert stored_files() == []
