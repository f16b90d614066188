"""Who asks too often waits, and is told for how long."""

from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.urls import path
from rest_framework.response import Response

from readerstudy.api.views import Door
from tests.api.programs import PROBLEM, Program
from tests.cast import make_user


class Slow(Door):
    scopes = {"GET": ""}
    is_heavy = True

    def get(self, request):
        return Response({})


class Quick(Slow):
    is_heavy = False


urlpatterns = [
    path("api/v1/slow/", Slow.as_view()),
    path("api/v1/quick/", Quick.as_view()),
]
RATES = {"person": "5/h", "heavy": "2/h", "strangers": "3/h"}
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture(autouse=True)
def rates(settings, monkeypatch):
    """Within one window of time, wherever the clock stands in it."""
    settings.API_RATES = RATES
    clock = SimpleNamespace(time=lambda: 1_000_000.0)
    monkeypatch.setattr("readerstudy.api.throttles.time", clock)
    cache.clear()
    yield
    cache.clear()


def statuses(program, address, times):
    return [program.get(address).status_code for _ in range(times)]


def test_a_person_is_made_to_wait_whatever_token_is_used():
    user = make_user("coordinator")
    assert statuses(Program(user), "quick/", 3) == [200] * 3
    assert statuses(Program(user), "quick/", 4) == [200, 200, 429, 429]
    assert statuses(Program(make_user("other")), "quick/", 1) == [200]


def test_who_waits_is_told_for_how_long():
    program = Program(make_user("coordinator"))
    statuses(program, "quick/", 5)
    response = program.get("quick/")
    assert response["Content-Type"] == PROBLEM
    assert int(response["Retry-After"]) == 3600 - 1_000_000 % 3600


def test_what_costs_much_has_a_limit_of_its_own():
    program = Program(make_user("coordinator"))
    assert statuses(program, "slow/", 3) == [200, 200, 429]
    assert statuses(program, "quick/", 1) == [200]


def test_whoever_tries_tokens_waits_and_those_who_have_one_do_not():
    guessing = Program(None, headers={"Authorization": "Bearer rs_guess"})
    assert statuses(guessing, "quick/", 5) == [401, 401, 401, 429, 429]
    assert statuses(Program(make_user("coordinator")), "quick/", 1) == [200]


def test_strangers_are_told_apart_by_what_our_own_proxies_say(settings):
    def asking(told: str, times: int) -> list[int]:
        headers = {"Authorization": "Bearer rs_guess", "X-Forwarded-For": told}
        return statuses(Program(None, headers=headers), "quick/", times)

    settings.TRUSTED_PROXIES = 1
    assert asking("10.1.1.1, 10.2.2.2", 4) == [401, 401, 401, 429]
    assert asking("10.9.9.9, 10.2.2.2", 1) == [429]
    assert asking("10.1.1.1, 10.3.3.3", 1) == [401]


def test_while_counts_cannot_be_kept_nobody_is_refused(settings, monkeypatch):
    monkeypatch.setattr(cache, "incr", lambda key: (_ for _ in ()).throw(ValueError))
    program = Program(make_user("coordinator"))
    assert statuses(program, "quick/", 8) == [200] * 8
