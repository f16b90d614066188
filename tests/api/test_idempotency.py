"""A write with an Idempotency-Key is carried out once, however often it is sent."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import override_settings
from django.urls import path
from django.utils import timezone
from rest_framework.exceptions import NotFound
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.response import Response

from readerstudy.accounts.models import Token
from readerstudy.api.models import AnsweredRequest
from readerstudy.api.views import Door
from readerstudy.imaging.errors import Refused
from tests.api.programs import Program
from tests.cast import Cast, make_user
from tests.own_database import told_once

KEY = {"Idempotency-Key": "4f6c-1"}
done: list[Any] = []


class Act(Door):
    """Does something each time that it is let."""

    scopes = {"POST": "studies:write", "DELETE": "studies:write"}
    parser_classes = [JSONParser, MultiPartParser]

    def post(self, request: Any) -> Response:
        done.append(request.data)
        Token.objects.filter(user=request.user).update(name="acted")
        match request.data.get("how"):
            case "refused":
                raise Refused("Not now.")
            case "stranger":
                raise NotFound
            case "broken":
                raise RuntimeError("It broke.")
        return Response({"number": len(done), "at": timezone.now()}, status=201)

    def delete(self, request: Any) -> Response:
        done.append("deleted")
        return Response(status=204)


class LongAct(Act):
    takes_long = True

    def post(self, request: Any) -> Response:
        assert not connection.in_atomic_block or request.data.get("within")
        return super().post(request)


class OwnAct(Act):
    keeps_answers = False


urlpatterns = [
    path("api/v1/act/", Act.as_view()),
    path("api/v1/long/", LongAct.as_view()),
    path("api/v1/own/", OwnAct.as_view()),
    path("healthz", lambda request: HttpResponse("ok")),
]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def addresses():
    done.clear()
    with override_settings(ROOT_URLCONF=__name__):
        yield


@pytest.fixture
def program(db) -> Program:
    return Program(make_user("coordinator"))


def test_without_a_key_it_is_done_each_time(program):
    for number in (1, 2):
        assert program.post("act/", {"a": 1}).json()["number"] == number


def test_the_same_key_gets_the_same_answer_and_nothing_is_done_again(program):
    first = program.post("act/", {"a": 1}, headers=KEY)
    again = program.post("act/", {"a": 1}, headers=KEY)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert len(done) == 1


def test_an_answer_without_content_is_given_again_too(program):
    for _ in range(2):
        assert program.delete("act/", headers=KEY).status_code == 204
    assert len(done) == 1


def test_the_same_key_for_something_else_is_refused(program):
    program.post("act/", {"a": 1}, headers=KEY)
    for other in (
        program.post("act/", {"a": 2}, headers=KEY),
        program.post("act/?x=1", {"a": 1}, headers=KEY),
        program.delete("act/", headers=KEY),
    ):
        assert other.status_code == 422
    assert len(done) == 1


def test_people_do_not_share_keys(program):
    program.post("act/", {"a": 1}, headers=KEY)
    other = Program(make_user("other")).post("act/", {"a": 1}, headers=KEY)
    assert other.json()["number"] == 2


@pytest.mark.parametrize(("how", "status"), [("refused", 409), ("stranger", 404)])
def test_a_request_that_was_refused_may_be_tried_again(program, how, status):
    for number in (1, 2):
        assert program.post("act/", {"how": how}, headers=KEY).status_code == status
        assert len(done) == number
    assert not AnsweredRequest.objects.exists()


def test_what_an_act_keeps_of_a_refusal_stays_as_without_a_key(program):
    program.post("act/", {"how": "refused"}, headers=KEY)
    assert Token.objects.get().name == "acted"


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_fault_takes_everything_back_and_the_key_with_it():
    program = Program(make_user("coordinator"), raise_request_exception=False)
    assert program.post("act/", {"how": "broken"}, headers=KEY).status_code == 500
    assert not AnsweredRequest.objects.exists()
    assert Token.objects.get().name == "test"


@pytest.mark.parametrize("key", ["", "x" * 256, "schlüssel"])
def test_a_key_that_cannot_be_one_is_named(program, key):
    response = program.post("act/", headers={"Idempotency-Key": key})
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "Idempotency-Key"
    assert not done


def test_files_are_compared_by_their_content(program):
    from django.core.files.uploadedfile import SimpleUploadedFile as File
    from django.test.client import MULTIPART_CONTENT as FORM

    def send(content: bytes) -> Any:
        data = {"note": "x", "file": File("a.bin", content)}
        form = program._encode_data(data, FORM)
        return program.generic("POST", "act/", form, content_type=FORM, headers=KEY)

    assert [send(b"one").status_code for _ in range(2)] == [201, 201]
    assert send(b"two").status_code == 422
    assert len(done) == 1


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_long_act_runs_outside_of_any_transaction():
    program = Program(make_user("coordinator"))
    first = program.post("long/", {"a": 1}, headers=KEY)
    assert first.status_code == 201
    assert program.post("long/", {"a": 1}, headers=KEY).json() == first.json()


def test_a_long_act_that_was_cut_off_is_not_done_again_by_itself(program):
    program.post("long/", {"within": 1}, headers=KEY)
    AnsweredRequest.objects.update(status=None, body=None)
    response = program.post("long/", {"within": 1}, headers=KEY)
    assert response.status_code == 409
    assert len(done) == 1


def test_a_long_act_that_was_refused_or_broke_leaves_no_key(program):
    program.raise_request_exception = False
    for how in ("refused", "broken"):
        program.post("long/", {"how": how, "within": 1}, headers=KEY)
        assert not AnsweredRequest.objects.exists()


def test_a_door_with_means_of_its_own_keeps_no_answer(program):
    program.post("own/", headers=KEY)
    assert not AnsweredRequest.objects.exists()


def test_answers_are_forgotten_after_a_week(program):
    program.post("act/", {"a": 1}, headers=KEY)
    AnsweredRequest.objects.update(created_at=timezone.now() - timedelta(days=8))
    program.post("act/", {"a": 2}, headers=KEY)
    assert len(done) == 2


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> dict:
    """What eight senders of the same got, on a database with real locks."""
    return told_once(tmp_path_factory, "tests.api.sending_race")


@pytest.mark.parametrize("act", ["short", "long"])
def test_eight_at_the_same_moment_are_one(told, act):
    """Whoever is not the first waits, or is told that the first is still at it."""
    assert told["done"][act] == 1
    assert 201 in told["statuses"][act]
    assert set(told["statuses"][act]) <= {201, 409}
    assert told["again"][act] == [201, 1]


def test_a_reading_program_is_not_stopped_by_a_key(cast: Cast):
    with override_settings(ROOT_URLCONF="readerstudy.config.urls"):
        assert Program(cast.coordinator).get("studies/", headers=KEY).status_code == 200
