"""Real slices come back at a lower dose, under their patient and in their geometry."""

import numpy as np
import pydicom
import pytest
from django.core.management import CommandError, call_command

from readerstudy.simulation.ct import (
    Scanner,
    draw_chest,
    render_chest,
    write_lowered,
    write_series,
)

FEW = Scanner(views=60)


@pytest.fixture
def slices(tmp_path):
    chest = draw_chest(seed=4, index=1)
    stack = np.rint(render_chest(chest, slices=2, pixels=80)).astype(np.int16)
    return write_series(tmp_path / "own", stack, chest, description="Own", number=3)


def values(path):
    data = pydicom.dcmread(path)
    return data, data.pixel_array * data.RescaleSlope + data.RescaleIntercept


def test_the_full_dose_is_the_file_itself_and_the_low_dose_a_noisier_one(
    slices, tmp_path
):
    out = tmp_path / "out"
    done, left_out = write_lowered(slices, out, dose=0.1, seed=1, scanner=FEW)
    assert (done, left_out) == (2, [])
    for number, path in enumerate(slices, start=1):
        assert (out / f"full-dose/{number:04d}.dcm").read_bytes() == path.read_bytes()
        full, before = values(path)
        low, after = values(out / f"low-dose/{number:04d}.dcm")
        assert low.PatientID == full.PatientID
        assert low.ImagePositionPatient == full.ImagePositionPatient
        assert low.SOPInstanceUID != full.SOPInstanceUID
        soft = (before > 30) & (before < 60)
        assert after[soft].std() > 3 * before[soft].std()


def test_the_slices_of_a_series_stay_one_series(slices, tmp_path):
    write_lowered(slices, tmp_path / "out", dose=0.1, seed=1, scanner=FEW)
    lowered = [
        pydicom.dcmread(p) for p in sorted((tmp_path / "out/low-dose").iterdir())
    ]
    original = pydicom.dcmread(slices[0])
    series = {one.SeriesInstanceUID for one in lowered}
    assert len(series) == 1 and original.SeriesInstanceUID not in series


def test_what_is_no_ct_slice_is_named_and_the_rest_is_done(slices, tmp_path):
    other = pydicom.dcmread(slices[0])
    other.SOPClassUID = "1.2.840.10008.5.1.4.1.1.4"  # MR
    other.save_as(tmp_path / "other.dcm")
    done, left_out = write_lowered(
        [*slices, tmp_path / "other.dcm"],
        tmp_path / "out",
        dose=0.1,
        seed=1,
        scanner=FEW,
    )
    assert done == 2
    assert left_out == [(tmp_path / "other.dcm", "It is not a single CT image.")]


def test_the_command_refuses_a_dose_that_is_none(tmp_path):
    with pytest.raises(CommandError, match="between 0 and 1"):
        call_command("simulate_ct", str(tmp_path), dose=1.5)
    with pytest.raises(CommandError, match=r"no file .*gone\.dcm"):
        call_command("simulate_ct", str(tmp_path), of=[tmp_path / "gone.dcm"])
