"""A coordinator's program makes a study, watches it and brings it to its end."""

from typing import Any

import pytest
import yaml

from readerstudy.audit.models import AuditEvent
from readerstudy.reading import services
from readerstudy.reading.models import CodeBreak, Study
from tests.api.programs import Program
from tests.cast import Cast, reader_membership
from tests.eventful import REASON
from tests.reading.conftest import answer_next

ARMS = [
    {"code": method, "title": method.title(), "method": method, "role": role}
    for method, role in (("reference", "reference"), ("short", "comparison"))
]


def protocol(cast: Cast, **more: Any) -> dict[str, Any]:
    return {
        "format": 1,
        "slug": "by-program",
        "title": "Made by a program",
        "cohort": {"name": cast.cohort.name},
        "arms": ARMS,
        "spacing": 1,
        "people": {"readers": ["reader"], "statisticians": ["statistician"]},
        **more,
    }


@pytest.fixture
def program(cast: Cast) -> Program:
    return Program(cast.coordinator)


@pytest.fixture
def draft(cast: Cast, program: Program) -> Study:
    made = program.post("studies/", protocol(cast))
    assert made.status_code == 201, made.content
    return Study.objects.get(slug="by-program")


def test_a_protocol_becomes_a_draft_and_comes_back_as_it_was(
    cast: Cast, program: Program, draft: Study
) -> None:
    told = program.get("studies/by-program/").json()
    assert (told["state"], told["role"], told["cases"]) == ("draft", "coordinator", 4)
    assert [arm["code"] for arm in told["arms"]] == ["reference", "short"]
    document = program.get("studies/by-program/protocol/").json()
    assert document["people"]["coordinators"] == ["coordinator"]
    again = program.put("studies/by-program/protocol/", document)
    assert again.status_code == 200, again.content
    assert program.get("studies/by-program/protocol/").json() == document


def test_a_protocol_comes_and_goes_as_yaml(cast: Cast, program: Program) -> None:
    kind = "application/yaml"
    text = yaml.safe_dump(protocol(cast))
    made = program.generic("POST", "studies/", text, kind)
    assert made.status_code == 201, made.content
    path = "studies/by-program/protocol/"
    answer = program.get(path, headers={"Accept": kind})
    assert answer["Content-Type"].startswith(kind)
    assert yaml.safe_load(answer.content)["title"] == "Made by a program"
    written = answer.content.decode().replace("by a program", "from a file")
    again = program.generic("PUT", path, written, kind)
    assert again.json()["title"] == "Made from a file"


def test_everything_that_is_wrong_with_a_protocol_is_named(
    cast: Cast, program: Program
) -> None:
    wrong = protocol(cast, sessions=0, cohort={"name": "Nowhere"}, colour="blue")
    refused = program.post("studies/", wrong)
    assert refused.status_code == 409
    for field in ("sessions:", "cohort.name:", "colour:"):
        assert field in refused.json()["detail"]
    assert not Study.objects.filter(slug="by-program").exists()


@pytest.mark.parametrize(
    "text", ["a\x00b", "\ud800", [[[[[[[[[[[[[["deep"]]]]]]]]]]]]]]]
)
def test_what_no_text_holds_is_refused_in_words(
    cast: Cast, program: Program, text: Any
) -> None:
    refused = program.post("studies/", protocol(cast, title=text))
    assert refused.status_code in (400, 409)
    assert refused.json()["detail"]


def test_a_draft_is_changed_section_by_section(program: Program, draft: Study) -> None:
    changes = {"title": "Anew", "analysis": {"primary_arm": "short", "margin": 0.05}}
    assert program.patch("studies/by-program/", changes).status_code == 200
    draft.refresh_from_db()
    assert (draft.title, draft.primary_arm) == ("Anew", "short")
    assert str(draft.kappa_margin) == "0.050"
    assert draft.memberships.filter(role="reader").count() == 1
    back = {"analysis": {"margin": None}}
    assert program.patch("studies/by-program/", back).status_code == 200
    draft.refresh_from_db()
    assert (draft.kappa_margin, draft.primary_arm) == (None, "short")


def test_a_draft_keeps_its_short_name(program: Program, draft: Study) -> None:
    refused = program.patch("studies/by-program/", {"slug": "another"})
    assert refused.status_code == 409
    assert "by-program" in refused.json()["detail"]


def test_another_persons_draft_of_that_name_is_not_written_over(
    cast: Cast, draft: Study
) -> None:
    other = Program(cast.other_coordinator)
    given = protocol(cast, cohort={"name": "Elsewhere"}, people={})
    refused = other.post("studies/", given)
    assert "slug:" in refused.json()["detail"]
    draft.refresh_from_db()
    assert draft.cohort.name == cast.cohort.name


def test_a_study_goes_its_way_from_draft_to_unblinded(
    cast: Cast, program: Program, draft: Study
) -> None:
    assert program.get("studies/by-program/preflight/").json()["findings"] == []
    opened = program.post("studies/by-program/open/").json()
    assert opened["state"] == "open"
    assert len(opened["seed_sha256"]) == 64
    assert opened["seed"] == ""
    refused = program.patch("studies/by-program/", {"title": "Too late"})
    assert refused.status_code == 409
    assert program.post("studies/by-program/close/").json()["state"] == "closed"
    agreed = program.post("studies/by-program/unblinding/").json()
    assert (agreed["state"], agreed["may_give"]) == ("closed", False)
    assert program.delete("studies/by-program/unblinding/").json()["may_give"]
    program.post("studies/by-program/unblinding/")
    second = Program(cast.statistician).post("studies/by-program/unblinding/")
    assert second.json()["state"] == "unblinded"
    draft.refresh_from_db()
    assert program.get("studies/by-program/").json()["seed"] == draft.seed


def test_a_study_that_lacks_something_says_what(cast: Cast, program: Program) -> None:
    program.post("studies/", protocol(cast, people={}))
    found = program.get("studies/by-program/preflight/").json()["findings"]
    assert {"message": "There is no reader.", "cure": "study"} in found
    refused = program.post("studies/by-program/open/")
    assert refused.status_code == 409
    assert "There is no reader." in refused.json()["detail"]


@pytest.fixture
def read(cast: Cast) -> Study:
    """The cast's open study, of which two reads are answered."""
    reader = reader_membership(cast.study, cast.reader)
    answer_next(reader)
    answer_next(reader)
    services.read_next(reader=reader)
    return cast.study


def test_progress_and_conduct_count_and_tell_no_arm(
    program: Program, read: Study
) -> None:
    said = ""
    for page in ("progress", "conduct", "deviations", "checks", "training", "log"):
        answer = program.get(f"studies/{read.slug}/{page}/")
        assert answer.status_code == 200
        said += answer.content.decode()
    done = program.get(f"studies/{read.slug}/progress/").json()["results"][0]
    assert (done["code"], done["done"], done["total"]) == ("A", 2, 16)
    secrets = {*read.arms.values_list("title", flat=True), read.seed, "C001", "C002"}
    assert not {secret for secret in secrets if secret in said}


def test_an_amendment_is_shown_first_and_then_made(
    program: Program, read: Study
) -> None:
    path = f"studies/{read.slug}/amendments/"
    settings = {"settings": {"washout_days": 35}}
    preview = program.post(f"{path}preview/", settings).json()
    assert preview["changes"] == {"washout_days": [0, 35]}
    given = {**settings, "reason": "Holidays.", "amends": preview["amends"]}
    made = program.post(path, given)
    assert made.status_code == 201, made.content
    assert made.json()["number"] == 1
    late = program.post(path, {**given, "settings": {"washout_days": 36}})
    assert late.status_code == 409
    [only] = program.get(path).json()["results"]
    assert only["changes"] == {"washout_days": [0, 35]}


def test_an_amendment_of_what_is_fixed_names_the_field(
    program: Program, read: Study
) -> None:
    given = {"settings": {"spacing": 9}, "reason": "Why not."}
    refused = program.post(f"studies/{read.slug}/amendments/", given)
    assert refused.status_code == 400
    [error] = refused.json()["errors"]
    assert error["field"] == "settings.spacing"


def test_a_coordinator_steps_in_with_a_reason(
    cast: Cast, program: Program, read: Study
) -> None:
    one = {"reader": "A", "session": 1, "number": 1, "reason": REASON}
    reopened = program.post(f"studies/{read.slug}/reopenings/", one)
    assert reopened.status_code == 201, reopened.content
    assert reopened.json()["by"] == "coordinator"
    broken = program.post(f"studies/{read.slug}/code-breaks/", {**one, "number": 2})
    row = CodeBreak.objects.get().read
    assert (broken.json()["arm"], broken.json()["case"]) == (
        row.arm.title,
        row.case.code,
    )
    others = Program(cast.statistician).get(f"studies/{read.slug}/code-breaks/")
    assert [one["arm"] for one in others.json()["results"]] == [""]
    new = {"user": "stranger", "role": "statistician", "reason": "Parental leave."}
    appointed = program.post(f"studies/{read.slug}/members/", new)
    assert appointed.json()["user"] == "stranger"
    early = program.post(
        f"studies/{read.slug}/waivers/", {"reader": "A", "session": 2, "reason": "x"}
    )
    assert early.status_code == 409  # the session before it is not finished


def test_a_step_without_a_reason_is_not_taken(program: Program, read: Study) -> None:
    one = {"reader": "A", "session": 1, "number": 1, "reason": " "}
    refused = program.post(f"studies/{read.slug}/reopenings/", one)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == "reason"


def test_what_a_program_did_stands_in_the_log_under_its_owner(
    cast: Cast, program: Program, draft: Study
) -> None:
    event = AuditEvent.objects.get(action="study.create", study="by-program")
    assert event.actor_id == cast.coordinator.pk
    [newest, *_] = program.get("studies/by-program/log/").json()["results"]
    assert newest["actor"] == "coordinator"
