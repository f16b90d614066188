"""The plan says what grades are compared with; given grades name cases, in secret."""

import json

import pytest

from readerstudy.audit.models import AuditEvent
from readerstudy.imaging.errors import Refused
from readerstudy.reading import services
from readerstudy.reading.models import Study
from readerstudy.reading.preflight.plan import analysis_findings
from readerstudy.reading.protocol.frozen import current
from readerstudy.reading.protocol.words import amendments_told
from tests.factory import make_study


def line(case: str, right: object = 4, left: object = 3) -> dict[str, object]:
    return {"case": case, "right": right, "left": left}


@pytest.fixture
def given(cast):
    codes = [case["code"] for case in cast.study.protocol["cases"]]
    return [line(code) for code in codes]


def test_a_study_keeps_to_each_readers_own_reading_unless_its_plan_says_otherwise(cast):
    assert current(cast.study)["analysis"]["standard"] == "own"
    assert current(cast.study)["analysis"]["given"] == []


def amend(cast, **settings):
    return services.protocol_amend(
        study=cast.study, by=cast.coordinator, reason="Follow-up is known.", **settings
    )


def test_grades_of_a_follow_up_are_part_of_the_protocol_and_not_of_the_log(cast, given):
    amended = amend(cast, reference_standard="given", given_standard=given)
    assert current(cast.study)["analysis"]["given"] == given
    assert amended.protocol_sha256 != cast.study.protocol_sha256
    event = AuditEvent.objects.filter(action="study.amend").latest("pk")
    told = json.dumps([event.before, event.after])
    assert event.after["given_standard"] == "changed"
    assert not any(one["case"] in told for one in given)
    [shown] = amendments_told(cast.study)
    assert [(c.before, c.after) for c in shown.changes][-1] == (
        "–",
        f"{len(given)} cases",
    )


def test_neither_the_earlier_nor_the_later_grades_are_in_the_log(cast, given):
    amend(cast, reference_standard="given", given_standard=given)
    others = [{**one, "left": 1} for one in given]
    amend(cast, given_standard=others)
    for event in AuditEvent.objects.filter(action="study.amend"):
        told = json.dumps([event.before, event.after])
        assert not any(one["case"] in told for one in given)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ([line("C999")], "The cohort has no case C999."),
        ([line("C001"), line("C001")], "C001 is there twice."),
        ([line("C001", right=5)], "C001: 5 is not one of the answers."),
        ([line("C001", left="4")], "C001: 4 is not one of the answers."),
        ([line("C001", left=True)], "C001: True is not one of the answers."),
        ([{"case": "C001", "right": 4}], "A line is: case, grade right, grade left."),
        ("C001 4 3", "It must be a list of cases with their grades."),
    ],
)
def test_given_grades_that_cannot_be_are_named(cast, wrong, said):
    with pytest.raises(Refused) as refused:
        amend(cast, reference_standard="given", given_standard=wrong)
    assert said in str(refused.value)
    assert current(Study.objects.get(pk=cast.study.pk)) == cast.study.protocol


def test_a_case_without_a_given_grade_stands_against_it(cast, given):
    missing = given.pop()["case"]
    with pytest.raises(Refused, match=f"given for: {missing}"):
        amend(cast, reference_standard="given", given_standard=given)


def test_given_grades_beside_another_standard_are_not_passed_over(cast, given):
    with pytest.raises(Refused, match="the standard is another"):
        amend(cast, reference_standard="median", given_standard=given)


def test_a_draft_is_told_which_cases_lack_a_grade(cast):
    draft = make_study(
        cast.cohort,
        slug="given",
        coordinator=cast.coordinator,
        readers=[cast.reader],
        opened=False,
        reference_standard="given",
        given_standard=[line("C001"), line("C002")],
    )
    [finding] = analysis_findings(draft)
    assert finding.message.endswith("given for: C003, C004.")
