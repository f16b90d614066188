"""Differences between scans stay only with a reason: for a case, or all of a kind."""

import pytest
from django.test import Client

from readerstudy.audit.models import AuditEvent
from readerstudy.cases.acceptance import accepted_kinds, open_findings
from readerstudy.cases.models import Case, Cohort
from readerstudy.cases.pages.case import case_checks, kinds_waiting
from readerstudy.cases.plan import ParityFinding, ParityReport
from readerstudy.cases.services.parity import case_accept_parity, cohort_accept_parity
from readerstudy.imaging.errors import Refused
from tests.factory import make_cohort

pytestmark = pytest.mark.django_db


def let_differ(case: Case, *kinds: str) -> None:
    """As if its scans differed so; "position" needs no reason."""
    findings = tuple(
        ParityFinding(kind, f"They differ in {kind}.", blocking=kind != "position")
        for kind in kinds
    )
    case.parity = ParityReport((0.0, 0.0, 0.0), 5.0, findings).to_json()
    case.save()


@pytest.fixture
def cohort(coordinator) -> Cohort:
    """C001 displaced; C002 displaced, with negatives; C003 elsewhere; C004 plain."""
    cohort = make_cohort(coordinators=[coordinator])
    one, two, three, _ = cohort.cases.order_by("code")
    let_differ(one, "offset")
    let_differ(two, "offset", "negative")
    let_differ(three, "position")
    return cohort


def waiting(cohort: Cohort) -> dict[str, list[str]]:
    return {
        case.code: [one.kind for one in open_findings(case)]
        for case in cohort.cases.all()
        if open_findings(case)
    }


def test_a_kind_is_accepted_in_all_cases_and_another_kind_still_waits(
    cohort, coordinator
):
    count = cohort_accept_parity(
        cohort=cohort, kind="offset", reason=" Same bed. ", by=coordinator
    )
    assert count == 2
    assert waiting(cohort) == {"C002": ["negative"]}
    one, two = cohort.cases.order_by("code")[:2]
    assert one.parity_reason == "Same bed."
    assert one.parity_accepted_by == coordinator
    assert one.parity_accepted_at
    assert not two.parity_accepted_at, "something in it still waits"
    event = AuditEvent.objects.get(action="case.parity")
    assert event.after == {"kinds": ["offset"], "cases": 2, "reason": "Same bed."}
    assert "C00" not in str(event.subject_key)


def test_all_that_differs_in_a_case_is_accepted_at_once(cohort, coordinator):
    case = cohort.cases.get(code="C002")
    case = case_accept_parity(case=case, reason="Looked at both.", by=coordinator)
    assert set(accepted_kinds(case)) == {"offset", "negative"}
    assert case.parity_accepted_at
    assert waiting(cohort) == {"C001": ["offset"]}
    assert AuditEvent.objects.get(action="case.parity").actor_name == "coordinator"


def test_reasons_of_two_kinds_are_both_kept(cohort, coordinator):
    for kind, reason in (("offset", "Same bed."), ("negative", "Both filtered.")):
        cohort_accept_parity(cohort=cohort, kind=kind, reason=reason, by=coordinator)
    case = cohort.cases.get(code="C002")
    assert case.parity_reason == "Same bed. / Both filtered."
    assert [reason for _, reason in case_checks(case).accepted] == [
        "Same bed.",
        "Both filtered.",
    ]


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_no_reason_is_no_acceptance(cohort, coordinator, reason):
    with pytest.raises(Refused):
        cohort_accept_parity(
            cohort=cohort, kind="offset", reason=reason, by=coordinator
        )
    with pytest.raises(Refused):
        case_accept_parity(
            case=cohort.cases.get(code="C001"), reason=reason, by=coordinator
        )
    assert len(waiting(cohort)) == 2


def test_what_does_not_differ_cannot_be_accepted(cohort, coordinator):
    with pytest.raises(Refused, match="No case has a difference"):
        cohort_accept_parity(
            cohort=cohort, kind="camera", reason="Because.", by=coordinator
        )
    for code in ("C003", "C004"):
        with pytest.raises(Refused, match="Nothing in this case"):
            case_accept_parity(
                case=cohort.cases.get(code=code), reason="Because.", by=coordinator
            )


def test_the_page_of_differences_takes_a_reason_for_each_kind(cohort, browser):
    address = f"/cohorts/{cohort.pk}/parity/"
    page = browser.get(address).content.decode()
    assert "displacement" in page
    assert "They differ in offset." in page
    assert "C003" not in page
    page = browser.post(
        f"{address}accept/", {"kind": "offset", "reason": "Same bed."}, follow=True
    ).content.decode()
    assert "kept with 2 cases" in page
    page = browser.post(
        f"{address}accept/", {"kind": "negative", "reason": " "}, follow=True
    ).content.decode()
    assert "Please give a reason" in page
    browser.post(f"{address}accept/", {"kind": "negative", "reason": "Alike."})
    assert "No difference waits" in browser.get(address).content.decode()


def test_the_page_of_a_case_says_who_accepted_what_and_why(cohort, browser):
    address = f"/cohorts/{cohort.pk}/cases/C002/"
    page = browser.get(address).content.decode()
    assert "Accept the differences of this case" in page
    page = browser.post(
        f"/cohorts/{cohort.pk}/parity/accept/",
        {"code": "C002", "reason": "Looked at both."},
        follow=True,
    ).content.decode()
    assert "Looked at both." in page
    assert "Said by coordinator" in page
    assert "Accept the differences" not in page


def test_another_cohorts_coordinator_finds_none_of_it(cohort, other_coordinator):
    client = Client()
    client.force_login(other_coordinator)
    address = f"/cohorts/{cohort.pk}/parity/"
    assert client.get(address).status_code == 404
    values = {"kind": "offset", "reason": "Because."}
    assert client.post(f"{address}accept/", values).status_code == 404
    assert len(waiting(cohort)) == 2


def test_many_cases_of_one_kind_are_counted_and_the_first_are_named(cohort):
    Case.objects.bulk_create(
        Case(
            cohort=cohort,
            code=f"D{number:03}",
            patient_digest=str(number),
            central_slice=30,
            parity=cohort.cases.get(code="C001").parity,
        )
        for number in range(100)
    )
    (offset, _) = kinds_waiting(cohort)
    assert (offset.kind, offset.count, len(offset.cases)) == ("offset", 102, 50)
