"""How far a study's readers are, and no more than that."""

from readerstudy.reading import selectors
from tests.cast import make_user
from tests.factory import make_cohort, make_study


def test_progress_counts_and_tells_nothing_else(cast):
    [first, second] = selectors.study_progress(cast.study)
    assert (first.code, first.done, first.total) == ("A", 0, 16)
    assert set(vars(first)) == {"code", "username", "simulated", "sessions"}
    assert set(vars(first.sessions[0])) == {
        "number",
        "done",
        "total",
        "started_at",
        "finished_at",
    }
    assert second.code == "B"


def test_progress_costs_the_same_for_one_reader_and_for_ten(
    cast, django_assert_num_queries
):
    with django_assert_num_queries(2):
        selectors.study_progress(cast.study)
    users = [make_user(f"more-{number}") for number in range(10)]
    cohort = make_cohort("More", coordinators=[cast.coordinator])
    larger = make_study(
        cohort, coordinator=cast.coordinator, readers=users, slug="larger"
    )
    with django_assert_num_queries(2):
        selectors.study_progress(larger)
