"""Cohorts by a program: seen, filtered, corrected and divided as on the pages."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from readerstudy.audit.models import AuditEvent
from readerstudy.cases.models import Case, Cohort
from tests.api.programs import PROBLEM, Program
from tests.cases.waiting import make_unlike
from tests.cast import Cast
from tests.factory import make_cohort

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(cast: Cast) -> Program:
    return Program(cast.coordinator)


@pytest.fixture
def cohort(cast: Cast) -> Cohort:
    """Of nobody's study yet."""
    return make_cohort("Fresh", coordinators=[cast.coordinator])


@pytest.fixture
def unlike(cast: Cast) -> Cohort:
    return make_unlike(cast)


def at(cohort: Cohort, rest: str = "") -> str:
    return f"cohorts/{cohort.pk}/{rest}"


def queries(program: Program, path: str) -> int:
    program.get(path)  # a token's last use is noted once a minute
    with CaptureQueriesContext(connection) as found:
        assert program.get(path).status_code == 200
    return len(found)


def test_a_coordinator_sees_own_cohorts_and_nobody_elses(cast, program, cohort):
    make_cohort("Theirs", coordinators=[cast.other_coordinator])
    found = program.get("cohorts/").json()
    assert found["count"] == 2
    assert [one["name"] for one in found["results"]] == ["Fresh", cast.cohort.name]
    assert found["results"][0]["cases"] == 4


def test_a_cohort_tells_its_images_and_parts(program, cohort):
    found = program.get(at(cohort)).json()
    assert found["methods"][0] == {"method": "reference", "cases": 4}
    assert found["parts"] == {"training": 0, "validation": 0, "test": 0, "none": 4}
    assert found["division"] is None
    assert {"problem": "binding", "words": "no binding ratio", "cases": 4} in found[
        "problems"
    ]


def test_cases_are_filtered_as_in_the_table(program, cohort):
    Case.objects.filter(cohort=cohort, code="C002").update(sex="F", age_years=71)
    found = program.get(at(cohort, "cases/?sex=F&age_from=70")).json()["results"]
    assert [one["code"] for one in found] == ["C002"]
    assert found[0]["central_slice"] == 31  # as people count, the index is 30
    assert found[0]["count_ratio"] == 5.0
    assert found[0]["reference"]["shape"] == [60, 128, 128]
    assert set(found[0]["images"]) == {"reference", "short", "gaussian"}


@pytest.mark.parametrize(
    ("asked", "field"),
    [("problem=none", "problem"), ("age_from=x", "age_from"), ("sexx=F", "sexx")],
)
def test_a_filter_that_nobody_knows_is_named(program, cohort, asked, field):
    response = program.get(at(cohort, f"cases/?{asked}"))
    assert (response.status_code, response["Content-Type"]) == (400, PROBLEM)
    assert [one["field"] for one in response.json()["errors"]] == [field]


def test_the_table_goes_out_as_csv_and_that_is_kept(program, cohort):
    response = program.get(at(cohort, "cases.csv"), headers={"Accept": "text/csv"})
    lines = b"".join(response.streaming_content).decode().splitlines()
    assert lines[0].startswith("cohort,study_type,case,patient_digest")
    assert len(lines) == 5
    assert AuditEvent.objects.filter(action="cohort.export").count() == 1


def test_a_case_tells_what_differs_and_takes_a_reason(program, unlike):
    path = at(unlike, "cases/C001/")
    (finding,) = program.get(path).json()["parity"]["findings"]
    assert (finding["kind"], finding["accepted"]) == ("offset", None)
    (kind,) = program.get(at(unlike, "parity/")).json()["results"]
    assert (kind["kind"], kind["cases"]) == ("offset", 1)
    assert kind["examples"] == [{"code": "C001", "sentence": "They lie apart."}]
    given = program.post(path + "parity/", {"reason": "Same bed."}).json()
    assert given["parity"]["findings"][0]["accepted"] == "Same bed."
    assert program.get(at(unlike, "parity/")).json()["count"] == 0
    again = program.post(path + "parity/", {"reason": "Same bed."})
    assert again.status_code == 409
    assert again.json()["detail"] == "Nothing in this case waits for a reason."


def test_differences_of_a_kind_are_accepted_in_one_go(program, unlike):
    given = {"kind": "offset", "reason": "Same bed."}
    assert program.post(at(unlike, "parity/"), given).json() == {"cases": 1}
    case = unlike.cases.get()
    assert (case.parity_reason, case.parity_accepted_at is None) == ("Same bed.", False)


def test_a_cohort_that_is_read_keeps_its_slices_and_parts(cast, program):
    path = at(cast.cohort, "cases/C001/central-slice/")
    response = program.post(path, {"central_slice": 20, "reason": "A gland."})
    assert response.status_code == 409
    assert "is being read in a study" in response.json()["detail"]
    sizes = {"training": 1, "validation": 1, "test": 2}
    response = program.post(at(cast.cohort, "division/"), sizes)
    assert response.status_code == 409
    assert "is being read in a study" in response.json()["detail"]


def test_a_correction_wants_a_reason(program, cohort):
    path = at(cohort, "cases/C001/central-slice/")
    response = program.post(path, {"central_slice": 0})
    assert response.status_code == 400
    fields = [one["field"] for one in response.json()["errors"]]
    assert fields == ["central_slice", "reason"]


def test_a_cohort_is_divided_by_patient_from_a_seed(program, cohort):
    assert program.get(at(cohort, "division/")).status_code == 404
    sizes = {"training": 2, "validation": 1, "test": 1, "seed": "abc"}
    given = program.post(at(cohort, "division/"), sizes).json()
    assert given["seed"] == "abc"
    assert program.get(at(cohort, "division/")).json() == given
    assert cohort.cases.filter(split="training").count() == 2
    sizes["test"] = 3
    response = program.post(at(cohort, "division/"), sizes)
    assert response.status_code == 409
    assert "6 cases together" in response.json()["detail"]


def test_pictures_are_the_pages_own(program, cohort):
    path = at(cohort, "cases/C001/images/short.png")
    response = program.get(path, headers={"Accept": "image/png"})
    assert response["Content-Type"] == "image/png"
    assert response.content.startswith(b"\x89PNG")
    assert program.get(at(cohort, "cases/C001/images/no.png")).status_code == 404


@pytest.mark.parametrize("rest", ["", "cases/", "cases/C001/", "parity/"])
def test_more_cases_are_not_more_queries(cast, program, rest):
    few = make_cohort("Few", coordinators=[cast.coordinator], cases_wanted=2)
    many = make_cohort("Many", coordinators=[cast.coordinator], cases_wanted=6)
    assert queries(program, at(few, rest)) == queries(program, at(many, rest)) < 15


def test_more_cohorts_are_not_more_queries(cast, program):
    first = queries(program, "cohorts/")
    make_cohort("One", coordinators=[cast.coordinator], cases_wanted=1)
    assert queries(program, "cohorts/") == first < 8
