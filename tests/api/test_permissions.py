"""Who may do what by a program: one row for every method of every address."""

import pytest

from tests.test_leaks import is_for_programs, routes

ROUTES = {
    "reading-api:study-list",
    "reading-api:progress",
    "reading-api:deviations",
}


@pytest.mark.pure
def test_every_route_has_its_row() -> None:
    assert {name for name, _ in routes() if is_for_programs(name)} == ROUTES
