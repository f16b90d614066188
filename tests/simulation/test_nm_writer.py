"""The DICOM files, as a validator and two independent libraries see them."""

import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pydicom
import pytest
import SimpleITK
import torch

from readerstudy.imaging.tomogram import read_tomogram
from readerstudy.simulation import cohort
from readerstudy.simulation.camera import Camera
from readerstudy.simulation.nm_writer import uid
from readerstudy.simulation.patient import draw_patient
from readerstudy.simulation.phantom import render_phantom
from readerstudy.simulation.projector import Projector, from_layout
from readerstudy.simulation.scanning import SimulatedPair

pytestmark = pytest.mark.pure
DCIODVFY = Path(sys.executable).with_name("dciodvfy")


@pytest.fixture(scope="module")
def files(
    left_normal_pair: SimulatedPair, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("dicom")
    with patch.object(cohort, "simulate_pair", return_value=left_normal_pair):
        cohort.write_cohort(folder, cases=1, seed=0)
    return cohort.case_files(folder, seed=0, index=0)


def test_a_validator_finds_no_error_and_nothing_to_warn_of(
    files: tuple[Path, Path],
) -> None:
    for path in files:
        found = subprocess.run(
            [DCIODVFY, path], capture_output=True, text=True, check=False
        )
        said = (found.stdout + found.stderr).splitlines()
        assert "NMImage" in said
        assert [line for line in said if line.startswith(("Error", "Warning"))] == []


def test_the_file_is_laid_out_as_real_reconstructions_are(
    files: tuple[Path, Path], left_normal_pair: SimulatedPair
) -> None:
    image = pydicom.dcmread(files[0])
    slices = left_normal_pair.reference.counts.shape[0]
    assert image.SOPClassUID == "1.2.840.10008.5.1.4.1.1.20"
    assert list(image.ImageType) == ["DERIVED", "PRIMARY", "RECON TOMO", "EMISSION"]
    assert (image.Rows, image.Columns, image.NumberOfFrames) == (128, 128, slices)
    assert image.FrameIncrementPointer == 0x00540080
    assert list(image.SliceVector) == list(range(1, slices + 1))
    assert list(image.PixelSpacing) == [3.29, 3.29]
    assert image.SpacingBetweenSlices == -3.29
    assert "ImagePositionPatient" not in image
    assert "ImageOrientationPatient" not in image
    detector = image.DetectorInformationSequence[0]
    assert list(detector.ImageOrientationPatient) == [1, 0, 0, 0, 1, 0]
    assert "RescaleSlope" not in image
    assert (image.BitsStored, image.PixelRepresentation) == (16, 0)
    limits = image.EnergyWindowInformationSequence[0].EnergyWindowRangeSequence[0]
    assert limits.EnergyWindowLowerLimit < 159 < limits.EnergyWindowUpperLimit
    assert str(image.PatientName) == "SIM^0002"


@pytest.mark.parametrize(("number", "seconds"), [(0, 1500), (1, 300)])
def test_the_rotation_says_how_long_the_scan_took(
    files: tuple[Path, Path], number: int, seconds: float
) -> None:
    rotation = pydicom.dcmread(files[number]).RotationInformationSequence[0]
    frames = rotation.NumberOfFramesInRotation
    assert frames * rotation.ActualFrameDuration == seconds * 1000
    assert frames * rotation.AngularStep == rotation.ScanArc
    assert read_tomogram(files[number]).duration_s == seconds


def test_the_angles_of_the_file_are_those_the_camera_looked_from(
    files: tuple[Path, Path],
) -> None:
    """Seen without blur, the near side of an even absorber counts most."""
    size, camera = 32, Camera()
    x = np.arange(size) - (size - 1) / 2  # to the left; y, along rows, to the back
    disc = torch.from_numpy((np.hypot(x, x[:, None]) < 14).astype(np.float32))
    projector = Projector(
        camera, size=size, slices=1, pixel_mm=4.0, mu=0.02 * disc[None], blur=False
    )
    rotation = pydicom.dcmread(files[0]).RotationInformationSequence[0]
    turn = {"CC": 1, "CW": -1}[rotation.RotationDirection]
    assert rotation.NumberOfFramesInRotation == camera.views
    for view in range(camera.views):
        seen = projector.adjoint(torch.ones(1, size, 1, 1), [view])
        weight = from_layout(seen, size)[0, 0].numpy() * disc.numpy()
        towards = np.array([(weight * x).sum(), (weight * x[:, None]).sum()])
        # PS3.3 C.8.4.11: 0 is the patient's back, 90 the left side
        angle = np.deg2rad(rotation.StartAngle + turn * rotation.AngularStep * view)
        said = np.array([np.sin(angle), np.cos(angle)])
        assert said @ towards / np.linalg.norm(towards) > np.cos(np.deg2rad(3))


def test_the_counts_are_gamma_events_not_stored_integers(
    files: tuple[Path, Path], left_normal_pair: SimulatedPair
) -> None:
    counts = [pydicom.dcmread(path).CountsAccumulated for path in files]
    assert tuple(counts) == left_normal_pair.photopeak_counts
    drawn = left_normal_pair.truth.total_counts
    assert counts[0] == pytest.approx(drawn, abs=5 * drawn**0.5)
    # each event is kept for the short scan with probability 0.2
    assert counts[1] == pytest.approx(
        0.2 * counts[0], abs=5 * (0.16 * counts[0]) ** 0.5
    )


def test_frame_one_is_the_highest_slice(
    files: tuple[Path, Path], left_normal_pair: SimulatedPair
) -> None:
    frames = pydicom.dcmread(files[0]).pixel_array
    counts = left_normal_pair.reference.counts
    np.testing.assert_array_equal(frames[0], counts[-1])
    np.testing.assert_array_equal(frames, counts[::-1])


def test_the_platform_reads_back_the_very_same_volume(
    files: tuple[Path, Path], left_normal_pair: SimulatedPair
) -> None:
    for path, volume in zip(
        files, (left_normal_pair.reference, left_normal_pair.short), strict=True
    ):
        tomogram = read_tomogram(path)
        np.testing.assert_array_equal(tomogram.volume.counts, volume.counts)
        assert tomogram.volume.spacing_mm == pytest.approx(volume.spacing_mm)
        assert tomogram.warnings == ()


def test_both_scans_share_patient_and_study_but_no_series(
    files: tuple[Path, Path],
) -> None:
    reference, short = (read_tomogram(path) for path in files)
    assert reference.patient_id == short.patient_id
    assert reference.study_uid == short.study_uid
    assert reference.series_uid != short.series_uid
    assert set(reference.sop_uids).isdisjoint(short.sop_uids)
    assert short.total_counts / reference.total_counts == pytest.approx(0.2, abs=0.02)


def test_the_normal_left_striatum_is_at_positive_x_for_another_library(
    files: tuple[Path, Path], left_normal_pair: SimulatedPair
) -> None:
    image = SimpleITK.ReadImage(str(files[0]))
    counts = SimpleITK.GetArrayFromImage(image)
    phantom = render_phantom(left_normal_pair.truth)
    share = phantom.regions["left", "caudate_head"] + phantom.regions["left", "putamen"]
    truth = [
        (share * axis.reshape(shape)).sum() / share.sum()
        for axis, shape in (
            (phantom.grid.axis_mm(), (1, 1, -1)),
            (phantom.grid.axis_mm(), (1, -1, 1)),
            (phantom.grid.heights_mm(), (-1, 1, 1)),
        )
    ]
    # The parotids lie far below; the hottest voxel above them is the left striatum.
    top = [
        number
        for number in range(counts.shape[0])
        if image.TransformIndexToPhysicalPoint((0, 0, number))[2] > -30
    ]
    hottest = np.unravel_index(counts[top].argmax(), counts[top].shape)
    index = (int(hottest[2]), int(hottest[1]), top[int(hottest[0])])
    x, y, z = image.TransformIndexToPhysicalPoint(index)
    assert x > 5
    assert (x, y, z) == pytest.approx(truth, abs=18)


def test_the_normal_left_striatum_is_on_the_right_hand_columns(
    left_normal_pair: SimulatedPair,
) -> None:
    phantom = render_phantom(left_normal_pair.truth)
    level = int(phantom.regions["left", "putamen"].sum(axis=(1, 2)).argmax())
    for volume in (left_normal_pair.reference, left_normal_pair.short):
        picture = volume.counts[level]
        assert picture[:, 64:].max() > 1.8 * picture[:, :64].max()


def test_uids_follow_from_the_seed_and_are_valid() -> None:
    first, other = draw_patient(seed=1, index=0), draw_patient(seed=2, index=0)
    assert uid(first, "study") == uid(draw_patient(seed=1, index=0), "study")
    assert len({uid(first, "study"), uid(other, "study"), uid(first, "image 1")}) == 3
    assert pydicom.uid.UID(uid(first, "study")).is_valid
