"""GRRAS and CLAIM are filled in, point at what is there, and leave nothing blank."""

import re

import pytest

from stats.checklists import claim, grras
from stats.checklists.items import PLACES
from stats.pages import report_body
from stats.reporting.building import report_build
from stats.services import image_quality_measure
from tests.stats.conducted import add_guesses, give_plan
from tests.stats.stacks import make_heads, make_read_study, prefers, rates
from tests.stats.test_without_reference import forget_references

pytestmark = pytest.mark.django_db


@pytest.fixture
def report(study):
    give_plan(study)
    add_guesses(study)
    image_quality_measure(study=study)
    return report_build(study=study)


def test_every_item_has_its_number_and_an_answer(report) -> None:
    for checklist, items in ((grras(report), 15), (claim(report), 44)):
        assert [one.number for one in checklist] == list(range(1, items + 1))
        for one in checklist:
            assert str(one.asks).strip()
            assert one.answer.told.strip()
            assert one.answer.by_authors == (not one.places), one.number
            assert (
                one.answer.told.startswith("By the authors:") == one.answer.by_authors
            )


def test_answers_point_at_sections_that_the_report_has(report, study) -> None:
    body = report_body(study=study, report=report, frozen=None)
    anchors = set(re.findall(r'\bid="([\w-]+)"', body))
    pointed = {
        a for c in (grras, claim) for one in c(report) for a in one.answer.places
    }
    assert pointed <= anchors & set(PLACES)


def test_answers_hold_the_numbers_of_the_study(report) -> None:
    told = grras(report)[5].answer.told
    assert f"{len(report.readers)} readers, {report.cases} cases" in told
    assert report.protocol_sha256 in claim(report)[41].answer.told
    assert report.primary.primary.title in claim(report)[3].answer.told


@pytest.mark.parametrize("pairs", [False, True])
def test_arms_that_were_read_twice_are_counted_whatever_was_asked(pairs) -> None:
    study = make_read_study(
        make_heads(cases=2),
        prefers if pairs else rates,
        question_set="forced-choice" if pairs else "image-quality",
        pairs=pairs,
        readers=1,
        repeated=("short", "gaussian"),
    )
    told = claim(report_build(study=study))[20].answer.told
    assert "2 arms beside the reference" in told and "Arms read twice: 2." in told


def test_a_study_without_a_reference_has_no_arms_beside_one() -> None:
    study = make_read_study(
        forget_references(make_heads(cases=2)),
        rates,
        readers=1,
        methods=("short", "gaussian"),
    )
    told = claim(report_build(study=study))[20].answer.told
    assert "2 arms and no reference" in told and "Arms read twice: 0." in told
