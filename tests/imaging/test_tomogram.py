"""What comes out of a file: counts, the patient's sides, and reasons."""

import itertools
import random
import warnings
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK
from pydicom.uid import (
    JPEGLSLossless,
    NuclearMedicineImageStorage,
    SecondaryCaptureImageStorage,
)

from readerstudy.imaging import dicom_file
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.tomogram import assemble, read_image, read_tomogram

from .objects import AXIAL, as_file, compressed, nuclear_object, write

pytestmark = pytest.mark.pure

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
needs_data = pytest.mark.skipif(
    not DATA.exists(), reason="the real DICOM files are not beside this checkout"
)

# every way an image can lie along the patient's axes: column and row directions
ALIGNED = [
    tuple(int(value) for value in (*one, *other))
    for one, other in itertools.permutations(
        [sign * axis for axis in np.eye(3, dtype=int) for sign in (1, -1)], 2
    )
    if not one @ other
]


def random_frames(shape: tuple[int, int, int] = (4, 5, 6)) -> np.ndarray:
    return np.random.default_rng(7).integers(0, 2000, shape).astype(np.uint16)


def refusal(ds: pydicom.Dataset) -> str:
    with pytest.raises(Refused) as caught:
        read_tomogram(as_file(ds))
    return str(caught.value)


@needs_data
def test_the_real_phantom_comes_out_right_way_up_with_its_counts():
    tomogram = read_tomogram(DATA / "nmqc" / "Jaszack.dcm")
    counts = tomogram.volume.counts
    assert counts.shape == (45, 128, 128)
    assert counts.sum(dtype=np.float64) == tomogram.total_counts == 124591663
    assert counts.max() == 1851
    # frame index 16 as stored, counted from the highest slice
    assert int(counts.max(axis=(1, 2)).argmax()) == 44 - 16
    assert tomogram.volume.spacing_mm == pytest.approx((4.13, 4.13, 4.13), abs=1e-5)
    stored = pydicom.dcmread(DATA / "nmqc" / "Jaszack.dcm").pixel_array
    np.testing.assert_array_equal(counts, stored[::-1])


@needs_data
def test_the_real_phantom_lies_where_simpleitk_puts_it():
    path = DATA / "nmqc" / "Jaszack.dcm"
    tomogram = read_tomogram(path)
    image = oracle(path)
    np.testing.assert_array_equal(
        tomogram.volume.counts, SimpleITK.GetArrayFromImage(image)
    )


def oracle(path: Path) -> SimpleITK.Image:
    """The file as SimpleITK reads it, turned so that x, y, z grow to L, P, S."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image = SimpleITK.ReadImage(str(path))
    return SimpleITK.DICOMOrient(image, "LPS")


@pytest.mark.parametrize("between_mm", [3.5, -3.5])
@pytest.mark.parametrize("orientation", ALIGNED)
def test_every_aligned_orientation_agrees_with_simpleitk(
    tmp_path, orientation, between_mm
):
    """SimpleITK is the independent oracle for geometry, for both signs of spacing."""
    ds = nuclear_object(
        random_frames(),
        orientation=orientation,
        between_mm=between_mm,
        pixel_mm=(2.0, 3.0),
    )
    path = write(ds, tmp_path / "image.dcm")
    tomogram = read_tomogram(path)
    image = oracle(path)
    np.testing.assert_array_equal(
        tomogram.volume.counts, SimpleITK.GetArrayFromImage(image)
    )
    assert tomogram.volume.spacing_mm == pytest.approx(image.GetSpacing()[::-1])
    assert tomogram.origin_mm == pytest.approx(image.GetOrigin())


def test_a_spot_on_the_patients_left_anterior_and_high_lands_there():
    """Worked by hand, without an oracle: axial, first frame highest."""
    frames = np.zeros((4, 6, 8), np.uint16)
    frames[0, 1, 6] = 9  # highest slice; anterior row; column towards patient's left
    counts = read_tomogram(as_file(nuclear_object(frames))).volume.counts
    assert np.argwhere(counts).tolist() == [[3, 1, 6]]


def test_a_mirrored_row_direction_is_put_back():
    """Columns stored from left to right of the patient instead of right to left."""
    frames = np.zeros((4, 6, 8), np.uint16)
    frames[0, 1, 1] = 9  # column index grows to the patient's right: 1 is left
    ds = nuclear_object(frames, orientation=(-1, 0, 0, 0, 1, 0), between_mm=3.29)
    counts = read_tomogram(as_file(ds)).volume.counts
    # normal (-x)×y = -z: frame 0 is the highest for a positive spacing
    assert np.argwhere(counts).tolist() == [[3, 1, 6]]


def test_position_and_orientation_may_stand_at_the_root():
    frames = random_frames()
    one = read_tomogram(as_file(nuclear_object(frames, at_root=True)))
    other = read_tomogram(as_file(nuclear_object(frames)))
    np.testing.assert_array_equal(one.volume.counts, other.volume.counts)
    assert one.origin_mm == other.origin_mm


def test_slice_vector_orders_the_frames():
    frames = random_frames()
    ds = nuclear_object(frames)
    ds.SliceVector = [3, 1, 4, 2]
    shuffled = read_tomogram(as_file(ds)).volume.counts
    np.testing.assert_array_equal(shuffled, frames[[1, 3, 0, 2]][::-1])


def test_counts_survive_lossless_compression():
    frames = random_frames()
    plain = read_tomogram(as_file(nuclear_object(frames)))
    packed = read_tomogram(as_file(compressed(nuclear_object(frames))))
    np.testing.assert_array_equal(plain.volume.counts, packed.volume.counts)


def test_rescale_is_applied_and_its_absence_means_one_and_zero():
    frames = random_frames()
    ds = nuclear_object(frames)
    ds.RescaleSlope, ds.RescaleIntercept = "0.5", "10"
    scaled = read_tomogram(as_file(ds)).volume.counts
    np.testing.assert_allclose(scaled, frames[::-1] * 0.5 + 10)


def test_signed_pixels_keep_small_negative_values():
    frames = random_frames().astype(np.int16) - 50
    counts = read_tomogram(as_file(nuclear_object(frames))).volume.counts
    assert counts.min() == frames.min() < 0


def test_an_invalid_rescale_slope_is_ignored_with_a_warning():
    frames = random_frames()
    ds = nuclear_object(frames)
    ds.RescaleSlope = "0"
    tomogram = read_tomogram(as_file(ds))
    np.testing.assert_array_equal(tomogram.volume.counts, frames[::-1])
    assert any("Rescale Slope" in warning for warning in tomogram.warnings)


def test_duration_is_projections_times_their_length():
    tomogram = read_tomogram(as_file(nuclear_object(random_frames())))
    assert tomogram.duration_s == 25.0 * 60
    without = nuclear_object(random_frames(), frame_ms=None)
    assert read_tomogram(as_file(without)).duration_s is None


def test_values_that_break_the_standard_do_no_harm():
    ds = nuclear_object(random_frames())
    with dicom_file.lenient():
        ds.PatientBirthDate = "00000000"
        ds.AcquisitionDate, ds.AcquisitionTime = "99999999", "noon"
        ds.StationName = "longer than sixteen characters"
        ds.PatientID = "L" * 200
        ds.EnergyWindowInformationSequence = []
        ds.RadiopharmaceuticalInformationSequence = [pydicom.Dataset()]
        ds.RotationInformationSequence = []
        ds.Manufacturer = "SIEMENS NM"
        file = as_file(ds)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tomogram = read_tomogram(file)
    assert tomogram.acquired_at is tomogram.duration_s is None
    assert tomogram.patient_id == "L" * 200
    assert tomogram.manufacturer == "Siemens"


def test_oblique_slices_are_refused():
    turned = (np.cos(0.2), np.sin(0.2), 0.0, -np.sin(0.2), np.cos(0.2), 0.0)
    ds = nuclear_object(random_frames(), orientation=turned)
    assert "oblique" in refusal(ds)


@pytest.mark.parametrize("orientation", [None, (1, 0, 0, 1, 0, 0), (0, 0, 0, 0, 0, 0)])
def test_without_a_usable_orientation_no_side_is_guessed(orientation):
    ds = nuclear_object(random_frames(), orientation=orientation)
    assert "patient's left" in refusal(ds)


def test_without_a_slice_direction_the_assumption_is_told():
    frames = random_frames()
    tomogram = read_tomogram(as_file(nuclear_object(frames, between_mm=None)))
    np.testing.assert_array_equal(tomogram.volume.counts, frames)
    assert any("Spacing Between Slices" in one for one in tomogram.warnings)


def test_modality_does_not_decide_but_sop_class_does():
    ds = nuclear_object(random_frames())
    ds.Modality = "NM"
    ds.SOPClassUID = SecondaryCaptureImageStorage
    ds.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    assert "Secondary Capture" in refusal(ds)


@pytest.mark.parametrize(
    "image_type", [["ORIGINAL", "PRIMARY", "TOMO", "EMISSION"], ["DERIVED"], None]
)
def test_a_nuclear_image_that_is_not_reconstructed_is_refused(image_type):
    ds = nuclear_object(random_frames())
    ds.ImageType = image_type
    assert "not a reconstructed tomogram" in refusal(ds)


def test_several_phases_in_one_file_are_refused():
    ds = nuclear_object(random_frames())
    ds.NumberOfSlices = 2
    assert "4 frames for 2 slices" in refusal(ds)


def test_a_truncated_image_is_refused_as_truncated():
    content = as_file(nuclear_object(random_frames())).getvalue()
    ds = pydicom.dcmread(as_file(nuclear_object(random_frames())))
    ds.PixelData = ds.PixelData[:100]
    assert "truncated" in refusal(ds)
    for length in (len(content) - 20, len(content) // 2, 200, 140):
        file = as_file(nuclear_object(random_frames()))
        file.truncate(length)
        with pytest.raises(Refused):
            read_tomogram(file)


def test_a_compression_without_decoder_is_named():
    ds = nuclear_object(random_frames())
    ds.PixelData = pydicom.encaps.encapsulate([b"\xff\xd8\xff\xd9"] * 4)
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    ds.file_meta.TransferSyntaxUID = JPEGLSLossless
    assert "JPEG-LS" in refusal(ds)


@pytest.mark.parametrize("implicit", [True, False])
def test_an_old_file_without_preamble_is_read(implicit):
    frames = random_frames()
    ds = nuclear_object(frames)
    del ds.file_meta
    file = BytesIO()
    ds.save_as(
        file, implicit_vr=implicit, little_endian=True, enforce_file_format=False
    )
    file.seek(0)
    counts = read_tomogram(file).volume.counts
    np.testing.assert_array_equal(counts, frames[::-1])


def test_an_unknown_transfer_syntax_is_refused():
    content = as_file(nuclear_object(random_frames())).getvalue()
    broken = content.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.9.1\0", 1)
    assert broken != content
    with pytest.raises(Refused, match="Transfer Syntax"):
        read_tomogram(BytesIO(broken))


@pytest.mark.parametrize("seed", range(4))
def test_damaged_files_are_refused_or_read_but_never_crash(seed):
    """Bytes changed and dropped at random; 6000 such files were tried once."""
    rng = random.Random(seed)
    whole = [
        as_file(nuclear_object(random_frames())).getvalue(),
        as_file(compressed(nuclear_object(random_frames()))).getvalue(),
    ]
    outcomes = set()
    for _ in range(100):
        content = bytearray(rng.choice(whole))
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(132, len(content) - 4)
            if rng.random() < 0.7:
                content[at] = rng.randrange(256)
            else:
                del content[at : at + rng.randint(1, 4)]
        try:
            read_tomogram(BytesIO(bytes(content)))
            outcomes.add("read")
        except Refused as error:
            outcomes.add(str(error))
    assert len(outcomes) > 5


def test_an_image_too_large_to_be_true_is_refused_before_it_is_decoded():
    ds = nuclear_object(random_frames())
    ds.Rows = ds.Columns = 60_000
    assert "too large" in refusal(ds)


def test_a_deflated_file_that_expands_too_far_is_refused(monkeypatch):
    path = pydicom.data.get_testdata_file("image_dfl.dcm")
    monkeypatch.setattr(dicom_file, "MAX_FILE_BYTES", 250_000)
    with pytest.raises(Refused, match="expands"):
        read_tomogram(Path(path))


def test_no_file_of_pydicoms_collection_crashes_the_reader():
    folder = Path(pydicom.data.__file__).parent
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 100
    for path in files:
        try:
            read_image(path)
        except Refused as error:
            assert str(error).endswith(".")


@needs_data
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nmqc/FourBar.dcm", "planar"),
        ("nmqc/Lin_X", "planar"),
        ("nmqc/UNIFORMIDAD_1.dcm", "planar"),
        ("nema_wg04/NM1_UNC.dcm", "Secondary Capture"),
        ("nema_wg04/NM1_JPLY.dcm", "Secondary Capture"),
        ("odd/DICOMDIR", "DICOMDIR"),
        ("odd/GH184.dcm", "single slice"),
        ("odd/GH223.dcm", "localizer"),
        ("odd/GH227.dcm", "screen capture"),
        ("odd/GH177_D_CLUNIE_CT1_IVRLE_BigEndian_undefined_length.dcm", "damaged"),
        ("odd/chrJapMulti.dcm", "Computed Radiography"),
        ("README.md", "not a DICOM file"),
    ],
)
def test_each_odd_file_gets_its_own_reason(name, reason):
    with pytest.raises(Refused, match=reason):
        read_tomogram(DATA / name)


def single_slices(frames: np.ndarray) -> list[pydicom.Dataset]:
    """One file a slice, as GE writes them: NumberOfFrames 1, a full SliceVector."""
    count = len(frames)
    found = []
    for index, frame in enumerate(frames):
        ds = nuclear_object(
            frame[None],
            series="1.2.3.9",
            position=(-200.0, -200.0, 100.0 - 4.0 * index),
            between_mm=-4.0,
        )
        ds.SliceVector = list(range(1, count + 1))
        ds.NumberOfSlices = count
        ds.SliceThickness = 3.29
        found.append(ds)
    return found


def test_files_of_one_slice_each_become_one_tomogram():
    frames = random_frames()
    whole = read_tomogram(as_file(nuclear_object(frames, between_mm=-4.0)))
    files = [read_image(as_file(ds)) for ds in single_slices(frames)]
    tomogram = assemble([files[index] for index in (2, 0, 3, 1)])
    np.testing.assert_array_equal(tomogram.volume.counts, whole.volume.counts)
    assert tomogram.volume.spacing_mm == pytest.approx((4.0, 3.29, 3.29))
    assert tomogram.origin_mm == pytest.approx(whole.origin_mm)
    assert len(tomogram.sop_uids) == 4


def test_a_missing_slice_of_a_series_is_noticed():
    files = [read_image(as_file(ds)) for ds in single_slices(random_frames())]
    with pytest.raises(Refused, match="missing"):
        assemble([files[0], files[1], files[3]])
    with pytest.raises(Refused, match="single slice"):
        assemble(files[:1])


def test_the_objects_of_these_tests_are_what_they_claim():
    ds = nuclear_object(random_frames())
    assert ds.SOPClassUID == NuclearMedicineImageStorage
    assert ds.DetectorInformationSequence[0].ImageOrientationPatient == list(AXIAL)
