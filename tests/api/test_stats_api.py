"""What a statistician's program gets of a report: what the pages show, no sooner."""

import csv
import hashlib
import io
import json
import zipfile

import pytest

from readerstudy.audit.models import AuditEvent
from readerstudy.reading.models import Study
from stats.freezing import report_freeze
from stats.services import image_quality_measure
from tests.api.programs import Program
from tests.cast import Cast
from tests.stats.conftest import (
    EXPORTED,
    coordinator,
    kept_study,
    patient,
    statistician,
    study,
)

__all__ = ["coordinator", "kept_study", "patient", "statistician", "study"]

PATHS = (
    *("reports/", "measuring/", "report/", "report/pdf/", "report/changes/"),
    *("figures/", "figures/kappa/", "export/"),
)
READ = "studies/read-study/"


@pytest.fixture
def frozen(study: Study) -> Study:
    image_quality_measure(study=study)
    report_freeze(study=study)
    return study


@pytest.fixture
def program(statistician) -> Program:
    return Program(statistician)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("state", ["open", "closed"])
def test_before_unblinding_there_is_nothing_to_get(cast: Cast, path: str, state: str):
    Study.objects.filter(pk=cast.study.pk).update(state=state)
    for user in (cast.coordinator, cast.statistician):
        response = Program(user).get(f"studies/{cast.study.slug}/{path}")
        assert response.status_code == 409
        assert "not unblinded yet" in response.json()["detail"]
    assert not cast.study.frozen_reports.exists()
    assert not AuditEvent.objects.filter(action="study.export").exists()


def test_before_unblinding_no_report_is_made_anew(cast: Cast):
    response = Program(cast.coordinator).post(
        f"studies/{cast.study.slug}/reports/", {"reason": "Again."}
    )
    assert response.status_code == 409
    assert not cast.study.frozen_reports.exists()


def test_the_report_is_the_bytes_whose_hash_is_told(program, frozen):
    told = program.get(f"{READ}reports/").json()["results"]
    content = program.get(f"{READ}report/").content
    assert [one["version"] for one in told] == [1]
    assert hashlib.sha256(content).hexdigest() == told[0]["sha256"]


def test_whoever_is_first_asks_again_until_the_report_is_there(program, study):
    statuses = []
    for _ in range(20):
        response = program.get(f"{READ}report/")
        statuses.append(response.status_code)
        if response.status_code == 200:
            break
        assert "still being computed" in response.json()["detail"]
    assert statuses[-1] == 200
    measured = program.get(f"{READ}measuring/").json()
    assert measured["measured"] == measured["images"] > 0


def test_a_new_version_takes_a_reason_and_is_made_once_for_one_key(program, frozen):
    response = program.post(f"{READ}reports/", {})
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "reason"
    for _ in range(2):
        made = program.post(
            f"{READ}reports/",
            {"reason": "The program was corrected."},
            headers={"Idempotency-Key": "again-1"},
        )
        assert made.status_code == 201 and made.json()["version"] == 2
    assert frozen.frozen_reports.count() == 2
    assert made.json()["built_by"] == "statistician"


def test_earlier_versions_stay_to_be_read(program, frozen):
    first = program.get(f"{READ}report/").content
    program.post(f"{READ}reports/", {"reason": "Again."})
    assert program.get(f"{READ}report/?version=1").content == first
    assert program.get(f"{READ}report/?version=3").status_code == 404
    response = program.get(f"{READ}report/?version=x")
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "version"


def test_the_export_is_that_of_the_page_and_is_in_the_log(program, frozen):
    response = program.get(f"{READ}export/")
    content = b"".join(response.streaming_content)
    with zipfile.ZipFile(io.BytesIO(content)) as files:
        names = {name.rpartition("/")[2] for name in files.namelist()}
    assert names >= EXPORTED
    event = AuditEvent.objects.get(action="study.export")
    assert (event.actor_name, event.after) == ("statistician", {"excel": False})


def test_figures_come_as_pictures_and_as_numbers(program, frozen):
    names = [one["name"] for one in program.get(f"{READ}figures/").json()["results"]]
    assert names
    path = f"{READ}figures/{names[0]}/"
    assert program.get(path)["Content-Type"] == "image/svg+xml"
    assert program.get(f"{path}?form=png&theme=dark")["Content-Type"] == "image/png"
    table = program.get(f"{path}?form=csv").content.decode()
    assert len(list(csv.reader(io.StringIO(table)))) > 1
    assert program.get(f"{READ}figures/nothing/").status_code == 404
    assert program.get(f"{path}?form=gif").status_code == 400


def test_the_document_and_what_has_changed(program, frozen):
    assert program.get(f"{READ}report/pdf/").content.startswith(b"%PDF")
    assert program.get(f"{READ}report/changes/").json() == {"changed": []}


def test_a_token_for_reports_alone_makes_none(statistician, frozen):
    program = Program(statistician, "reports:read")
    assert program.get(f"{READ}report/").status_code == 200
    assert program.post(f"{READ}reports/", {"reason": "Again."}).status_code == 403


def test_a_study_can_be_planned(cast: Cast):
    program = Program(cast.statistician)
    plan = program.get("planning/").json()
    assert plan["expected"]["patients"] == 50
    more = program.get("planning/?patients=200").json()
    assert more["expected"]["mean"] < plan["expected"]["mean"]
    assert [one["power"] for one in plan["needed"]] == [0.8, 0.9]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("patients=1", "patients"),
        ("patients=many", "patients"),
        ("shares=a b", "shares"),
        ("primary=0.99", ""),
        ("margin=NaN", "margin"),
        ("alike=inf", "alike"),
        ("cases=3", "cases"),
    ],
)
def test_what_cannot_be_planned_is_named(cast: Cast, query: str, field: str):
    response = Program(cast.statistician).get(f"planning/?{query}")
    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == [field]


def test_the_report_is_json(program, frozen):
    assert isinstance(json.loads(program.get(f"{READ}report/").content), dict)
