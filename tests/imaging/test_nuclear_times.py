"""How long a nuclear scan took, and how its stored numbers are read, as PS3.3 says."""

import numpy as np
import pytest

from readerstudy.imaging.tomogram import read_tomogram

from .objects import as_file, head, nuclear_object

pytestmark = pytest.mark.pure


@pytest.mark.parametrize("detectors", [None, 1, 2, 3])
def test_the_number_of_detectors_does_not_divide_the_time(detectors):
    """C.8.4.8.1.3: of a reconstructed tomogram it is 1, however many there were."""
    ds = nuclear_object(head(), frame_ms=25_000)
    if detectors is None:
        ds.pop("NumberOfDetectors", None)
    else:
        ds.NumberOfDetectors = detectors
    assert read_tomogram(as_file(ds)).duration_s == 25 * 60


def test_the_times_of_several_rotations_add_up():
    ds = nuclear_object(head(), frame_ms=25_000)
    ds.RotationInformationSequence.append(ds.RotationInformationSequence[0])
    assert read_tomogram(as_file(ds)).duration_s == 2 * 25 * 60


@pytest.mark.parametrize(
    ("group", "creator", "element", "vr"),
    [(0x0011, "GEMS_GENIE_1", 0x3B, "FD"), (0x0033, "SIEMENS MED NM", 0x38, "FL")],
)
def test_a_makers_private_scale_of_pixels_does_not_pass(group, creator, element, vr):
    """docs/pairing.md: what is stored is what is read."""
    plain, scaled = nuclear_object(head()), nuclear_object(head())
    scaled.private_block(group, creator, create=True).add_new(element, vr, 4.18)
    one, other = (read_tomogram(as_file(ds)).volume.counts for ds in (plain, scaled))
    np.testing.assert_array_equal(one, other)
