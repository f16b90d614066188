"""Run by test_idempotency in a process of its own: the same request, sent at once.

As tests.at_once says, on a database with real locks. Prints JSON.
"""

import json
import sys
import time
from typing import Any

from tests.at_once import at_once  # sets Django up

from django.core.management import call_command  # isort: skip
from django.test import override_settings  # isort: skip
from django.urls import path  # isort: skip

from rest_framework.response import Response

from readerstudy.accounts.models import Token
from readerstudy.api.views import Door
from tests.api.programs import Program
from tests.cast import make_user

done: dict[str, int] = {"short": 0, "long": 0}


class Act(Door):
    scopes = {"POST": "studies:write"}
    name = "short"

    def post(self, request: Any) -> Response:
        Token.objects.filter(user=request.user).update(name="acted")
        time.sleep(0.2)
        done[self.name] += 1
        return Response({"number": done[self.name]}, status=201)


class LongAct(Act):
    takes_long = True
    name = "long"


urlpatterns = [
    path("api/v1/short/", Act.as_view()),
    path("api/v1/long/", LongAct.as_view()),
]


def send(address: str) -> list[int]:
    """How eight senders of one request with one key were answered."""
    user = make_user(f"coordinator-{address}")
    programs = [Program(user) for _ in range(8)]
    statuses: list[int] = []

    def act(number: int) -> None:
        headers = {"Idempotency-Key": "one"}
        answer = programs[number].post(f"{address}/", {"a": 1}, headers=headers)
        statuses.append(answer.status_code)

    ended = at_once(act)
    assert set(ended) == {"stored"}, ended
    return sorted(statuses)


def main() -> None:
    call_command("migrate", verbosity=0)
    rates = dict.fromkeys(("person", "heavy", "strangers"))
    with override_settings(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], API_RATES=rates):
        statuses = {address: send(address) for address in ("short", "long")}
        again = {address: send_again(address) for address in ("short", "long")}
    json.dump({"statuses": statuses, "done": done, "again": again}, sys.stdout)


def send_again(address: str) -> list[int]:
    from django.contrib.auth.models import User

    program = Program(User.objects.get(username=f"coordinator-{address}"))
    answer = program.post(f"{address}/", {"a": 1}, headers={"Idempotency-Key": "one"})
    return [answer.status_code, answer.json()["number"]]


if __name__ == "__main__":
    main()
