"""From files to a plan: each file once, and each that is not taken by its reason."""

import json
import shutil
from pathlib import Path

import pydicom
import pytest

from readerstudy.cases import services
from readerstudy.cases.models import Cohort
from readerstudy.cases.plan import CohortPlan
from readerstudy.cases.scanning import slices
from readerstudy.cases.services import scanning
from readerstudy.cases.sources import open_source
from readerstudy.cases.sources.collection import Collection
from readerstudy.imaging.decoding import Decoder
from tests.imaging.objects import head, nuclear_object, write
from tests.imaging.test_tomogram import DATA, needs_data, single_slices

from .conftest import reasons, stored_files, write_pair

pytestmark = pytest.mark.django_db
PATIENTS = ("Abe-1", "Baba-2", "Chiba-3", "Doi-4", "Yamada^Taro")


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
    plain = json.loads(json.dumps(plan.to_json()))
    again = CohortPlan.from_json(plain, folder=plan.folder)
    assert again.to_json() == plan.to_json()
    assert again.pairs[0].reference == plan.pairs[0].reference


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


def test_codes_do_not_follow_the_names_of_patients(tmp_path, settings):
    folder = tmp_path / "many"
    names = [f"Patient-{letter}" for letter in "ABCDEFGH"]
    for name in names:
        write_pair(folder, name)
    orders = set()
    for key in ("one" * 20, "two" * 20):
        settings.IDENTITY_KEY = key
        plan = services.cohort_scan(folder)
        orders.add(tuple(pair.reference.name for pair in plan.pairs))
    assert len(orders) == 2  # the order depends on the key
    assert tuple(f"{name}/A" for name in names) not in orders


def test_progress_is_told_to_the_end(folder, coordinator):
    steps: list[tuple[int, int]] = []
    plan = services.cohort_scan(folder, progress=lambda *step: steps.append(step))
    assert steps[0] == (0, 8)
    assert steps[-1] == (8, 8)
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)
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
    assert sorted(steps) == steps
    assert {done for done, _ in steps} == set(range(27))  # 24 files, 2 series
    assert steps[-1] == (26, 26)


@pytest.mark.parametrize(
    ("limit", "most"), [("MAX_FRAMES", 11), ("MAX_VOXELS", 11 * 72 * 72)]
)
def test_a_series_of_too_many_slices_is_refused_while_it_is_read(
    tmp_path, monkeypatch, limit, most
):
    write_slices(tmp_path / "slices")
    monkeypatch.setattr(Decoder, "assemble", lambda *_: pytest.fail("too late"))
    monkeypatch.setattr(slices, limit, most)
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
    assert "planar" in found["nmqc/Lin_X"]
    assert "Secondary Capture" in found["nema_wg04/NM1_UNC.dcm"]
    assert "DICOMDIR" in found["odd/DICOMDIR"]


def test_each_file_is_opened_once(folder, archive, monkeypatch):
    opened: list[str] = []
    take = Collection.open
    monkeypatch.setattr(
        Collection, "open", lambda self, name: opened.append(name) or take(self, name)
    )
    with open_source(archive) as source:
        services.cohort_import(
            plan=scanning.scan_source(source), name="Once", coordinators=[]
        )
        assert sorted(opened) == source.names


def test_a_scan_that_is_given_up_leaves_no_voxels(folder, settings):
    def stop(done, total):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        services.cohort_scan(folder, progress=stop)
    assert list((settings.VAR_DIR / "uploads").iterdir()) == []


def test_a_file_of_nobodys_making_is_told_by_the_kind_of_its_failure_alone(
    folder, monkeypatch, caplog
):
    """What a decoder says may quote the file; only the kind of it is written down."""
    monkeypatch.setattr(
        Decoder, "_exchange", lambda *_: {"failed": "ValueError", "text": "Yamada"}
    )
    plan = services.cohort_scan(folder)
    assert "not foreseen" in reasons(plan)["Abe-1/A"]
    assert "ValueError" in caplog.text
    for secret in (*PATIENTS, "1.2.3"):
        assert secret not in caplog.text
