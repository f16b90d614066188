"""OWASP A05, injection: what people write comes back as text, on every page."""

import json

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from readerstudy.cases.models import Cohort
from tests.security.two_hospitals import Hospital, make_hospital, own_addresses

SCRIPT = "<script>alert(1)</script>"
QUOTED = '" autofocus onfocus="alert(1)'
SQL = "'; DROP TABLE reading_score; --"
TEMPLATE = "{{ 7|add:7 }}{% debug %}"


@pytest.fixture
def hospital(db: None) -> Hospital:
    """Whatever has a name bears one that would do harm if it were not kept as text."""
    hospital = make_hospital("own")
    evil = SCRIPT + QUOTED + SQL + TEMPLATE
    Cohort.objects.filter(pk=hospital.cohort.pk).update(name=evil[:100])
    User.objects.filter(pk=hospital.reader.pk).update(first_name=SCRIPT)
    for arm in hospital.study.arms.all():
        type(arm).objects.filter(pk=arm.pk).update(title=SCRIPT + QUOTED)
    type(hospital.study).objects.filter(pk=hospital.study.pk).update(title=evil[:100])
    return hospital


def test_nothing_that_people_wrote_is_run_by_a_browser(hospital: Hospital) -> None:
    seen = 0
    for who in (hospital.coordinator, hospital.statistician, hospital.reader):
        client = Client(raise_request_exception=False)
        client.force_login(who)
        for name, path in own_addresses(hospital):
            response = client.get(path)
            if not response.get("Content-Type", "").startswith("text/html"):
                continue
            page = response.content.decode()
            assert SCRIPT not in page, f"{path} ({name})"
            assert 'autofocus onfocus="' not in page, f"{path} ({name})"
            seen += "&lt;script&gt;" in page
    assert seen > 5


@pytest.mark.parametrize("text", [SQL, "1 OR 1=1", "%27", "x' UNION SELECT 1 --", "\0"])
def test_what_is_looked_for_is_never_part_of_a_statement(
    text: str, hospital: Hospital
) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(hospital.coordinator)
    for path in (
        f"/cohorts/{hospital.cohort.pk}/",
        f"/studies/{hospital.study.slug}/log/",
        "/api/v1/cohorts/",
        f"/api/v1/cohorts/{hospital.cohort.pk}/cases/",
        f"/api/v1/studies/{hospital.study.slug}/log/",
    ):
        names = ("q", "search", "page", "sort", "order", "split", "action", "actor")
        status = client.get(path, dict.fromkeys(names, text)).status_code
        assert status in (200, 400, 404), path
    assert "reading_score" in connection.introspection.table_names()


def test_a_log_line_cannot_be_forged(
    hospital: Hospital, caplog: pytest.LogCaptureFixture
) -> None:
    client = Client(raise_request_exception=False)
    client.post("/login/", {"username": "x\nroot logged in", "password": "y"})
    client.get("/nowhere/%0aroot%20logged%20in/")
    from readerstudy.config.log_lines import JsonLines

    for record in caplog.records:
        line = JsonLines().format(record)
        assert "\n" not in line
        json.loads(line)
