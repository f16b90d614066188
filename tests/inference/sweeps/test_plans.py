"""What every point of a sweep is, and what it may not be."""

import itertools

import pytest

from inference.sweeps import plans
from inference.sweeps.conditions import chosen_cases
from readerstudy.imaging.errors import Refused

pytestmark = pytest.mark.pure

CODES = [f"C{number:03}" for number in range(1, 11)]


def test_with_one_seed_a_level_adds_cases_to_the_one_below_it():
    drawn = [plans.draw_cases(CODES, count, seed=4) for count in (2, 4, 8, 10)]
    for fewer, more in itertools.pairwise(drawn):
        assert set(fewer) < set(more)
    assert drawn[-1] == CODES
    assert plans.draw_cases(CODES, 4, seed=5) != drawn[1]


def test_all_levels_show_as_many_images_an_epoch():
    point = plans.point("cases", 3, 1, network="unet-l2", cases=CODES)
    places = chosen_cases(CODES, point.conditions)
    assert len(places) == len(CODES)
    assert {CODES[place] for place in places} == set(point.conditions["cases"])
    times = [places.count(place) for place in set(places)]
    assert max(times) - min(times) <= 1


@pytest.mark.parametrize(
    ("factor", "level"),
    [("cases", 10), ("counts", 1), ("window", 1), ("loss", 0), ("depth", 3)],
)
def test_where_nothing_is_changed_there_are_no_conditions(factor, level):
    point = plans.point(factor, level, 1, network="unet-l3", cases=CODES)
    assert point == plans.Point("unet-l3")
    assert chosen_cases(CODES, point.conditions) == list(range(10))


def test_a_case_that_left_the_training_cases_is_named():
    point = plans.point("cases", 3, 1, network="unet-l2", cases=CODES)
    gone = point.conditions["cases"][0]
    left = [code for code in CODES if code != gone]
    with pytest.raises(Refused, match=gone):
        chosen_cases(left, point.conditions)


def test_as_many_cases_as_there_are_can_be_asked_for_and_no_more():
    wanted: dict = {"seeds": [1], "network": "unet-l2", "cases": 10}
    plans.check("cases", levels=[2, 10], **wanted)
    with pytest.raises(Refused, match="11 is not possible here"):
        plans.check("cases", levels=[2, 11], **wanted)
