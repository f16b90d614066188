"""Slices that are missing, doubled or shifted are told by name and place."""

import numpy as np
import pydicom
import pytest

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.tomogram import assemble, read_image, read_tomogram

from . import oracle
from .objects import as_file, nuclear_object
from .test_tomogram import ALIGNED
from .volumes import CORNER, enhanced, normal, slices

pytestmark = pytest.mark.pure

COUNT = 14
LOW = 38.5
STEP = 3.3


def a_series(count: int = COUNT, *, step_mm: float = STEP, **options) -> list:
    frames = np.random.default_rng(3).integers(0, 99, (count, 4, 5)).astype(np.uint16)
    files = slices(frames, step_mm=step_mm, **options)
    for ds in files:
        x, y, z = ds.ImagePositionPatient
        ds.ImagePositionPatient = [x, y, round(z - CORNER[2] + LOW, 4)]
        del ds.NumberOfSlices
    return files


def refusal(files: list) -> str:
    with pytest.raises(Refused) as caught:
        assemble([read_image(as_file(ds)) for ds in files])
    return str(caught.value)


def without(files: list, *gone: int) -> list:
    return [ds for index, ds in enumerate(files) if index not in gone]


def test_a_missing_slice_is_told_with_its_number_and_place():
    """The twelfth from below lies at 38.5 + 11·3.3 = 74.8 mm."""
    assert refusal(without(a_series(), 11)) == (
        "Slice 12 of its series is missing, between 71.5 and 78.1 mm."
    )


def test_several_missing_slices_are_told_together():
    assert refusal(without(a_series(), 3, 4)) == (
        "Slices 4 to 5 of its series are missing, between 45.1 and 55.0 mm."
    )
    assert refusal(without(a_series(), 3, 8, 9)) == (
        "3 slices of its series are missing, the first of them slice 4, between "
        "45.1 and 51.7 mm."
    )


def test_slices_are_counted_from_the_lowest_even_if_stored_from_the_highest():
    files = a_series(step_mm=-STEP)  # from 38.5 down to -4.4
    assert refusal(without(files, COUNT - 2)) == (
        "Slice 2 of its series is missing, between -4.4 and 2.2 mm."
    )


def test_a_doubled_slice_is_told_with_its_number_and_place():
    files = a_series()
    assert refusal([*files, files[4]]) == (
        "Slice 5 of its series is there 2 times, at 51.7 mm."
    )


def test_two_volumes_under_one_series_are_told_as_such():
    assert "2 images of every slice" in refusal(a_series() + a_series())


def test_a_slice_missing_at_the_end_is_noticed_where_the_series_tells_its_number():
    files = a_series()
    for ds in files:
        ds.NumberOfSlices = COUNT
    reason = refusal(files[:-1])
    assert "14 slices" in reason and "only 13" in reason


def test_uneven_slices_are_refused_with_both_distances():
    files = a_series()
    for ds in files[8:]:
        x, y, z = ds.ImagePositionPatient
        ds.ImagePositionPatient = [x, y, z + 1.6]
    assert refusal(files) == (
        "Its slices are unevenly spaced: mostly 3.30 mm apart, but 4.90 mm at 61.6 mm."
    )


def test_positions_written_with_few_digits_are_even():
    files = a_series(step_mm=3.287)
    for ds in files:
        ds.ImagePositionPatient = [round(one, 1) for one in ds.ImagePositionPatient]
    tomogram = assemble([read_image(as_file(ds)) for ds in files])
    assert tomogram.volume.spacing_mm[0] == pytest.approx(3.287, abs=0.01)


def test_slices_shifted_by_a_tilted_gantry_are_refused():
    files = a_series()
    for index, ds in enumerate(files):
        x, y, z = ds.ImagePositionPatient
        ds.ImagePositionPatient = [x, y + 0.9 * index, z]
    assert "tilted gantry" in refusal(files)


def test_oblique_slices_are_refused():
    turned = (np.cos(0.2), np.sin(0.2), 0.0, -np.sin(0.2), np.cos(0.2), 0.0)
    assert "oblique" in refusal(a_series(orientation=turned))


def test_slices_of_different_size_or_turn_are_refused():
    for keyword, value in (
        ("Columns", 4),
        ("ImageOrientationPatient", list(ALIGNED[5])),
        ("PixelSpacing", [2.0, 2.6]),
    ):
        files = a_series()
        setattr(files[2], keyword, value)
        if keyword == "Columns":
            files[2].PixelData = files[2].PixelData[:32]
        assert "differ in size or orientation" in refusal(files)


def test_a_slice_without_a_position_is_refused():
    files = a_series()
    del files[6].ImagePositionPatient
    assert "do not say where they lie" in refusal(files)


def test_whole_volumes_and_slices_do_not_mix():
    whole = read_image(as_file(enhanced(np.zeros((3, 4, 5), np.uint16))))
    files = [read_image(as_file(ds)) for ds in a_series()]
    with pytest.raises(Refused, match="mixes"):
        assemble([*files, whole])


def per_frame_nuclear(frames: np.ndarray, *, step_mm: float) -> pydicom.Dataset:
    """Nuclear medicine with functional groups, as some converters write it."""
    ds = nuclear_object(frames, orientation=None, position=None)
    groups = enhanced(frames, step_mm=step_mm)
    ds.SharedFunctionalGroupsSequence = groups.SharedFunctionalGroupsSequence
    ds.PerFrameFunctionalGroupsSequence = groups.PerFrameFunctionalGroupsSequence
    del ds.PixelSpacing
    return ds


@pytest.mark.parametrize("step_mm", [2.5, -2.5])
def test_frames_of_a_nuclear_image_may_say_each_where_they_lie(step_mm):
    """Then their positions count, whatever Spacing Between Slices says."""
    frames = np.random.default_rng(3).integers(0, 99, (5, 4, 6)).astype(np.uint16)
    nuclear = read_tomogram(as_file(per_frame_nuclear(frames, step_mm=step_mm)))
    other = read_tomogram(as_file(enhanced(frames, modality="PT", step_mm=step_mm)))
    np.testing.assert_array_equal(nuclear.volume.counts, other.volume.counts)
    assert nuclear.volume.spacing_mm == other.volume.spacing_mm
    assert nuclear.origin_mm == other.origin_mm


def test_frames_that_say_where_they_lie_may_be_too_few_all_the_same():
    ds = per_frame_nuclear(np.ones((5, 4, 6), np.uint16), step_mm=2.5)
    ds.NumberOfSlices = 6
    with pytest.raises(Refused, match="5 frames for 6 slices"):
        read_image(as_file(ds))


def test_nuclear_slices_tell_too_how_many_they_should_be():
    """GE writes one file a slice with the number and the vector of all."""
    frames = np.ones((6, 4, 5), np.uint16)
    files = []
    for index, frame in enumerate(frames):
        position = (-200.0, -200.0, 100.0 - 4.0 * index)
        ds = nuclear_object(frame[None], series="1.2.9", position=position)
        ds.NumberOfSlices = len(frames)
        files.append(ds)
    assert "6 slices" in refusal(files[1:])
    whole = assemble([read_image(as_file(ds)) for ds in files])
    assert whole.volume.counts.shape == (6, 4, 5)
    assert whole.duration_s == 25.0 * 60


@pytest.mark.parametrize("step_mm", [4.0, -4.0])
@pytest.mark.parametrize("orientation", [ALIGNED[0], ALIGNED[8], ALIGNED[20]])
def test_nuclear_slices_lie_where_simpleitk_puts_them(tmp_path, orientation, step_mm):
    frames = np.random.default_rng(6).integers(0, 99, (6, 4, 5)).astype(np.uint16)
    files = []
    for index, frame in enumerate(frames):
        place = np.array(CORNER) + index * step_mm * normal(orientation)
        ds = nuclear_object(
            frame[None],
            series="1.2.9",
            orientation=orientation,
            position=tuple(round(float(one), 3) for one in place),
            between_mm=-4.0,  # says nothing where each file has its own position
        )
        # GDCM sorts by what stands at the root and reads what the detector says
        ds.ImagePositionPatient = ds.DetectorInformationSequence[0].ImagePositionPatient
        files.append(ds)
    tomogram = assemble([read_image(as_file(ds)) for ds in files[::-1]])
    image = oracle.read_series(files, tmp_path)
    np.testing.assert_array_equal(tomogram.volume.counts, oracle.voxels(image))
    assert tomogram.origin_mm == pytest.approx(image.GetOrigin())
    assert tomogram.volume.spacing_mm == pytest.approx(image.GetSpacing()[::-1])


def test_a_missing_frame_of_an_enhanced_file_is_told_too():
    ds = enhanced(np.zeros((6, 4, 5), np.uint16), step_mm=2.0)
    for item in ds.PerFrameFunctionalGroupsSequence[4:]:
        position = item.PlanePositionSequence[0].ImagePositionPatient
        position[2] += 2.0
    with pytest.raises(Refused, match=r"Slice 5 .* between 106\.0 and 110\.0 mm"):
        read_tomogram(as_file(ds))


def tilted(degrees):
    """A head CT whose gantry leans back: slices go on along the table."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    files = a_series(orientation=(1.0, 0.0, 0.0, 0.0, cosine, sine))
    for index, ds in enumerate(files):
        ds.ImagePositionPatient = [-100.0, -100.0, 3.0 * index]
    return files


def test_the_slices_of_a_tilted_gantry_are_a_stack_as_they_were_taken():
    files = tilted(15)
    stack = assemble([read_image(as_file(ds)) for ds in files], single=True)
    straight = assemble([read_image(as_file(ds)) for ds in a_series()], single=True)
    np.testing.assert_array_equal(stack.volume.counts, straight.volume.counts)
    assert stack.volume.spacing_mm[0] == pytest.approx(3 * np.cos(np.radians(15)))
    assert "tilted by 15°" in stack.warnings[-1]
    assert not any("tilted" in one for one in straight.warnings)


def test_slices_that_are_shifted_alone_are_a_stack_with_a_note():
    """The gantry leaned, and whoever wrote the files left it out of the orientation."""
    files = a_series()
    for index, ds in enumerate(files):
        x, y, z = ds.ImagePositionPatient
        ds.ImagePositionPatient = [x, y + index, z]
    stack = assemble([read_image(as_file(ds)) for ds in files], single=True)
    assert "shifted against each other by up to 13 mm" in stack.warnings[-1]
    assert "tilted gantry" in refusal(files)


def test_the_only_slice_that_came_of_many_is_no_stack():
    ds = a_series()[0]
    ds.NumberOfSlices = COUNT
    with pytest.raises(Refused, match="14 slices, as it says, but only 1"):
        assemble([read_image(as_file(ds))], single=True)
    del ds.NumberOfSlices
    assert len(assemble([read_image(as_file(ds))], single=True).volume.counts) == 1


@pytest.mark.parametrize("across", [(0.0, 1.0, 0.0), (1.0, 0.0, 0.0)])
def test_a_single_slice_that_is_not_axial_is_no_stack_of_axial_ones(across):
    (ds,) = a_series(1, orientation=(*across, 0.0, 0.0, -1.0))
    with pytest.raises(Refused, match="not axial"):
        assemble([read_image(as_file(ds))], single=True)


def test_what_is_normalised_and_measured_must_be_upright():
    assert "tilted gantry" in refusal(tilted(15))


def test_slices_turned_so_far_that_no_axis_is_sure_are_refused():
    images = [read_image(as_file(ds)) for ds in tilted(35)]
    with pytest.raises(Refused, match=r"oblique|tilted gantry"):
        assemble(images, single=True)
