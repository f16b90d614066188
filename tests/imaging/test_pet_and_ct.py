"""PET and CT: one file a slice, and whole volumes with functional groups."""

from pathlib import Path

import numpy as np
import pydicom
import pydicom.data
import pytest
from pydicom.uid import CTImageStorage, PositronEmissionTomographyImageStorage

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.tomogram import Tomogram, assemble, read_image, read_tomogram

from . import oracle
from .objects import as_file, write
from .test_tomogram import ALIGNED
from .volumes import enhanced, slices

pytestmark = pytest.mark.pure

SLOPES = [0.5, 1.25, 2.0, 0.75]
MIXED = [2, 0, 3, 1]


def frames(shape: tuple[int, int, int] = (4, 5, 6), seed: int = 7) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2000, shape).astype(np.uint16)


def read_all(files: list) -> Tomogram:
    return assemble([read_image(as_file(ds)) for ds in files])


def assert_same(tomogram: Tomogram, image) -> None:
    np.testing.assert_allclose(
        tomogram.volume.counts, oracle.voxels(image), rtol=1e-6, atol=1e-4
    )
    assert tomogram.volume.spacing_mm == pytest.approx(image.GetSpacing()[::-1])
    assert tomogram.origin_mm == pytest.approx(image.GetOrigin(), abs=1e-3)


@pytest.mark.parametrize("step_mm", [3.0, -3.0])
@pytest.mark.parametrize("orientation", ALIGNED)
def test_pet_slices_of_every_orientation_agree_with_simpleitk(
    tmp_path, orientation, step_mm
):
    """Each slice with its own slope, in an order that has nothing to do with names
    and runs against the instance numbers."""
    files = slices(frames(), orientation=orientation, step_mm=step_mm, slopes=SLOPES)
    files = [files[index] for index in MIXED]
    assert_same(read_all(files), oracle.read_series(files, tmp_path))


def test_ct_slices_agree_with_simpleitk_in_hounsfield_units(tmp_path):
    files = slices(frames(), sop_class=CTImageStorage)
    tomogram = read_all(files)
    assert_same(tomogram, oracle.read_series(files, tmp_path))
    assert tomogram.modality == "CT"
    assert tomogram.volume.counts.min() < 0
    assert tomogram.negative_voxels == np.count_nonzero(frames() < 1024)
    assert tomogram.duration_s is None


def real_slices(folder: str) -> list[pydicom.Dataset]:
    """The axial slices of a real CT that comes in pydicom's wheel."""
    data = Path(pydicom.data.__file__).parent / "test_files" / "dicomdirtests" / folder
    files = [pydicom.dcmread(path) for path in sorted(data.iterdir())]
    return [ds for ds in files if ds.ImageType[2] == "AXIAL"]


def test_a_real_ct_agrees_with_simpleitk(tmp_path):
    files = real_slices("98892001/CT5N")
    tomogram = read_all(files)
    assert_same(tomogram, oracle.read_series(files, tmp_path))
    assert tomogram.volume.counts.shape == (5, 16, 16)
    assert (tomogram.manufacturer, tomogram.sex, tomogram.age_years) == ("GE", "M", 43)


def test_a_real_ct_with_a_hole_is_refused_with_the_place_of_the_hole():
    with pytest.raises(Refused, match=r"2 to 162 .* between -99\.5 and 103\.0 mm"):
        read_all(real_slices("77654033/CT2"))


@pytest.mark.parametrize("modality", ["CT", "PT"])
@pytest.mark.parametrize("step_mm", [3.0, -3.0])
@pytest.mark.parametrize("orientation", [ALIGNED[0], ALIGNED[5], ALIGNED[17]])
def test_enhanced_volumes_agree_with_simpleitk(
    tmp_path, orientation, step_mm, modality
):
    ds = enhanced(frames(), orientation=orientation, step_mm=step_mm, modality=modality)
    path = write(ds, tmp_path / "image.dcm")
    assert_same(read_tomogram(path), oracle.read(path))


def test_frames_of_an_enhanced_volume_are_put_in_order_by_where_they_lie():
    straight = read_tomogram(as_file(enhanced(frames())))
    mixed = read_tomogram(as_file(enhanced(frames(), stored=MIXED)))
    np.testing.assert_array_equal(straight.volume.counts, mixed.volume.counts)
    assert straight.origin_mm == mixed.origin_mm
    np.testing.assert_array_equal(straight.volume.counts, frames() - 1024.0)


def test_every_frame_has_its_own_rescale_slope():
    ds = enhanced(frames(), modality="PT", slopes=SLOPES, stored=MIXED)
    counts = read_tomogram(as_file(ds)).volume.counts
    wanted = frames() * np.array(SLOPES)[:, None, None]
    np.testing.assert_allclose(counts, wanted, rtol=1e-6)


def test_what_pairing_needs_is_told_of_pet():
    whole = read_tomogram(as_file(enhanced(frames(), modality="PT")))
    sliced = read_all(slices(frames()))
    for tomogram in (whole, sliced):
        assert tomogram.modality == "PT"
        assert tomogram.duration_s == 600
        assert tomogram.acquired_at.isoformat() == "2024-01-02T10:15:00"
        assert tomogram.frame_uid == "1.2.3.5"


def test_ct_is_not_measured_for_a_time():
    """A turn of the tube is no time in which counts are collected."""
    assert read_tomogram(as_file(enhanced(frames(), modality="CT"))).duration_s is None
    assert read_tomogram(as_file(enhanced(frames(), modality="PT"))).duration_s == 600


def test_beds_that_follow_each_other_are_counted_together():
    files = slices(frames())
    for ds in files[2:]:
        ds.AcquisitionTime = "102500"
    tomogram = read_all(files)
    assert tomogram.duration_s == 1200
    assert tomogram.acquired_at.isoformat() == "2024-01-02T10:15:00"


def test_the_first_bed_began_the_examination_wherever_it_lies():
    files = slices(frames())
    files[0].AcquisitionTime = "102500"
    assert read_all(files).acquired_at.isoformat() == "2024-01-02T10:15:00"


def test_moments_of_every_slice_are_no_beds():
    """Some scanners write when each slice was made; together they took no longer."""
    files = slices(np.repeat(frames(), 6, axis=0))
    for number, ds in enumerate(files):
        ds.AcquisitionTime = f"1015{number:02}"
    assert read_all(files).duration_s == 600


def test_an_enhanced_file_of_two_times_is_refused():
    both = np.concatenate([frames(), frames(seed=8)])
    ds = enhanced(both)
    groups = ds.PerFrameFunctionalGroupsSequence
    for first, second in zip(groups[:4], groups[4:], strict=True):
        second.PlanePositionSequence = first.PlanePositionSequence
    with pytest.raises(Refused, match="2 images of every slice"):
        read_tomogram(as_file(ds))


def test_a_frame_that_does_not_say_where_it_lies_is_refused():
    ds = enhanced(frames())
    del ds.PerFrameFunctionalGroupsSequence[2].PlanePositionSequence
    with pytest.raises(Refused, match="Image Position"):
        read_tomogram(as_file(ds))
    del ds.PerFrameFunctionalGroupsSequence
    with pytest.raises(Refused, match="Per-frame"):
        read_tomogram(as_file(ds))


def test_frames_that_are_turned_differently_are_refused():
    ds = enhanced(frames())
    item = ds.PerFrameFunctionalGroupsSequence[1]
    item.PlaneOrientationSequence = (
        enhanced(frames(), orientation=(0, 1, 0, 0, 0, -1))
        .SharedFunctionalGroupsSequence[0]
        .PlaneOrientationSequence
    )
    with pytest.raises(Refused, match="differ in orientation"):
        read_tomogram(as_file(ds))


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"SeriesType": ["DYNAMIC", "IMAGE"]}, "dynamic"),
        ({"SeriesType": ["GATED", "IMAGE"]}, "gated"),
        ({"SeriesType": ["WHOLE BODY", "IMAGE"]}, "whole-body"),
        ({"SeriesType": ["STATIC", "REPROJECTION"]}, "projection"),
        ({"Units": "1CM"}, "attenuation map"),
        ({"ImageType": ["DERIVED", "PRIMARY", "MAX_IP"]}, "projection"),
        ({"ImageOrientationPatient": None}, "patient's left"),
        ({"PixelSpacing": None}, "Pixel Spacing"),
    ],
)
def test_other_pet_images_are_refused_each_with_its_reason(values, reason):
    ds = slices(frames())[0]
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    with pytest.raises(Refused, match=reason):
        read_image(as_file(ds))


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (["ORIGINAL", "PRIMARY", "LOCALIZER"], "localizer"),
        (["DERIVED", "SECONDARY", "PROJECTION"], "projection"),
        (["DERIVED", "SECONDARY", "AXIAL", "MIN_IP"], "projection"),
        (["DERIVED", "SECONDARY", "DOSE_INFO"], "not an axial slice"),
        (["ORIGINAL", "PRIMARY"], "not an axial slice"),
        (None, "not an axial slice"),
    ],
)
def test_other_ct_images_are_refused_each_with_its_reason(kind, reason):
    ds = slices(frames(), sop_class=CTImageStorage)[0]
    ds.ImageType = kind
    with pytest.raises(Refused, match=reason):
        read_image(as_file(ds))


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("LOCALIZER", "localizer"),
        ("CARDIAC_GATED", "gated"),
        ("DYNAMIC", "dynamic"),
        ("WHOLE_BODY", "whole-body"),
    ],
)
def test_other_enhanced_images_are_refused_each_with_its_reason(kind, reason):
    ds = enhanced(frames())
    ds.ImageType = ["ORIGINAL", "PRIMARY", kind, "NONE"]
    with pytest.raises(Refused, match=reason):
        read_image(as_file(ds))


def test_modality_says_nothing():
    files = slices(frames(), sop_class=PositronEmissionTomographyImageStorage)
    for ds in files:
        ds.Modality = "CT"
    assert read_all(files).modality == "PT"
