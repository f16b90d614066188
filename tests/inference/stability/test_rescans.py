"""A simulated patient scanned again, and what the camera counted."""

from dataclasses import replace

import numpy as np
import pytest

from inference.stability import Rescans, Settings, measure_case
from inference.stability.rescanning import rescan
from readerstudy.imaging.stability_measures import MEASURES

from .faults import mirrored, warped
from .patients import FIRST_CENTRAL_SLICE, FIRST_INDEX, SEED, patient

SETTINGS = Settings(repeats=2, doses=(0.1, 0.2, 1.0))


@pytest.fixture(scope="module")
def rescans() -> Rescans:
    return rescan(
        seed=SEED,
        index=FIRST_INDEX,
        central_slice=FIRST_CENTRAL_SLICE,
        settings=SETTINGS,
    )


def error(image: np.ndarray) -> float:
    return float(np.sqrt(np.mean((image - patient().reference) ** 2)))


def test_the_short_scan_that_the_case_has_is_found_again(rescans: Rescans) -> None:
    case = patient()

    apart = rescans.doses[0.2] - case.short

    # a slab of slices instead of all of them, and 8 bits
    assert np.sqrt(np.mean(apart**2)) < 0.04 * error(case.short)


def test_repeats_are_as_far_from_the_reference_as_the_short_scan(
    rescans: Rescans,
) -> None:
    errors = [error(image) for image in rescans.shorts]

    assert len(errors) == 2
    assert errors == pytest.approx([error(patient().short)] * 2, rel=0.35)
    assert not np.array_equal(*rescans.shorts)
    assert error(rescans.doses[0.1]) > error(patient().short)


def test_an_image_of_another_patient_does_not_fit_the_counts(rescans: Rescans) -> None:
    case = patient()
    assert rescans.deviance is not None
    own = rescans.deviance(case.short)

    assert own == pytest.approx(1, abs=0.1)
    assert rescans.deviance(case.reference) / own < 1.02
    assert rescans.deviance(mirrored(case.reference)) / own > 1.03
    assert rescans.deviance(warped(case.reference).astype(np.float32)) / own > 1.03


def test_the_deviance_is_told_beside_that_of_the_input(rescans: Rescans) -> None:
    """And what is no image of this patient is beyond its limit."""
    case = patient()

    def told(output: np.ndarray) -> float:
        found = measure_case(
            replace(case, output=output), run=None, settings=SETTINGS, rescans=rescans
        )
        return found.numbers["data-deviance"]

    limit = MEASURES["data-deviance"].limit
    assert limit is not None
    assert told(case.short) == 0
    assert 0 < told(case.reference) < limit < told(mirrored(case.reference))
