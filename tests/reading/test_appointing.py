"""People leave: who may come to a study that is open already."""

import pytest

from readerstudy.audit.models import AuditEvent
from readerstudy.imaging.errors import Refused
from readerstudy.reading import services
from readerstudy.reading.models import Membership, Study
from tests.cast import Cast, make_user

from .conftest import address

REASON = "The statistician has left the hospital."


def appoint(cast: Cast, **changed: object) -> Membership:
    given = {
        "study": cast.study,
        "user": cast.stranger,
        "role": "statistician",
        "reason": REASON,
        "by": cast.coordinator,
    }
    return services.member_appoint(**given | changed)


def test_a_new_statistician_can_agree_to_unblind(cast):
    appoint(cast)
    services.study_close(study=cast.study, by=cast.coordinator)
    services.unblinding_approve(study=cast.study, by=cast.stranger)
    services.unblinding_approve(study=cast.study, by=cast.coordinator)
    cast.study.refresh_from_db()
    assert cast.study.state == Study.State.UNBLINDED


def test_the_log_says_who_came_by_whom_and_why(cast):
    appoint(cast)
    event = AuditEvent.objects.order_by("-sequence")[0]
    assert event.action == "member.add"
    assert (event.actor_name, event.subject_key) == ("coordinator", "stranger")
    assert event.after == {"role": "statistician", "code": ""}
    assert event.reason == REASON


def test_no_reader_comes_once_the_plan_is_drawn(cast):
    with pytest.raises(Refused, match="plan is drawn"):
        appoint(cast, role="reader")


def test_who_reads_the_study_or_its_cohort_blinded_learns_nothing_of_it(cast):
    with pytest.raises(Refused, match="already has a role"):
        appoint(cast, user=cast.reader)
    elsewhere = Membership.objects.create(
        study=cast.other_study, user=make_user("elsewhere"), role="reader", code="X"
    )
    Study.objects.filter(pk=cast.other_study.pk).update(cohort=cast.study.cohort)
    with pytest.raises(Refused, match="reads another study of the same cohort"):
        appoint(cast, user=elsewhere.user)


@pytest.mark.parametrize("person", ["statistician", "other_coordinator", "stranger"])
def test_only_the_studys_coordinator_appoints(cast, person):
    with pytest.raises(Refused, match="Only a coordinator"):
        appoint(cast, by=getattr(cast, person))


def test_a_reason_is_needed(cast):
    with pytest.raises(Refused, match="reason"):
        appoint(cast, reason=" ")


def test_the_page_names_an_account_that_is_not_there(at, cast):
    form = {"appoint-user": "nobody", "appoint-role": "statistician"}
    form["appoint-reason"] = REASON
    client = at(cast.coordinator)
    page = client.post(address("member-appoint", cast.study.slug), form)
    assert "There is no account named nobody." in page.content.decode()
    form["appoint-user"] = "stranger"
    client.post(address("member-appoint", cast.study.slug), form)
    assert cast.study.memberships.get(user=cast.stranger).role == "statistician"
    assert (
        "stranger"
        in client.get(address("study-conduct", cast.study.slug)).content.decode()
    )
