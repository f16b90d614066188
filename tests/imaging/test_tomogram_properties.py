"""What holds for every tomogram, however its file is laid out.

The affine of DICOM (PS3.3 C.7.6.2.1.1) is written out here once more, on its own.
"""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from readerstudy.imaging.dicom_file import lenient
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.tomogram import Tomogram, assemble, read_image, read_tomogram

from .objects import as_file, nuclear_object
from .test_tomogram import ALIGNED
from .volumes import enhanced, slices

pytestmark = pytest.mark.pure

SHAPES = st.tuples(st.integers(2, 6), st.integers(2, 6), st.integers(2, 6))
MM = st.floats(0.5, 9.0).map(lambda mm: round(mm, 3))
SIGNS = st.sampled_from([1, -1])
ORIENTATIONS = st.sampled_from(ALIGNED)
CORNERS = st.tuples(*[st.floats(-500, 500).map(lambda mm: round(mm, 3))] * 3)
properties = settings(max_examples=60)


def one_spot(shape: tuple[int, int, int], at: tuple[int, int, int]) -> np.ndarray:
    frames = np.zeros(shape, np.uint16)
    frames[at] = 777
    return frames


def place_of_spot(tomogram: Tomogram) -> np.ndarray:
    """Where the one spot is in the patient: left, back, head, mm."""
    (index,) = np.argwhere(tomogram.volume.counts == 777)
    return np.array(tomogram.origin_mm) + (index * tomogram.volume.spacing_mm)[::-1]


@properties
@given(data=st.data())
def test_a_spot_stays_where_the_file_says_it_is(data):
    shape = data.draw(SHAPES)
    at = tuple(data.draw(st.integers(0, length - 1)) for length in shape)
    orientation, corner = data.draw(ORIENTATIONS), data.draw(CORNERS)
    row_mm, column_mm = data.draw(MM), data.draw(MM)
    step_mm = data.draw(MM) * data.draw(SIGNS)
    ds = nuclear_object(
        one_spot(shape, at),
        orientation=orientation,
        position=corner,
        between_mm=step_mm,
        pixel_mm=(row_mm, column_mm),
        at_root=data.draw(st.booleans()),
    )
    ds.SliceThickness = data.draw(MM)  # may differ, and says nothing of distances
    along_columns, along_rows = np.array(orientation, float).reshape(2, 3)
    wanted = (
        np.array(corner)
        + at[2] * column_mm * along_columns
        + at[1] * row_mm * along_rows
        + at[0] * step_mm * np.cross(along_columns, along_rows)
    )
    tomogram = read_tomogram(as_file(ds))
    np.testing.assert_allclose(place_of_spot(tomogram), wanted, atol=1e-6)


@properties
@given(data=st.data())
def test_slices_in_any_order_and_an_enhanced_file_give_the_same_tomogram(data):
    shape, orientation = data.draw(SHAPES), data.draw(ORIENTATIONS)
    step_mm = data.draw(MM) * data.draw(SIGNS)
    frames = np.random.default_rng(data.draw(st.integers(0, 99))).integers(0, 99, shape)
    frames = frames.astype(np.uint16)
    layout = {"orientation": orientation, "step_mm": step_mm}
    order = data.draw(st.permutations(range(shape[0])))
    files = slices(frames, **layout)
    sliced = assemble([read_image(as_file(files[index])) for index in order])
    whole = read_tomogram(
        as_file(enhanced(frames, modality="PT", stored=order, **layout))
    )
    np.testing.assert_array_equal(sliced.volume.counts, whole.volume.counts)
    assert sliced.origin_mm == pytest.approx(whole.origin_mm)
    assert sliced.volume.spacing_mm == pytest.approx(whole.volume.spacing_mm)
    assert sliced.total_counts == frames.sum()


@properties
@given(data=st.data())
def test_slice_vector_may_have_any_order(data):
    shape = data.draw(SHAPES)
    frames = np.random.default_rng(4).integers(0, 99, shape).astype(np.uint16)
    order = data.draw(st.permutations(range(shape[0])))
    straight = read_tomogram(as_file(nuclear_object(frames)))
    ds = nuclear_object(frames[list(order)])
    ds.SliceVector = [index + 1 for index in order]
    np.testing.assert_array_equal(
        read_tomogram(as_file(ds)).volume.counts, straight.volume.counts
    )


@properties
@given(
    slope=st.floats(1e-3, 1e3),
    intercept=st.floats(-1e3, 1e3),
    signed=st.booleans(),
    seed=st.integers(0, 99),
)
def test_values_are_slope_times_stored_plus_intercept(slope, intercept, signed, seed):
    stored = np.random.default_rng(seed).integers(-99 * signed, 999, (2, 3, 4))
    ds = nuclear_object(stored.astype(np.int16 if signed else np.uint16))
    ds.RescaleSlope, ds.RescaleIntercept = f"{slope:.6g}", f"{intercept:.6g}"
    wanted = stored[::-1] * float(f"{slope:.6g}") + float(f"{intercept:.6g}")
    tomogram = read_tomogram(as_file(ds))
    np.testing.assert_allclose(tomogram.volume.counts, wanted, rtol=1e-6, atol=1e-4)
    assert tomogram.negative_voxels == np.count_nonzero(wanted.astype(np.float32) < 0)


@properties
@given(data=st.data())
def test_a_series_without_some_of_its_slices_never_becomes_a_tomogram(data):
    count = data.draw(st.integers(4, 12))
    frames = np.zeros((count, 3, 4), np.uint16)
    files = slices(frames, step_mm=data.draw(MM) * data.draw(SIGNS))
    gone = data.draw(st.sets(st.integers(0, count - 1), min_size=1, max_size=count - 2))
    left = [ds for index, ds in enumerate(files) if index not in gone]
    with pytest.raises(Refused):
        assemble([read_image(as_file(ds)) for ds in left])
    # without the word of the file, all but even holes and lost ends are noticed
    kept = [index for index in range(count) if index not in gone]
    assume(len(set(np.diff(kept))) > 1)
    for ds in left:
        del ds.NumberOfSlices
    with pytest.raises(Refused, match=r"missing|unevenly"):
        assemble([read_image(as_file(ds)) for ds in left])


@properties
@given(degrees=st.floats(-45, 45), between=st.sampled_from([3.0, -3.0]))
def test_slices_are_taken_for_upright_up_to_two_degrees_and_refused_beyond(
    degrees, between
):
    assume(not 1.9 < abs(degrees) < 2.1)
    turn = np.radians(degrees)
    turned = (np.cos(turn), np.sin(turn), 0.0, -np.sin(turn), np.cos(turn), 0.0)
    ds = nuclear_object(
        one_spot((3, 4, 5), (1, 2, 3)),
        orientation=tuple(round(one, 6) for one in turned),
        between_mm=between,
    )
    if abs(degrees) < 2:
        assert read_tomogram(as_file(ds)).volume.counts.shape == (3, 4, 5)
    else:
        with pytest.raises(Refused, match="oblique"):
            read_tomogram(as_file(ds))


ANYTHING = st.one_of(
    st.none(),
    st.text(max_size=80),
    st.lists(st.sampled_from(["1", "-3.29", "0", "1e400", "NaN", "", "x"]), max_size=7),
)
ELEMENTS = st.sampled_from(
    [
        *("SpacingBetweenSlices", "SliceThickness", "PixelSpacing", "RescaleSlope"),
        *("RescaleIntercept", "PatientID", "PatientAge", "PatientSex", "ImageType"),
        *("AcquisitionDate", "AcquisitionTime", "PatientBirthDate", "NumberOfFrames"),
        *("Manufacturer", "SeriesDescription", "SpecificCharacterSet"),
        *("ImagePositionPatient", "ImageOrientationPatient", "FrameOfReferenceUID"),
        *("PhotometricInterpretation", "SOPInstanceUID", "BurnedInAnnotation"),
    ]
)


@settings(max_examples=300)
@given(values=st.dictionaries(ELEMENTS, ANYTHING, max_size=4))
def test_whatever_stands_in_an_element_a_file_is_read_or_refused(values):
    ds = nuclear_object(one_spot((3, 4, 5), (1, 2, 3)), at_root=True)
    with lenient():
        for keyword, value in values.items():
            try:
                setattr(ds, keyword, value)
                file = as_file(ds)
            except Exception:  # pydicom writes no such value
                assume(False)
    if not values:
        file = as_file(ds)
    try:
        tomogram = read_tomogram(file)
    except Refused as error:
        assert str(error).endswith(".")
    else:
        assert np.isfinite(tomogram.volume.counts).all()
        assert tomogram.age_years is None or 0 <= tomogram.age_years <= 90
