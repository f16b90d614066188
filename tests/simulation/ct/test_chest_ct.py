"""The simulated CT is a CT: numbers, noise, sides and files are right."""

import numpy as np
import pydicom
import pytest

from readerstudy.simulation.ct import (
    Scanner,
    draw_chest,
    lower_dose,
    render_chest,
    scan_slices,
    write_ct_cohort,
)
from readerstudy.simulation.ct.chest import FIELD_MM, MUSCLE_HU, SLICE_MM
from readerstudy.simulation.ct.tomography import project, reconstruct

SMALL = Scanner(views=180)
PIXELS = 96


@pytest.fixture(scope="module")
def scanned():
    chest = draw_chest(seed=3, index=0)
    truth = render_chest(chest, slices=3, pixels=PIXELS)
    full, low = scan_slices(
        truth, doses=(1.0, 0.1), rng=np.random.default_rng(1), scanner=SMALL
    )
    return truth, full, low


def flat(truth, level):
    """Pixels whose neighbourhood is all of one tissue."""
    same = truth == level
    for axis in (1, 2):
        same &= np.roll(truth == level, 2, axis) & np.roll(truth == level, -2, axis)
    return same


def test_muscle_has_the_ct_number_of_muscle(scanned):
    truth, full, _ = scanned
    assert full[flat(truth, MUSCLE_HU)].mean() == pytest.approx(MUSCLE_HU, abs=15)


def test_a_tenth_of_the_dose_has_about_root_ten_times_the_noise(scanned):
    truth, full, low = scanned
    clean = reconstruction_without_noise(truth)
    tissue = flat(truth, MUSCLE_HU)
    ratio = (low - clean)[tissue].std() / (full - clean)[tissue].std()
    assert ratio == pytest.approx(np.sqrt(10), rel=0.15)


def reconstruction_without_noise(truth):
    angles = np.arange(SMALL.views) * np.pi / SMALL.views
    pixel = FIELD_MM / PIXELS
    lines = [project(one, angles, pixel_mm=pixel) for one in truth]
    return np.stack([reconstruct(one, angles, pixel_mm=pixel) for one in lines])


def test_nothing_is_turned_or_mirrored():
    chest = draw_chest(seed=3, index=0)
    truth = render_chest(chest, slices=1, pixels=PIXELS)[:1]
    truth[0, 20:40, 60:70] = 900  # in front, on the patient's left
    clean = reconstruction_without_noise(truth)
    assert np.corrcoef(clean.ravel(), truth.ravel())[0, 1] > 0.95
    for turned in (truth[:, ::-1], truth[:, :, ::-1], truth.transpose(0, 2, 1)):
        assert np.corrcoef(clean.ravel(), turned.ravel())[0, 1] < 0.9


def test_of_two_patients_one_has_a_nodule_which_is_where_it_says():
    for pair in range(5):
        two = [draw_chest(seed=8, index=2 * pair + place) for place in (0, 1)]
        (sick,) = (one for one in two if one.nodule)
        stack = render_chest(sick, slices=5, pixels=PIXELS, vessels=False)
        x, y, z = sick.nodule.centre_mm
        row, column = (
            round(v / (FIELD_MM / PIXELS) + (PIXELS - 1) / 2) for v in (y, x)
        )
        assert stack[round(z / SLICE_MM) + 2, row, column] > 0


def test_a_patient_is_the_same_whatever_else_is_drawn():
    assert draw_chest(seed=1, index=4) == draw_chest(seed=1, index=4)
    assert draw_chest(seed=1, index=4) != draw_chest(seed=1, index=5)


def test_the_files_are_ct_images_whose_values_come_back(tmp_path):
    write_ct_cohort(
        tmp_path, cases=2, seed=5, slices=2, pixels=PIXELS, scanner=Scanner(views=30)
    )
    files = sorted(tmp_path.glob("*/full-dose/*.dcm"))
    assert len(files) == 4
    lowest, highest = (pydicom.dcmread(path) for path in files[:2])
    assert lowest.SeriesInstanceUID == highest.SeriesInstanceUID
    assert lowest.ImagePositionPatient[2] < highest.ImagePositionPatient[2]
    values = lowest.pixel_array * lowest.RescaleSlope + lowest.RescaleIntercept
    assert values.min() >= -1024 and values.max() <= 3071
    truth = (tmp_path / "truth.csv").read_text().splitlines()
    assert sum(int(line.split(",")[1]) for line in truth[1:]) == 1


def test_lowering_the_dose_of_a_real_slice_adds_noise_and_no_blur():
    truth = render_chest(draw_chest(seed=3, index=0), slices=1, pixels=PIXELS)
    lowered = lower_dose(
        truth,
        dose=0.1,
        pixel_mm=FIELD_MM / PIXELS,
        rng=np.random.default_rng(2),
        scanner=SMALL,
    )
    added = lowered - truth
    tissue = flat(truth, MUSCLE_HU)
    assert abs(added[tissue].mean()) < 5 and 3 < added[tissue].std() < 60
    inside = truth > -900
    edges = np.abs(np.gradient(truth[0], axis=1)) > 200
    # as much at the edges as elsewhere: what blurs would add far more there
    assert added[0][edges & inside[0]].std() < 2 * added[tissue].std()


def test_padding_outside_the_scanner_stays_as_it_is():
    truth = render_chest(draw_chest(seed=3, index=0), slices=1, pixels=PIXELS)
    truth[0, :4, :4] = -2000
    lowered = lower_dose(
        truth,
        dose=0.1,
        pixel_mm=FIELD_MM / PIXELS,
        rng=np.random.default_rng(2),
        scanner=Scanner(views=20),
    )
    assert (lowered[0, :4, :4] == -2000).all() and (lowered[0, 5:] >= -1024).all()
