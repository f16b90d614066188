"""What readers are compared with: their own reading, a consensus, or a given one."""

import numpy as np
import pytest

from readerstudy.imaging.errors import Refused
from stats.agreement.standards import standard_of
from stats.readings import MISSING, GradeTable

pytestmark = pytest.mark.pure

NONE = MISSING


def table(*standard: list[int]) -> GradeTable:
    """One reader a row; three arms that nobody read."""
    own = np.array(standard)
    return GradeTable(
        categories=(1, 2, 3, 4),
        grades=np.full((own.shape[0], 3, own.shape[1]), MISSING),
        standard=own,
        patients=np.arange(own.shape[1]),
    )


def test_a_reader_s_own_reading_stays_as_it_is() -> None:
    read = table([0, 1, NONE], [3, 2, 1])
    assert standard_of(read, "own").tolist() == read.standard.tolist()


def test_the_median_of_three_is_the_middle_one_for_all_of_them() -> None:
    read = table([0, 3, 1], [3, 3, 2], [1, 0, 2])
    assert standard_of(read, "median").tolist() == [[1, 3, 2]] * 3


def test_the_median_of_an_even_number_is_the_lower_middle_one() -> None:
    read = table([0, 1, 3, NONE], [3, 2, NONE, NONE], [1, NONE, 1, NONE])
    assert standard_of(read, "median")[0].tolist() == [1, 1, 1, NONE]


def test_a_majority_is_more_than_half_of_those_who_graded() -> None:
    read = table([0, 0, 2, 2, NONE], [0, 1, 2, NONE, NONE], [3, 2, NONE, 1, NONE])
    assert standard_of(read, "majority").tolist() == [[0, NONE, 2, NONE, NONE]] * 3


@pytest.mark.parametrize("kind", ["median", "majority"])
def test_a_consensus_is_the_same_whoever_is_named_first(kind: str) -> None:
    rng = np.random.default_rng(1)
    own = rng.integers(-1, 4, (5, 200))
    found = standard_of(table(*own.tolist()), kind)[0]
    again = standard_of(table(*own[::-1].tolist()), kind)[0]
    assert found.tolist() == again.tolist()
    graded = (own != MISSING).any(axis=0)
    assert ((found == MISSING) | graded).all()
    given = (own == found).any(axis=0)  # always one that a reader gave
    assert given[found != MISSING].all()


def test_what_is_given_is_in_grades_and_for_all_readers() -> None:
    read = table([0, 0, 0], [1, 1, 1])
    found = standard_of(read, "given", given=np.array([4, MISSING, 1]))
    assert found.tolist() == [[3, MISSING, 0]] * 2


def test_a_given_grade_outside_the_scale_is_refused() -> None:
    with pytest.raises(Refused, match="Grade 5"):
        standard_of(table([0, 0]), "given", given=np.array([4, 5]))


def test_given_grades_belong_to_their_kind_and_to_the_items() -> None:
    with pytest.raises(ValueError, match="belongs"):
        standard_of(table([0]), "median", given=np.array([1]))
    with pytest.raises(ValueError, match="belongs"):
        standard_of(table([0]), "given")
    with pytest.raises(ValueError, match="one grade an item"):
        standard_of(table([0]), "given", given=np.array([1, 2]))
