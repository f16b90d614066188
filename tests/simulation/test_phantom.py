"""The head phantom: volumes, uptake, sides."""

import numpy as np
import pytest

from readerstudy.simulation import striatum
from readerstudy.simulation.patient import SIDES, draw_patient
from readerstudy.simulation.phantom import (
    PIXEL_MM,
    render_phantom,
    true_ratios,
)

from .conftest import SEED, patient_with

pytestmark = pytest.mark.pure
VOXEL_ML = PIXEL_MM**3 / 1000


@pytest.fixture(scope="module")
def fine() -> tuple[striatum.StriatumSample, float]:
    """The nominal left striatum on a 0.5 mm grid, and the volume of a point in ml."""
    axes = [np.arange(*span, 0.5) for span in ((0, 46), (-36, 46), (-30, 36))]
    points = np.stack(np.meshgrid(*axes, indexing="ij")).astype(np.float32)
    sample = striatum.sample_striatum(
        points, putamen_scale=1.0, caudate_scale=1.0, posterior_loss=0.5
    )
    return sample, 0.125e-3


def test_nominal_volumes_are_what_integration_finds(
    fine: tuple[striatum.StriatumSample, float],
) -> None:
    sample, point_ml = fine
    assert sample.putamen.sum() * point_ml == pytest.approx(
        striatum.PUTAMEN_NOMINAL_ML, rel=0.005
    )
    assert sample.caudate.sum() * point_ml == pytest.approx(
        striatum.CAUDATE_NOMINAL_ML, rel=0.005
    )


def test_posterior_loss_leaves_the_mean_uptake_of_the_putamen(
    fine: tuple[striatum.StriatumSample, float],
) -> None:
    sample, _ = fine
    inside = sample.putamen > 0
    assert sample.putamen_profile[inside].mean() == pytest.approx(1.0, abs=0.005)
    front, back = sample.putamen_profile[inside].max(), sample.putamen_profile.min()
    assert front > 1.35
    assert back < 0.6


@pytest.mark.parametrize("index", range(3))
def test_the_rendered_nuclei_have_the_volumes_that_were_drawn(index: int) -> None:
    patient = draw_patient(seed=SEED, index=index)
    phantom = render_phantom(patient)
    for name in SIDES:
        side = patient.side(name)
        for nucleus, wanted in (
            ("putamen", side.putamen_ml),
            ("caudate", side.caudate_ml),
        ):
            found = phantom.regions[name, nucleus].sum() * VOXEL_ML
            assert found == pytest.approx(wanted, rel=0.02)


def test_the_tissue_binds_as_much_as_the_measured_ratio_asks_for() -> None:
    patient = patient_with(right=2, left=4)
    phantom = render_phantom(patient)
    for name in SIDES:
        ratios = dict(
            zip(("putamen", "caudate"), true_ratios(patient.side(name)), strict=True)
        )
        for nucleus, ratio in ratios.items():
            pure = phantom.regions[name, nucleus] > 0.999
            found = phantom.activity[pure].mean()
            # Whole voxels lie in the thick front of the putamen: a little hotter.
            assert found == pytest.approx(1 + ratio, rel=0.06)


def test_the_left_striatum_is_at_positive_x() -> None:
    patient = patient_with(right=1, left=4)
    phantom = render_phantom(patient)
    x = phantom.grid.axis_mm()
    for name, sign in (("left", 1), ("right", -1)):
        columns = phantom.regions[name, "putamen"].sum(axis=(0, 1))
        assert sign * (columns * x).sum() / columns.sum() > 15
    left = phantom.activity[phantom.regions["left", "putamen"] > 0.9].mean()
    right = phantom.activity[phantom.regions["right", "putamen"] > 0.9].mean()
    assert left > 3 * right


def test_caudate_lies_before_and_inside_of_putamen() -> None:
    phantom = render_phantom(patient_with(right=4, left=4))
    y = phantom.grid.axis_mm()

    def centre(nucleus: str, axis: int) -> float:
        others = tuple(a for a in range(3) if a != axis)
        share = phantom.regions["left", nucleus].sum(axis=others)
        return float((share * y).sum() / share.sum())

    assert centre("caudate_head", 1) < centre("putamen", 1) - 5
    assert centre("caudate_head", 2) < centre("putamen", 2) - 8


def test_the_head_lies_within_the_field_with_air_around() -> None:
    for index in range(12):
        phantom = render_phantom(draw_patient(seed=SEED, index=index))
        middle = (phantom.grid.size - 1) / 2
        row, column = np.indices(phantom.mu.shape[1:]) - middle
        outside = np.hypot(row, column) > middle
        assert not phantom.mu[:, outside].any()
        assert not phantom.mu[-1].any()


def test_parotids_can_be_hotter_than_a_burned_out_striatum() -> None:
    patients = [patient_with(right=1, left=1, index=index) for index in range(6)]
    hottest = max(patients, key=lambda patient: min(patient.parotid_ratio))
    phantom = render_phantom(hottest)
    gland_level = phantom.grid.heights_mm() < -40
    inside = sum(
        phantom.regions[name, nucleus]
        for name in SIDES
        for nucleus in ("putamen", "caudate")
    )
    striatum_only = phantom.activity[inside > 0.9]
    assert phantom.activity[gland_level].max() > striatum_only.max()
