"""What numbers are made of: regions, ratios, percentages, spots, the budget."""

from dataclasses import replace

import numpy as np
import pytest

from inference.stability import Settings, measure_case
from inference.stability.geometry import binding, find_places
from inference.stability.inputs import SPOTS, spots
from readerstudy.imaging.preprocessing import to_eight_bit
from readerstudy.imaging.stability_measures import MEASURES, is_beyond
from stats.image_quality import striatal_regions, striatal_uptake

from .patients import PIXEL_MM, patient


@pytest.mark.parametrize("number", [0, 5])
def test_binding_ratios_are_those_of_the_report(number: int) -> None:
    case = patient(number)
    reference, short = (to_eight_bit(one) for one in (case.reference, case.short))
    regions = striatal_regions(reference)
    assert regions is not None

    found = binding(case.short, find_places(case))

    uptake = striatal_uptake(short, regions)
    assert found == pytest.approx((uptake.right, uptake.left), rel=1e-5)


def test_a_change_is_a_share_of_the_reference_s_standard_deviation() -> None:
    case = patient()
    places = find_places(case)
    inside = case.reference[places.field]

    away = case.reference + np.float32(0.3 * inside.std())

    assert places.change(away, case.reference) == pytest.approx(30, rel=1e-4)


def test_spots_have_the_height_and_the_width_that_is_told() -> None:
    places = find_places(patient())
    assert places.regions is not None

    drawn = spots(places, np.random.default_rng(3), slices=5)[2]

    assert drawn.max() == pytest.approx(2 * places.sd, rel=0.02)
    # a Gaussian's volume is 2π σ² times its height; at half of it, it is 2.355 σ across
    sigma_mm = np.sqrt(drawn.sum() / SPOTS / (2 * np.pi * drawn.max())) * PIXEL_MM
    assert 2.355 * sigma_mm == pytest.approx(15, abs=0.6)
    assert not (drawn > 1.9 * places.sd)[places.regions.striatum].any()


def test_a_change_of_the_input_is_as_long_as_the_budget() -> None:
    # in a unit and far from the window's ends, so that nothing is rounded or cut off
    case = replace(patient(), relative=False, window=(-5.0, 5.0))
    places, asked = find_places(case), []

    def run(stacks: np.ndarray) -> np.ndarray:
        asked.append(stacks)
        return stacks

    measure_case(case, run=run, settings=Settings(budget=0.1, probes=4))

    sent = asked[0] - asked[0][0]
    rms = np.sqrt((sent.astype(np.float64) ** 2).sum(axis=(1, 2, 3)))
    wanted = 0.1 * places.sd * np.sqrt(places.field.sum())
    # after the short scan and ten repeats: three random ones and the directions
    assert rms[11:18] == pytest.approx([wanted] * 7, rel=1e-3)


@pytest.mark.parametrize(
    ("key", "within", "beyond"),
    [
        ("deformation", 5.0, 5.01),
        ("insert-shown", 40.0, 39.9),
        ("severity-slope", -0.15, -0.16),
        ("severity-slope", 0.15, 0.16),
        ("painted-erased", -3.0, 0.51),
    ],
)
def test_a_limit_is_passed_by_what_reaches_it(
    key: str, within: float, beyond: float
) -> None:
    measure = MEASURES[key]

    assert not is_beyond(measure, within, limit=None)
    assert is_beyond(measure, beyond, limit=None)


def test_the_protocol_s_limit_takes_the_place_of_the_usual_one() -> None:
    assert is_beyond(MEASURES["deformation"], 4.0, limit=3.0)
    assert not is_beyond(MEASURES["deformation"], 6.0, limit=7.0)
    assert not is_beyond(MEASURES["repeat-cov"], 1e9, limit=None), "it has none"
    assert is_beyond(MEASURES["repeat-cov"], 20.0, limit=10.0)
    assert is_beyond(MEASURES["counts-kept"], 0.1, limit=0.0), "0 is a limit"
