"""Whatever goes wrong is told as problem details, and nothing else of the program."""

import errno

import pytest
from django.db import OperationalError
from django.utils import translation

from tests.api.programs import PROBLEM, Program
from tests.cast import Cast


def told(response, status: int) -> dict:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == PROBLEM
    body = response.json()
    assert set(body) == {"type", "title", "status", "detail", "errors"}
    assert body["status"] == status and body["detail"]
    return body


def test_a_visitor_is_asked_for_a_token(db):
    response = Program(None).get("studies/")
    told(response, 401)
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_a_study_of_others_is_not_there(cast: Cast):
    told(Program(cast.stranger).get(f"studies/{cast.study.slug}/progress/"), 404)


def test_a_method_that_is_not_there_is_named(cast: Cast):
    told(Program(cast.coordinator).generic("PURGE", "studies/"), 405)


def test_an_address_that_is_none_is_a_problem_too(db):
    for method in ("GET", "POST", "DELETE"):
        told(Program(None).generic(method, "nowhere/at/all/"), 404)


def test_a_list_may_be_asked_for_in_pages_and_a_wrong_page_is_named(cast: Cast):
    program = Program(cast.coordinator)
    page = program.get("studies/?page_size=1").json()
    assert set(page) == {"count", "next", "previous", "results"}
    for query, field in (
        ("page=0", "page"),
        ("page=99", "page"),
        ("page=x", "page"),
        ("page=" + "9" * 5000, "page"),
        ("page_size=501", "page_size"),
        ("page_size=²", "page_size"),
    ):
        body = told(program.get(f"studies/?{query}"), 400)
        assert [error["field"] for error in body["errors"]] == [field]


def test_what_is_no_json_is_told(cast: Cast):
    program = Program(cast.coordinator)
    for content in (
        *(b"{", b"\xff", b"[" * 20_000, b"NaN", b"9" * 10_000),
        *(b'{"title": "\\u0000"}', b'{"title": "\\ud800"}', b"[" * 70 + b"]" * 70),
    ):
        response = program.generic(
            "POST", "studies/", content, content_type="application/json"
        )
        told(response, 400)


def test_another_kind_of_content_is_told(cast: Cast):
    program = Program(cast.coordinator)
    told(program.generic("POST", "studies/", b"<a/>", content_type="text/xml"), 415)


def test_a_body_that_is_too_large_is_refused_before_it_is_read(cast: Cast, settings):
    settings.REQUEST_MAX_BYTES = 100
    program = Program(cast.coordinator)
    told(program.post("studies/", {"title": "x" * 200}), 413)


def test_what_an_accept_header_wants_changes_nothing(cast: Cast):
    program = Program(cast.coordinator)
    response = program.get("studies/", headers={"Accept": "text/html"})
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"


def test_a_fault_of_the_program_tells_nothing_of_its_inside(cast: Cast, monkeypatch):
    def fail(*args: object) -> None:
        raise RuntimeError("secret of the inside")

    monkeypatch.setattr("readerstudy.api.own.MeSerializer.to_representation", fail)
    program = Program(cast.coordinator, raise_request_exception=False)
    response = program.get("me/")
    told(response, 500)
    assert b"inside" not in response.content and b"Traceback" not in response.content


def test_a_fault_of_the_program_reaches_whoever_watches_for_them(cast, monkeypatch):
    def fail(*args: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("readerstudy.api.own.MeSerializer.to_representation", fail)
    with pytest.raises(RuntimeError):
        Program(cast.coordinator).get("me/")


def test_a_refusal_is_told_in_the_language_that_was_asked_for(cast: Cast):
    from readerstudy.api.problems import problem_handler
    from readerstudy.imaging.errors import Refused

    sentence = "Correlations lie between 0 and 1."
    with translation.override("ja"):
        found = problem_handler(Refused(sentence), {}).data
    assert found["status"] == 409
    assert found["detail"] and found["detail"] != sentence


def test_errors_of_fields_within_fields_have_their_whole_names():
    from rest_framework.exceptions import ValidationError

    from readerstudy.api.problems import problem_handler

    raised = ValidationError(
        {"sides": [{}, {"right": ["Give a grade."]}], "non_field_errors": ["No."]}
    )
    errors = problem_handler(raised, {}).data["errors"]
    assert {"field": "sides.1.right", "detail": "Give a grade."} in errors
    assert {"field": "", "detail": "No."} in errors


def test_nothing_that_a_program_is_told_is_kept_by_caches(cast: Cast):
    for path in ("studies/", "nowhere/", "me/"):
        assert Program(cast.coordinator).get(path)["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("raised", "status"),
    [
        (OperationalError("server closed the connection unexpectedly"), 503),
        (OperationalError("database or disk is full"), 507),
        (OSError(errno.ENOSPC, "No space left on device"), 507),
    ],
)
def test_a_machine_that_fails_is_told_from_a_fault_of_the_program(
    cast, monkeypatch, raised, status
):
    def fail(*args: object) -> None:
        raise raised

    monkeypatch.setattr("readerstudy.api.own.MeSerializer.to_representation", fail)
    response = Program(cast.coordinator, raise_request_exception=False).get("me/")
    told(response, status)
    assert int(response["Retry-After"]) > 0
