"""Binding ratios: the right side, the right size, lower where less is bound."""

import numpy as np
import pytest
from numpy.typing import NDArray

from readerstudy.imaging.preprocessing import SEARCH_RADIUS_MM, find_central_slice
from readerstudy.imaging.striatal_binding import STRIATUM_ML, binding_ratios
from readerstudy.imaging.volume import Volume
from readerstudy.simulation.phantom import render_phantom
from readerstudy.simulation.scanning import one_thread, scan_phantom

from ..simulation.conftest import patient_with

pytestmark = pytest.mark.pure

MM = 3.29
CENTRAL = 20


def plain_head(
    *, right: float, left: float, slices: int = 41, turn_deg: float = 0.0
) -> Volume:
    """A brain of even uptake 50 in a still scalp; each striatum, 15 mm across and 30
    long, holds in all as much above it as a striatum of standard size and that ratio.
    """
    row, column = np.indices((128, 128)) * MM - 63.5 * MM
    turn = np.deg2rad(turn_deg)
    across = column * np.cos(turn) - row * np.sin(turn)
    back = row * np.cos(turn) + column * np.sin(turn)
    counts = np.zeros((slices, 128, 128), dtype=np.float64)
    counts += 50.0 * ((across / 65) ** 2 + (back / 85) ** 2 < 1)
    for side, ratio in ((-1, right), (1, left)):
        inside = np.hypot((across - side * 20) / 7.5, (back + 18) / 15) < 1
        striatum = np.zeros(counts.shape, dtype=bool)
        striatum[CENTRAL - 3 : CENTRAL + 4] = inside
        more_ml = ratio * STRIATUM_ML / (MM**3 / 1000)
        counts[striatum] += 50.0 * more_ml / striatum.sum()
    return Volume(counts.astype(np.float32), (MM, MM, MM))


def mirrored(volume: Volume) -> Volume:
    return Volume(np.ascontiguousarray(volume.counts[..., ::-1]), volume.spacing_mm)


def test_what_is_bound_is_found_in_full_on_its_own_side() -> None:
    right, left = binding_ratios(plain_head(right=3.0, left=6.0), central_slice=CENTRAL)
    assert right == pytest.approx(3.0, abs=0.01)
    assert left == pytest.approx(6.0, abs=0.01)


@pytest.mark.parametrize("turn_deg", [-14, 9])
def test_a_head_that_is_turned_is_measured_alike(turn_deg: float) -> None:
    head = plain_head(right=2.0, left=5.0, turn_deg=turn_deg)
    assert binding_ratios(head, central_slice=CENTRAL) == pytest.approx(
        (2.0, 5.0), abs=0.1
    )


def test_the_ratios_that_cohorts_hold_are_those_that_are_measured_today() -> None:
    """By `binding_ratios` as it was before its regions could be asked for; a cohort
    keeps what was measured at its import. numpy 2, x86-64; other processors may add
    in another order."""
    head = plain_head(right=2.5, left=5.5)
    noisy = np.random.default_rng(1).poisson(head.counts).astype(np.float32)
    assert binding_ratios(
        Volume(noisy, head.spacing_mm), central_slice=CENTRAL
    ) == pytest.approx((2.5512339430710345, 5.538885058708062), rel=1e-9)


def test_nothing_bound_is_zero() -> None:
    head = plain_head(right=0.0, left=0.0)
    assert binding_ratios(head, central_slice=CENTRAL) == pytest.approx((0, 0))


def test_thicker_slices_of_the_same_head_give_the_same_ratio() -> None:
    head = plain_head(right=3.0, left=6.0, slices=42)
    pairs = head.counts.reshape(21, 2, 128, 128).mean(axis=1)
    thick = Volume(pairs, (2 * MM, MM, MM))
    assert binding_ratios(thick, central_slice=CENTRAL // 2) == pytest.approx(
        (3.0, 6.0), rel=0.05
    )


def test_oblong_pixels_of_the_same_head_give_the_same_ratio() -> None:
    head = plain_head(right=3.0, left=6.0)
    pairs = head.counts.reshape(41, 128, 64, 2).mean(axis=3)
    wide = Volume(pairs, (MM, MM, 2 * MM))
    assert binding_ratios(wide, central_slice=CENTRAL) == pytest.approx(
        (3.0, 6.0), rel=0.1
    )


@pytest.mark.parametrize("central_slice", [0, 5, 36, 40])
def test_a_slab_that_leaves_the_image_is_not_estimable(central_slice: int) -> None:
    head = plain_head(right=3.0, left=6.0)
    assert binding_ratios(head, central_slice=central_slice) == (None, None)


@pytest.mark.parametrize(
    "counts",
    [
        np.zeros((41, 128, 128), dtype=np.float32),
        np.full((41, 128, 128), -1, dtype=np.float32),
        np.eye(128, dtype=np.float32)[None].repeat(41, axis=0),
    ],
    ids=["empty", "negative", "a line"],
)
def test_an_image_without_a_brain_is_not_estimable(
    counts: NDArray[np.float32],
) -> None:
    volume = Volume(counts, (MM, MM, MM))
    assert binding_ratios(volume, central_slice=CENTRAL) == (None, None)


def simulated(*, right: int, left: int) -> tuple[Volume, Volume, int]:
    """Reference, short scan and central slice of a patient with these grades."""
    patient = patient_with(right=right, left=left)
    with one_thread():
        scans = scan_phantom(render_phantom(patient), patient)
    reference, short = (Volume(one, (MM, MM, MM)) for one in scans.stored)
    central = find_central_slice(reference, search_radius_mm=SEARCH_RADIUS_MM)
    return reference, short, central


@pytest.mark.slow
def test_on_simulated_patients_the_ratio_falls_with_the_grade_of_its_side() -> None:
    by_grade = {}
    for right, left in ((1, 4), (3, 2)):
        reference, short, central = simulated(right=right, left=left)
        found = binding_ratios(reference, central_slice=central)
        by_grade |= dict(zip((right, left), found, strict=True))
        # A fifth of the counts is noisier, not another scale.
        of_short = binding_ratios(short, central_slice=central)
        assert of_short == pytest.approx(found, abs=0.8)
        # A mirrored head has its sides exchanged, and nothing else.
        of_mirror = binding_ratios(mirrored(reference), central_slice=central)
        assert of_mirror == pytest.approx(found[::-1], abs=1e-4)
    ratios = [by_grade[grade] for grade in (1, 2, 3, 4)]
    assert np.all(np.diff(ratios) > 0.4), ratios
    assert ratios[0] > 0
    assert ratios[-1] < 8


@pytest.mark.parametrize("columns", [slice(0, 78), slice(50, 128)])
def test_a_head_cut_off_at_the_side_is_not_estimable(columns: slice) -> None:
    """Its middle would be taken for that of the brain, and its boxes lie beside it."""
    head = plain_head(right=3.0, left=3.0)
    cut = Volume(np.ascontiguousarray(head.counts[:, :, columns]), head.spacing_mm)
    assert binding_ratios(cut, central_slice=CENTRAL) == (None, None)
