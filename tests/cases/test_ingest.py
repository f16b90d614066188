"""From DICOM files to cases: the whole way, and nothing half of the way."""

import os
import shutil
import time
from pathlib import Path

import numpy as np
import pydicom
import pytest

from readerstudy.cases import selectors, services
from readerstudy.cases.services import importing, scanning
from readerstudy.cases.models import Case, Cohort, Rendition, Series
from readerstudy.cases.plan import CohortPlan
from readerstudy.imaging.errors import Refused
from tests.imaging.objects import head, nuclear_object, write
from tests.imaging.test_tomogram import DATA, needs_data, single_slices

from .conftest import stored_files, write_pair

pytestmark = pytest.mark.django_db
PATIENTS = ("Abe-1", "Baba-2", "Chiba-3", "Doi-4", "Yamada^Taro")


@pytest.fixture
def cohort(folder, coordinator):
    return services.cohort_import(
        plan=services.cohort_scan(folder), name="First", coordinators=[coordinator]
    )


def reasons(plan: CohortPlan) -> dict[str, str]:
    return {one.name: one.reason for one in plan.left_out}


def test_a_folder_and_the_zip_of_it_give_the_same_plan(folder, archive):
    one, other = services.cohort_scan(folder), services.cohort_scan(archive)
    assert one.to_json() == other.to_json()
    assert len(one.pairs) == 3
    assert set(reasons(one)) == {"truth.csv", "single"}


def test_a_scan_writes_nothing(folder):
    services.cohort_scan(folder)
    assert not Cohort.objects.exists()
    assert stored_files() == []


def test_the_plan_survives_json(folder):
    plan = services.cohort_scan(folder)
    again = CohortPlan.from_json(plan.to_json(), path=folder)
    assert again.to_json() == plan.to_json()
    assert again.pairs[0].reference == plan.pairs[0].reference


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


def test_the_short_scan_is_shown_at_the_slice_of_the_reference(tmp_path, coordinator):
    folder = tmp_path / "other"
    write_pair(folder, "Abe-1", hot_slice=6)
    # a short scan whose own hottest slice is another one
    moved = nuclear_object(
        head(hot_slice=8)[::-1], patient="X", study="1.2.9", frame_ms=5000
    )
    write(moved, folder / "X" / "short")
    reference = nuclear_object(
        head(hot_slice=5, scale=5)[::-1], patient="X", study="1.2.9"
    )
    write(reference, folder / "X" / "long")
    plan = services.cohort_scan(folder)
    pair = next(one for one in plan.pairs if one.short.name == "X/short")
    assert pair.central_slice == 5


def test_no_identifier_is_stored(cohort):
    rows = [
        str(value)
        for model in (Cohort, Case, Series, Rendition)
        for row in model.objects.values()
        for value in row.values()
    ]
    text = "\n".join(rows)
    for secret in (*PATIENTS, "1.2.3", "Taro", "4711"):
        assert secret not in text
    names = "\n".join(str(path) for path in stored_files())
    contents = b"".join(path.read_bytes() for path in stored_files())
    for secret in PATIENTS:
        assert secret not in names
        assert secret.encode() not in contents


def test_codes_do_not_follow_the_names_of_patients(tmp_path, settings):
    folder = tmp_path / "many"
    names = [f"Patient-{letter}" for letter in "ABCDEFGH"]
    for name in names:
        write_pair(folder, name)
    orders = set()
    for key in ("one" * 20, "two" * 20):
        settings.SECRET_KEY = key
        plan = services.cohort_scan(folder)
        orders.add(tuple(pair.reference.name for pair in plan.pairs))
    assert len(orders) == 2  # the order depends on the key
    assert tuple(f"{name}/A" for name in names) not in orders


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
    shutil.copy(folder / "Abe-1" / "A", folder / plan.pairs[-1].short.name)
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


def test_progress_is_told_to_the_end(folder, coordinator):
    steps: list[tuple[int, int]] = []
    plan = services.cohort_scan(folder, progress=lambda *step: steps.append(step))
    assert steps[-1] == (11, 11)  # 8 files, 3 pairs
    steps.clear()
    services.cohort_import(
        plan=plan,
        name="First",
        coordinators=[coordinator],
        progress=lambda *step: steps.append(step),
    )
    assert steps == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_a_hot_parotid_is_passed_over_with_a_note(tmp_path, coordinator):
    folder = tmp_path / "hot"
    for name, frame_ms, scale in (("long", 25_000, 5), ("short", 5_000, 1)):
        frames = head(hot_slice=8, scale=scale)
        frames[3, 36, 36 + 18] = 2000 * scale  # 59 mm to the patient's left
        write(nuclear_object(frames[::-1], frame_ms=frame_ms), folder / name)
    plan = services.cohort_scan(folder)
    (pair,) = plan.pairs
    assert pair.central_slice == 8
    assert "slice 4" in pair.notes[0]
    assert "slice 9 was taken" in pair.notes[0]
    cohort = services.cohort_import(plan=plan, name="Hot", coordinators=[coordinator])
    assert "slice 9 was taken" in cohort.cases.get().note


def test_a_central_slice_at_the_end_leaves_the_pair_out(tmp_path):
    folder = tmp_path / "low"
    write_pair(folder, "Abe-1", hot_slice=1)
    plan = services.cohort_scan(folder)
    assert not plan.pairs
    assert "too near the end" in reasons(plan)["Abe-1/A"]
    assert "too near the end" in reasons(plan)["Abe-1/B"]


def write_slices(folder: Path, *, named: bool = True) -> None:
    """A pair in one file a slice; the highest and the lowest slice are empty."""
    for name, frame_ms, scale in (("long", 25_000, 5), ("short", 5_000, 1)):
        frames = head(hot_slice=7, scale=scale)[::-1]
        frames[0] = frames[-1] = 0
        for index, ds in enumerate(single_slices(frames)):
            ds.SeriesInstanceUID = f"1.2.3.{scale}"
            ds.RotationInformationSequence[0].ActualFrameDuration = frame_ms
            if not named:
                ds.SOPInstanceUID = ""
            write(ds, folder / name / f"{index:02}")


def test_progress_goes_on_while_slices_are_put_together(tmp_path):
    write_slices(tmp_path / "slices")
    steps: list[tuple[int, int]] = []
    services.cohort_scan(tmp_path / "slices", progress=lambda *step: steps.append(step))
    # 24 files, each read again with its series, and 1 pair
    assert [done for done, _ in steps] == [*range(48), 49]
    assert [total for _, total in steps[24:]] == [48] * 24 + [49]


@pytest.mark.parametrize(
    ("limit", "most"), [("MAX_FRAMES", 11), ("MAX_VOXELS", 11 * 72 * 72)]
)
def test_a_series_of_too_many_slices_is_refused_while_it_is_read(
    tmp_path, monkeypatch, limit, most
):
    write_slices(tmp_path / "slices")
    monkeypatch.setattr(scanning, "assemble", lambda images: pytest.fail("too late"))
    monkeypatch.setattr(scanning, limit, most)
    plan = services.cohort_scan(tmp_path / "slices")
    assert len(reasons(plan)) == 24
    assert all("series is too large" in why for why in reasons(plan).values())


def test_images_that_nothing_names_are_told_apart_by_their_content(
    tmp_path, coordinator
):
    folder = tmp_path / "nameless"
    for scan, frame_ms, scale in (("A", 25_000, 5), ("B", 5_000, 1)):
        ds = nuclear_object(head(scale=scale)[::-1], frame_ms=frame_ms)
        ds.SOPInstanceUID = ""
        write(ds, folder / scan)
    shutil.copy(folder / "A", folder / "copy of A")
    plan = services.cohort_scan(folder)
    assert len(plan.pairs) == 1
    assert reasons(plan) == {"copy of A": "It is the same image as A."}
    services.cohort_import(plan=plan, name="Once", coordinators=[coordinator])
    assert "imported before" in services.cohort_scan(folder).warnings[0]
    for scan in ("A", "B"):
        ds = pydicom.dcmread(folder / scan)
        ds.PixelData = bytes([ds.PixelData[0] + 1]) + ds.PixelData[1:]
        ds.save_as(folder / scan)
    assert services.cohort_scan(folder).warnings == ()


def test_slices_that_nothing_names_are_told_apart_by_place_and_content(tmp_path):
    folder = tmp_path / "slices"
    write_slices(folder, named=False)
    shutil.copy(folder / "long" / "03", folder / "long" / "copy")
    plan = services.cohort_scan(folder)
    (pair,) = plan.pairs
    assert len(pair.reference.files) == len(pair.short.files) == 12
    assert set(reasons(plan)) == {"long/copy"}


def test_scans_in_one_file_a_slice_are_put_together(tmp_path):
    folder = tmp_path / "slices"
    write_slices(folder)
    shutil.copy(folder / "long" / "03", folder / "long" / "copy")
    plan = services.cohort_scan(folder)
    (pair,) = plan.pairs
    assert pair.central_slice == 7
    assert len(pair.reference.files) == len(pair.short.files) == 12
    assert set(reasons(plan)) == {"long/copy"}


def test_two_examinations_of_a_patient_are_two_cases_with_a_warning(tmp_path):
    folder = tmp_path / "twice"
    for study in ("1.2.1", "1.2.2"):
        for frame_ms, scale in ((25_000, 5), (5_000, 1)):
            frames = head(scale=scale)
            frames[0, 0, 0] = int(study[-1])
            ds = nuclear_object(frames[::-1], study=study, frame_ms=frame_ms)
            write(ds, folder / f"{study}-{frame_ms}")
    plan = services.cohort_scan(folder)
    assert len(plan.pairs) == 2
    assert "C001, C002 are examinations of one patient" in plan.warnings[0]


@needs_data
def test_every_real_file_is_named_with_its_own_reason():
    plan = services.cohort_scan(DATA)
    found = reasons(plan)
    files = [path for path in DATA.rglob("*") if path.is_file()]
    assert not plan.pairs
    assert set(found) == {str(path.relative_to(DATA)) for path in files}
    assert "4.13 mm" in found["nmqc/Jaszack.dcm"]
    assert "STATIC" in found["nmqc/Lin_X"]
    assert "Secondary Capture" in found["nema_wg04/NM1_UNC.dcm"]
    assert "DICOMDIR" in found["odd/DICOMDIR"]
