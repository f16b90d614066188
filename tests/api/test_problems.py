"""Whatever goes wrong is told as problem details, and nothing else of the program."""

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
