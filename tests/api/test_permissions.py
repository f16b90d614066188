"""Who may do what by a program: every method of every address, asked of everyone.

Somebody who may not is answered 404 (as if it did not exist) or 403; who shows no
token, 401. Whoever may gets anything else, even a refusal of what was sent.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from readerstudy.accounts.scopes import SCOPES
from readerstudy.api.views import Door
from tests.api.programs import PROBLEM, Program
from tests.api.rows import Rows, api, cases, inference, reading, stats
from tests.cast import Cast
from tests.factory import unblind
from tests.test_leaks import is_for_programs

FILES = (api, cases, inference, reading, stats)
TABLE: Rows = {key: row for file in FILES for key, row in file.ROWS.items()}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# what is not refused to a person: anything but these
REFUSALS = (401, 403, 404)
# for people, who log in: tests/api/test_schema.py
PAGES = {"api:swagger", "api:redoc"}


def doors(
    patterns: list[URLPattern | URLResolver] | None = None, namespace: str = ""
) -> Iterator[tuple[str, tuple[str, ...], Any]]:
    """Every named route for programs: its name, its arguments, its view class."""
    for entry in patterns if patterns is not None else get_resolver().url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from doors(entry.url_patterns, inner)
        elif is_for_programs(name := f"{namespace}{entry.name}") and name not in PAGES:
            view = getattr(entry.callback, "view_class", None)
            yield name, tuple(entry.pattern.converters), view


DOORS = {name: (names, view) for name, names, view in doors()}
ASKED = [
    (name, method)
    for name, (_, view) in sorted(DOORS.items())
    for method in METHODS
    if hasattr(view, method.lower())
]


@pytest.mark.pure
def test_every_method_of_every_route_has_its_row() -> None:
    assert set(ASKED) == set(TABLE)


@pytest.mark.pure
@pytest.mark.parametrize("name", sorted(DOORS))
def test_every_door_says_what_a_token_needs(name: str) -> None:
    view = DOORS[name][1]
    assert issubclass(view, Door), f"let {name} be a Door"
    has = {method for route, method in ASKED if route == name}
    assert set(view.scopes) == has
    assert set(view.scopes.values()) <= {*SCOPES, ""}
    changing = {"POST", "PUT", "PATCH", "DELETE"} & has
    for method in changing:
        assert not view.scopes[method].endswith(":read"), "a write by a reading token"


def address(name: str, method: str, cast: Cast) -> str:
    names = DOORS[name][0]
    if not names:
        return reverse(name)
    known: dict[Any, dict[str, Any]] = {}
    for file in FILES:
        if hasattr(file, "values") and (name, method) in file.ROWS:
            known = file.values(cast)
    found = known.get((name, method)) or known.get(name)
    common = {"slug": cast.study.slug} if "slug" in names else {"pk": cast.cohort.pk}
    return reverse(name, kwargs=found or common)


def ask(program: Program, method: str, path: str, data: Any) -> Any:
    return getattr(program, method.lower())(path, data)


@pytest.mark.parametrize(("name", "method"), ASKED)
def test_only_who_may_does_it(name: str, method: str, cast: Cast) -> None:
    row = TABLE[name, method]
    path = address(name, method, cast)
    if row.unblinded:
        unblind(cast.study)
    # who may goes last: an act that succeeds may change the answer to others
    people = sorted(cast.everyone().items(), key=lambda who: who[0] in row.allowed)
    reached = set()
    for who, user in people:
        response = ask(Program(user), method, path, row.data)
        assert response.status_code < 500, (who, response.content)
        if response.status_code not in REFUSALS:
            reached.add(who)
        elif user is None:
            assert response.status_code == 401
        if response.status_code >= 400:
            assert response["Content-Type"] == PROBLEM, who
    assert reached == row.allowed


@pytest.mark.parametrize(("name", "method"), ASKED)
def test_a_token_for_something_else_opens_nothing(
    name: str, method: str, cast: Cast
) -> None:
    """Even to somebody who may: the scope is asked before anything is fetched."""
    needed = DOORS[name][1].scopes[method]
    if not needed:
        return
    others = [scope for scope in SCOPES if scope != needed]
    path = address(name, method, cast)
    response = ask(Program(cast.coordinator, *others), method, path, None)
    assert response.status_code == 403
    assert needed in response.json()["detail"]
