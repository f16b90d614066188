"""The coordinator's pages, as a browser gets them."""

import re

import pytest
from django.contrib.messages import get_messages

from readerstudy.reading.models import Score, Study
from tests.stability import save_stability

from .conftest import address, answer_next


def test_no_coordinators_page_shows_a_score_before_unblinding(at, cast, reader):
    for _ in range(reader.reads.count()):
        answer_next(reader, right=1, left=4)
    client = at(cast.coordinator)
    before = [
        client.get(address(name, cast.study.slug))
        for name in ("study-detail", "study-progress")
    ]
    Score.objects.update(value=2)
    after = [
        client.get(address(name, cast.study.slug))
        for name in ("study-detail", "study-progress")
    ]

    def text(page):
        return re.sub(r"[A-Za-z0-9]{64}", "csrf", page.content.decode())

    assert [text(page) for page in before] == [text(page) for page in after]


def test_the_seed_is_shown_only_once_the_study_is_unblinded(at, cast):
    url = address("study-detail", cast.study.slug)
    for who, act in (
        (cast.coordinator, "study-close"),
        (cast.coordinator, "unblinding-approve"),
        (cast.statistician, "unblinding-approve"),
    ):
        client = at(who)
        assert cast.study.seed not in client.get(url).content.decode()
        assert client.post(address(act, cast.study.slug)).status_code == 302
    assert cast.study.seed in client.get(url).content.decode()
    assert Study.objects.get(pk=cast.study.pk).state == "unblinded"


def test_a_coordinator_makes_a_study_in_the_browser_and_opens_it(at, cast):
    client = at(cast.coordinator)
    url = f"{address('study-create')}?cohort={cast.cohort.pk}"
    form = client.get(url).context["form"]
    methods = [arm.initial["method"] for arm in form.arms]
    assert methods == ["reference", "short", "gaussian"]
    data = {
        "title": "Made by hand",
        "slug": "by-hand",
        "readers": "reader\nsecond-reader",
        "statisticians": "statistician",
        "case_split": "",
        "sessions": "2",
        "washout_days": "0",
        "spacing": "2",
        "reference": "reference",
    }
    for index, method in enumerate(methods):
        data |= {f"arm-{index}-method": method, f"arm-{index}-title": method.upper()}
        data[f"arm-{index}-chosen"] = "on"
    data["arm-2-repeated"] = "on"
    assert client.post(url, data).status_code == 302
    study = Study.objects.get(slug="by-hand")
    assert list(study.arms.values_list("method", "title", "role", "repeated")) == [
        ("reference", "REFERENCE", "reference", False),
        ("short", "SHORT", "comparison", False),
        ("gaussian", "GAUSSIAN", "comparison", True),
    ]
    detail = client.post(address("study-open", "by-hand"), follow=True)
    study.refresh_from_db()
    assert study.state == "open"
    assert study.protocol_sha256 in detail.content.decode()


def test_the_draft_can_be_changed_in_the_browser(at, cast, make_draft):
    study = make_draft()
    client = at(cast.coordinator)
    url = address("study-edit", study.slug)
    form = client.get(url).context["form"]
    assert [arm["chosen"].value() for arm in form.arms] == [True, True, False]
    data = {
        "title": "Changed",
        "readers": "second-reader",
        "sessions": "1",
        "washout_days": "0",
        "spacing": "0",
        "reference": "reference",
        "arm-0-method": "reference",
        "arm-0-chosen": "on",
        "arm-1-method": "short",
        "arm-2-method": "gaussian",
        "arm-2-chosen": "on",
    }
    assert client.post(url, data).status_code == 302
    study.refresh_from_db()
    assert study.title == "Changed"
    assert list(study.arms.values_list("code", flat=True)) == ["reference", "gaussian"]


@pytest.mark.parametrize("field", ["readers", "statisticians", "coordinators"])
def test_an_unknown_person_is_named(at, cast, field):
    client = at(cast.coordinator)
    url = f"{address('study-create')}?cohort={cast.cohort.pk}"
    page = client.post(url, {"title": "x", "slug": "x", field: "reader nobody"})
    assert page.context["form"].errors[field] == ["There is no account named nobody."]
    assert "There is no account named nobody." in page.content.decode()


def roles(study):
    """Who holds which role, readers aside, as the database has it."""
    people = study.memberships.exclude(role="reader")
    return set(people.values_list("user__username", "role"))


DRAFT = {
    "title": "With people",
    "slug": "people",
    "sessions": "1",
    "washout_days": "0",
    "spacing": "0",
    "reference": "reference",
    "arm-0-method": "reference",
    "arm-1-method": "short",
    "arm-2-method": "gaussian",
}


def test_the_browser_gives_a_study_its_statistician_and_coordinators(at, cast):
    client = at(cast.coordinator)
    url = f"{address('study-create')}?cohort={cast.cohort.pk}"
    data = {
        **DRAFT,
        "statisticians": "statistician",
        "coordinators": "other-coordinator coordinator",
    }
    assert client.post(url, data).status_code == 302
    study = Study.objects.get(slug="people")
    assert roles(study) == {
        ("coordinator", "coordinator"),
        ("other-coordinator", "coordinator"),
        ("statistician", "statistician"),
    }
    edit = address("study-edit", "people")
    form = client.get(edit).context["form"]
    assert form["statisticians"].value() == "statistician"
    assert form["coordinators"].value() == "other-coordinator"
    data |= {"statisticians": "stranger", "coordinators": ""}
    assert client.post(edit, data).status_code == 302
    assert roles(study) == {
        ("coordinator", "coordinator"),
        ("stranger", "statistician"),
    }
    at(cast.stranger)
    assert client.get(address("study-detail", "people")).status_code == 200


def test_nobody_is_both_reader_and_statistician(at, cast):
    client = at(cast.coordinator)
    url = f"{address('study-create')}?cohort={cast.cohort.pk}"
    people = {"readers": "stranger", "statisticians": "stranger"}
    page = client.post(url, {**DRAFT, **people})
    assert "stranger already has a role in this study." in page.content.decode()
    assert not Study.objects.filter(slug="people").exists()


def test_another_coordinators_cohort_is_not_there_to_be_read(at, cast):
    client = at(cast.other_coordinator)
    url = f"{address('study-create')}?cohort={cast.cohort.pk}"
    assert client.get(url).status_code == 404
    assert client.get(f"{address('study-create')}?cohort=x").status_code == 404


def test_the_preflight_page_says_what_is_missing(at, cast, make_draft):
    study = make_draft(spacing=9)
    client = at(cast.coordinator)
    page = client.get(address("study-detail", study.slug)).content.decode()
    assert "spacing of 9 reads" in page
    assert address("study-edit", study.slug) in page
    refused = client.post(address("study-open", study.slug))
    assert any("spacing" in str(m) for m in get_messages(refused.wsgi_request))


def test_who_unblinds_is_told_of_which_arms_the_report_has_no_stability(at, cast):
    client, url = (
        at(cast.coordinator),
        address("study-detail", cast.study.slug),
    )

    def told() -> str:
        found = re.search(
            '<section class="card" id="unmeasured">.*?</section>',
            client.get(url).content.decode(),
            re.DOTALL,
        )
        return " ".join(found[0].split()) if found else ""

    short, filtered = cast.study.arms.exclude(method="reference")
    assert f"or not to the end: {short.title}, {filtered.title}</li>" in told()
    save_stability(cast.cohort, filtered.method)
    assert f"or not to the end: {short.title}</li>" in told()
    assert "Looked at: 1 arm" in told()
    save_stability(cast.cohort, short.method)
    assert told() == ""
    cast.cohort.cases.first().renditions.filter(method=filtered.method).update(
        sha256="0" * 64
    )
    assert f"since the suite looked at them: {filtered.title}</li>" in told()
    assert "to the end" not in told()
    assert told().count("/stability/") == 1
