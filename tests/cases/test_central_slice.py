"""The slice of the highest count: three rules, and where they part."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from readerstudy.imaging.central_slice import DEFAULT_RULE, slice_candidates
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.volume import Volume
from readerstudy.simulation.patient import Patient, draw_patient
from readerstudy.simulation.phantom import PIXEL_MM, Phantom, render_phantom

pytestmark = pytest.mark.pure

SEED, CASES = 11, 100
BURNED_OUT = (1, 1)
# What the simulated camera and its filter resolve, and counts a voxel of background
# in 25 minutes, as reconstructions of tests/simulation have them
FWHM_MM, FILTER_MM, COUNTS = 9.0, 7.0, 20.0
SIGMA = 1 / 2.3548


def reference_scan(phantom: Phantom, patient: Patient) -> Volume:
    """What the camera sees in 25 minutes, much faster than by projections: blurred,
    counted, filtered."""
    rng = np.random.default_rng([patient.seed, patient.index])
    seen = gaussian_filter(phantom.activity, FWHM_MM * SIGMA / PIXEL_MM, truncate=3)
    counted = rng.poisson(COUNTS * seen).astype(np.float32)
    filtered = gaussian_filter(counted, FILTER_MM * SIGMA / PIXEL_MM, truncate=3)
    return Volume(filtered, (PIXEL_MM,) * 3)


def striatum(phantom: Phantom) -> np.ndarray:
    """Voxels of putamen and caudate head in each slice, both sides."""
    nuclei = [
        share
        for (_, nucleus), share in phantom.regions.items()
        if nucleus in ("putamen", "caudate_head")
    ]
    return np.sum(nuclei, axis=(0, 2, 3))


@pytest.mark.slow
def test_the_default_lands_in_the_striatum_of_each_of_100_patients():
    outside: dict[str, list[int]] = {}
    burned_out = 0
    for index in range(CASES):
        patient = draw_patient(seed=SEED, index=index)
        phantom = render_phantom(patient)
        inside = striatum(phantom)
        burned_out += (patient.right.grade, patient.left.grade) == BURNED_OUT
        for rule, taken in slice_candidates(reference_scan(phantom, patient)).items():
            if inside[taken] < 0.25 * inside.max():
                outside.setdefault(rule, []).append(index)
    assert burned_out >= CASES // 12
    assert outside.get(DEFAULT_RULE, []) == []
    # what the default guards against does happen
    assert len(outside["hottest-voxel"]) >= burned_out // 2


def brain(*hot: tuple[int, int, int, float]) -> Volume:
    """An ellipsoid, widest at slice 32, with voxels (slice, row, column, height)."""
    z, y, x = np.mgrid[:64, :72, :72]
    inside = ((z - 32) / 22) ** 2 + ((y - 36) / 26) ** 2 + ((x - 36) / 21) ** 2 < 1
    counts = (10.0 * inside * (1 - abs(z - 32) / 1000)).astype(np.float32)
    for slice_index, row, column, height in hot:
        counts[slice_index, row, column] = height
    return Volume(counts, (PIXEL_MM,) * 3)


STRIATUM = (35, 32, 29, 30.0)
PAROTID = (24, 38, 54, 90.0)
BELOW_THE_TONGUE = (8, 36, 36, 120.0)


def test_each_rule_takes_what_it_says():
    assert slice_candidates(brain(STRIATUM)) == {
        "central-region": 35,
        "hottest-voxel": 35,
        "largest-sum": 32,
    }


@pytest.mark.parametrize("gland", [PAROTID, BELOW_THE_TONGUE])
def test_a_gland_beside_or_below_the_brain_takes_only_the_hottest_voxel(gland):
    found = slice_candidates(brain(STRIATUM, gland))
    assert found["central-region"] == 35
    assert found["hottest-voxel"] == gland[0]


def test_few_slices_are_searched_whole():
    whole = brain(STRIATUM)
    few = Volume(whole.counts[30:40], whole.spacing_mm)
    assert slice_candidates(few)["central-region"] == 5


def test_an_empty_scan_has_no_slice():
    empty = Volume(np.zeros((10, 72, 72), np.float32), (PIXEL_MM,) * 3)
    with pytest.raises(Refused, match="no counts"):
        slice_candidates(empty)


@pytest.mark.parametrize("kind", [np.uint16, np.int16])
def test_whole_numbers_have_the_slices_of_the_same_counts(kind):
    rng = np.random.default_rng(5)
    for _ in range(5):
        counts = rng.poisson(rng.gamma(2, 9, (40, 1, 1)), (40, 70, 72)).astype(kind)
        counts[rng.integers(40), rng.integers(70), rng.integers(72)] = 30_000
        whole, real = (
            Volume(one, (PIXEL_MM,) * 3) for one in (counts, counts.astype(np.float32))
        )
        assert slice_candidates(whole) == slice_candidates(real)
