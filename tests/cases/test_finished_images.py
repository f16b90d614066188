"""Images that were made elsewhere come into a cohort, for all of its cases or none."""

from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from readerstudy.audit.models import AuditEvent
from readerstudy.cases import selectors, services
from readerstudy.cases.matching.finished import WAYS, turned_over
from readerstudy.cases.models import Case, Rendition
from readerstudy.cases.services.images import method_named
from readerstudy.imaging.errors import Refused
from tests.imaging.objects import head, nuclear_object, write

from .finished import PATIENTS, heads, problems, stacks, take, values_of, write_arrays
from .stacks import SHAPE, body, case_of, noisy, write_ct

__all__ = ["heads", "stacks"]

pytestmark = pytest.mark.django_db


def test_arrays_are_found_by_the_code_in_their_names(stacks, tmp_path, coordinator):
    folder = write_arrays(stacks, tmp_path / "mine", lambda values: values + 0.5)
    report = take(stacks, folder, by=coordinator)
    assert (report.method, report.cases, report.left_out) == ("result-mine", 2, ())
    for case in stacks.cases.all():
        made = case.renditions.get(method="result-mine")
        assert made.provenance == {"made_by": "result", "unit": "HU"}
        np.testing.assert_array_equal(
            selectors.rendition_values(made), values_of(case) + 0.5
        )
    event = AuditEvent.objects.get(action="images.import")
    assert event.after == {"method": "result-mine", "cases": 2}
    assert event.actor_name == "coordinator"


def test_the_same_images_again_change_nothing(stacks, tmp_path):
    folder = write_arrays(stacks, tmp_path / "mine")
    take(stacks, folder)
    before = list(Rendition.objects.order_by("pk").values())
    take(stacks, folder)
    assert list(Rendition.objects.order_by("pk").values()) == before


def test_dicom_series_are_found_by_their_patients(stacks, tmp_path):
    for seed, patient in enumerate(PATIENTS):
        write_ct(
            tmp_path / "mine" / str(seed),
            noisy(body(seed), seed=50, sd=10),
            patient=patient,
            study=f"1.3.{seed}",
        )
    take(stacks, tmp_path / "mine")
    found = sorted(
        values_of(case, "result-mine").tobytes() for case in stacks.cases.all()
    )
    assert found == sorted(
        noisy(body(seed), seed=50, sd=10).astype(np.float32).tobytes()
        for seed in range(2)
    )


def test_dicom_series_are_found_by_the_code_of_their_folder(stacks, tmp_path):
    for case in stacks.cases.all():
        write_ct(
            tmp_path / "mine" / case.code,
            values_of(case).astype(np.int16),
            patient="anonymous",
            study=f"1.3.{case.pk}",
        )
    assert take(stacks, tmp_path / "mine").cases == 2


def test_a_case_without_an_image_is_named(stacks, tmp_path):
    folder = write_arrays(stacks, tmp_path / "mine")
    (folder / "C002_mine.npy").unlink()
    assert problems(stacks, folder) == ["Case C002 has no image."]


def test_files_that_cannot_be_read_are_told_as_the_reason(stacks, tmp_path):
    folder = write_arrays(stacks, tmp_path / "mine")
    (folder / "C002_mine.npy").unlink()
    for number, path in enumerate(
        write_ct(tmp_path / "ct", body(1), patient="Baba-2", study="1.3").iterdir()
    ):
        (folder / f"C002-{number}.dcm").write_bytes(path.read_bytes()[:-100])
    (folder / "notes.txt").write_text("nothing")
    missing, damaged = problems(stacks, folder)
    assert missing == "Case C002 has no image."
    assert damaged.startswith("C002-0.dcm cannot be taken, nor 2 more: It is trun")


def test_a_folder_that_names_another_patient_s_case_is_told(stacks, tmp_path):
    """Whoever has mixed them up would swap two patients without a word."""
    for seed, patient in enumerate(PATIENTS):
        mine = case_of(stacks, body(seed)).code
        (other,) = {"C001", "C002"} - {mine}
        write_ct(
            tmp_path / "mine" / other,
            noisy(body(seed), seed=50, sd=10),
            patient=patient,
            study=f"1.3.{seed}",
        )
    found = problems(stacks, tmp_path / "mine")
    assert "it could be of several cases (C001, C002)" in found[0]


def test_images_with_writing_burned_in_are_not_taken_unseen(stacks, tmp_path):
    """Nobody looks at them before they are stored, and it may be a patient's name."""
    for seed, patient in enumerate(PATIENTS):
        write_ct(
            tmp_path / "mine" / patient,
            noisy(body(seed), seed=50, sd=10),
            patient=patient,
            study=f"1.3.{seed}",
            BurnedInAnnotation="YES",
        )
    found = problems(stacks, tmp_path / "mine")
    assert len(found) == 2
    assert all("writing is burned into its image" in one for one in found)


def test_images_of_one_part_are_enough(stacks, tmp_path):
    stacks.cases.filter(code="C001").update(split=Case.Split.TEST)
    stacks.cases.filter(code="C002").update(split=Case.Split.TRAINING)
    folder = write_arrays(stacks, tmp_path / "mine")
    (folder / "C002_mine.npy").unlink()
    assert take(stacks, folder).cases == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda values: values[:, :, 1:], r"Its shape is (3, 40, 47), but (3, 40, 48)"),
        (lambda values: np.where(values > 300, np.nan, values), "not numbers"),
        (lambda values: (values + 1024) / 4096, "is it in Hounsfield units?"),
        (lambda values: values[:, ::-1], "Turned over from front to back"),
        (lambda values: values[:, :, ::-1], "Turned over from left to right"),
        (lambda values: values.astype("S8"), "not numbers"),
    ],
)
def test_what_does_not_fit_is_told_of_every_file(stacks, tmp_path, change, said):
    found = problems(stacks, write_arrays(stacks, tmp_path / "mine", change))
    assert len(found) == 2
    for code, sentence in zip(("C001", "C002"), found, strict=True):
        assert sentence.startswith(f"{code}_mine.npy cannot be taken: ")
        assert said in sentence


def test_a_scanners_padding_is_no_other_level(stacks, tmp_path):
    """Around what was scanned some have air there and others the least number."""

    def padded(values: np.ndarray) -> np.ndarray:
        _, rows, columns = values.shape
        y, x = (np.linspace(-1, 1, side) for side in (rows, columns))
        return np.where(np.hypot(x, y[:, None]) > 1, -3024, values)

    assert take(stacks, write_arrays(stacks, tmp_path / "mine", padded)).cases == 2


@pytest.mark.parametrize("shape", [(3, 512, 512), (3, 256, 256), (9, 49, 64)])
@pytest.mark.parametrize("axis", [1, 2])
def test_what_is_turned_over_is_seen_at_any_size(shape, axis):
    """Blocks of a size that divides no side must not hide it."""
    reference = body(shape=shape)
    image = noisy(reference, seed=3)
    assert turned_over(reference, image) == ""
    assert turned_over(reference, np.flip(image, axis)) == WAYS[axis]


@pytest.mark.parametrize("shape", [(3, 65, 65), (5, 256, 256), (2, 512, 512)])
@pytest.mark.parametrize("factor", [1.0, 1.1])
def test_what_is_alike_on_both_sides_is_not_taken_for_turned_over(shape, factor):
    """A round phantom without noise: neither rounding nor a tenth of a voxel tell."""
    here, there = (round_phantom(shape, moved=moved) for moved in (-0.05, 0.05))
    assert turned_over(here, factor * here) == ""
    assert turned_over(here, factor * there) == ""


def round_phantom(shape: tuple[int, int, int], *, moved: float) -> np.ndarray:
    slices, rows, columns = shape
    y, x = (np.arange(side) - (side - 1) / 2 for side in (rows, columns))
    radius = np.hypot(x - moved, 1.2 * y[:, None])
    one = 1000 / (1 + np.exp(radius - 0.35 * rows))
    return np.stack([one] * slices).astype(np.float32)


def test_a_person_may_insist_that_it_is_upright(stacks, tmp_path):
    folder = write_arrays(stacks, tmp_path / "mine", lambda values: values[:, :, ::-1])
    assert take(stacks, folder, as_is=True).cases == 2


def test_files_of_no_case_and_of_several_are_told(stacks, tmp_path):
    folder = write_arrays(stacks, tmp_path / "mine")
    values = values_of(stacks.cases.first())
    np.save(folder / "C0011.npy", values)
    np.save(folder / "C001-or-C002.npy", values)
    np.save(folder / "C001.npy", values)
    (folder / "notes.txt").write_text("nothing")
    found = " ".join(problems(stacks, folder))
    assert "C0011.npy: it belongs to no case" in found
    assert "C001-or-C002.npy: it could be of several cases (C001, C002)" in found
    assert "Case C001 has two images: C001.npy and C001_mine.npy." in found
    assert "notes" not in found


def test_objects_are_never_unpickled(stacks, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    np.save(folder / "C001.npy", np.full(SHAPE, None), allow_pickle=True)
    (folder / "C002.npy").write_bytes(b"\x93NUMPY\x01\x00\x10\x00exec('1')      ")
    first, second = problems(stacks, folder)
    assert "not numbers" in first
    assert "no array that NumPy has written" in second


def test_a_study_that_reads_an_image_keeps_it(stacks, tmp_path):
    stacks.cases.filter(code="C002").update(split=Case.Split.TEST)
    folder = write_arrays(stacks, tmp_path / "mine")
    (folder / "C001_mine.npy").unlink()
    take(stacks, folder)
    services.cohort_freeze(cohort=stacks)
    other = write_arrays(stacks, tmp_path / "other", lambda values: values + 1)
    with pytest.raises(services.ImagesRefusedError, match="being read in a study"):
        take(stacks, other)
    made = Rendition.objects.get(method="result-mine")  # nor has the other case one
    np.testing.assert_array_equal(
        selectors.rendition_values(made), values_of(made.case)
    )


def test_five_slices_of_a_head_are_taken_as_they_are(heads, tmp_path):
    folder = write_arrays(heads, tmp_path / "mine", lambda values: values * 0.9)
    take(heads, folder)
    case = heads.cases.first()
    np.testing.assert_array_equal(
        values_of(case, "result-mine"), values_of(case) * np.float32(0.9)
    )
    made = case.renditions.get(method="result-mine")
    assert made.provenance["central_slice"] == case.central_slice


def test_counts_are_no_shares_of_a_maximum(heads, tmp_path):
    folder = write_arrays(heads, tmp_path / "mine", lambda values: values * 255)
    assert "shares of the maximum" in problems(heads, folder)[0]


def test_a_whole_head_is_cut_like_the_case_s_own_scans(heads, tmp_path):
    for index, patient in enumerate(PATIENTS):
        frames = head(hot_slice=5 + index, scale=5.0)
        frames[:, 0, 0] = sum(patient.encode()) % 97
        ds = nuclear_object(frames[::-1], patient=patient, study="1.9")
        write(ds, tmp_path / "mine" / patient)
    take(heads, tmp_path / "mine")
    for case in heads.cases.all():
        reference = case.renditions.get(method="reference")
        made = case.renditions.get(method="result-mine")
        assert made.sha256 == reference.sha256


def test_the_command_says_what_it_took(stacks, tmp_path):
    folder, out = write_arrays(stacks, tmp_path / "mine"), StringIO()
    (folder / "notes.txt").write_text("nothing")
    call_command("import_images", "Low dose", str(folder), "--name", "Mine", stdout=out)
    assert "left out  notes.txt" in out.getvalue()
    assert "Took images of 2 cases as “result-mine”." in out.getvalue()
    with pytest.raises(CommandError, match="no cohort named “High dose”"):
        call_command("import_images", "High dose", str(folder), "--name", "Mine")


@pytest.mark.parametrize("name", ["…", "", "U-Net 改良", "学習"])
def test_images_need_a_name_that_loses_nothing_in_an_address(stacks, tmp_path, name):
    """Else two names are one, and the second images take the place of the first."""
    with pytest.raises(Refused, match="letters or digits"):
        services.images_import(cohort=stacks, name=name, path=tmp_path)


def test_no_name_is_cut_to_another_s():
    longest = "n" * 60
    method = method_named(longest)
    assert method_named(method) == method == f"result-{longest}"
    with pytest.raises(Refused, match="longer than 60"):
        method_named(f"{longest}2")


@pytest.mark.parametrize("name", ["U-Net, v2", "Ｕ－Ｎｅｔ ｖ２", "Ü-net v2"])
def test_names_are_written_in_small_letters(name):
    assert method_named(name) == "result-u-net-v2"
