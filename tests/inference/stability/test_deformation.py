"""Edges that were moved by a known way."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from inference.stability.deformation import displacement
from inference.stability.geometry import find_places

from .patients import PIXEL_MM, patient

EVERY = np.arange(5)


def moved(output: np.ndarray) -> float:
    case = patient(2)
    found = displacement(output, case.reference, find_places(case), slices=EVERY)
    assert found.percentile_95 is not None
    return found.percentile_95


@pytest.mark.parametrize("pixels", [0.5, 1.0, 2.0])
def test_a_shift_is_measured_in_mm(pixels: float) -> None:
    shifted = ndimage.shift(patient(2).reference, (0, 0, pixels), order=3)

    assert moved(shifted) == pytest.approx(pixels * PIXEL_MM, rel=0.15)


@pytest.mark.parametrize(("down", "across", "mm"), [(1.0, 0.0, 2.0), (0.0, 1.0, 5.0)])
def test_pixels_that_are_not_square_are_each_as_long_as_they_are(
    down: float, across: float, mm: float
) -> None:
    case = patient(2)
    places = replace(find_places(case), spacing_mm=(3.0, 2.0, 5.0))
    shifted = ndimage.shift(case.reference, (0, down, across), order=3)

    found = displacement(shifted, case.reference, places, slices=EVERY)

    assert found.percentile_95 == pytest.approx(mm, rel=0.15)


def test_it_is_told_by_those_edges_that_moved_the_most() -> None:
    """Half of the head moves, the other half stays where it was."""
    case = patient(2)
    shifted = ndimage.shift(case.reference, (0, 2.0, 0), order=3)
    shifted[:, :, :32] = case.reference[:, :, :32]

    found = displacement(shifted, case.reference, find_places(case), slices=EVERY)

    assert found.percentile_95 == pytest.approx(np.nanpercentile(found.mm, 95))
    assert found.percentile_95 > 2 * np.nanmedian(found.mm)


def test_an_image_in_its_place_has_not_moved() -> None:
    assert moved(patient(2).reference) == pytest.approx(0, abs=1e-6)


def test_paler_brighter_and_smoother_edges_are_where_they_were() -> None:
    reference = patient(2).reference

    assert moved(0.7 * reference + 0.1) < 0.15 * PIXEL_MM
    assert moved(ndimage.gaussian_filter(reference, (0, 1, 1))) < 0.5 * PIXEL_MM


def test_only_edges_of_the_slices_that_were_looked_at_are_on_the_map() -> None:
    case = patient(2)
    places = find_places(case)

    found = displacement(case.short, case.reference, places, slices=np.array([1, 3]))

    assert np.isnan(found.mm[[0, 2, 4]]).all()
    assert np.isfinite(found.mm[1]).any()
    assert not np.isfinite(found.mm[~places.field]).any()
