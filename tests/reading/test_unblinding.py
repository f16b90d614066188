"""Scores and arms are seen together once two different people have agreed."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from readerstudy.audit.models import AuditEvent
from readerstudy.imaging.errors import Refused
from readerstudy.reading import services
from readerstudy.reading.models import UnblindingApproval
from readerstudy.reading.services import unblinding_approve, unblinding_withdraw

from .conftest import address


@pytest.fixture
def closed(cast):
    return services.study_close(study=cast.study, by=cast.coordinator)


def unblinding_events(study):
    """(who, what) in order, of everything about the unblinding."""
    events = AuditEvent.objects.filter(
        study=study.slug, action__regex="unblind|approval"
    )
    return list(events.values_list("actor_name", "action"))


@pytest.mark.parametrize("first", ["coordinator", "statistician"])
def test_a_coordinator_and_a_statistician_unblind_together(cast, closed, first):
    second = "statistician" if first == "coordinator" else "coordinator"
    study = unblinding_approve(study=closed, by=getattr(cast, first))
    assert (study.state, study.unblinded_at) == ("closed", None)
    study = unblinding_approve(study=closed, by=getattr(cast, second))
    study.refresh_from_db()
    assert study.state == "unblinded"
    assert study.closed_at <= study.unblinded_at
    assert unblinding_events(study) == [
        (first, "study.approve_unblinding"),
        (second, "study.approve_unblinding"),
        (second, "study.unblind"),
    ]
    last = AuditEvent.objects.get(action="study.unblind")
    assert last.after == {"seed": study.seed}


def test_one_person_does_not_count_twice(cast, closed):
    unblinding_approve(study=closed, by=cast.coordinator)
    with pytest.raises(Refused, match="coordinator has agreed already"):
        unblinding_approve(study=closed, by=cast.coordinator)
    closed.refresh_from_db()
    assert closed.state == "closed"


def test_two_coordinators_do_not_unblind(cast, closed):
    closed.memberships.create(user=cast.stranger, role="coordinator")
    unblinding_approve(study=closed, by=cast.coordinator)
    with pytest.raises(Refused, match="coordinator has agreed already"):
        unblinding_approve(study=closed, by=cast.stranger)


def test_nobody_else_agrees(cast, closed):
    people = (cast.reader, cast.other_coordinator, cast.administrator, cast.stranger)
    for user in people:
        for act in (unblinding_approve, unblinding_withdraw):
            with pytest.raises(Refused, match="Only a coordinator or statistician"):
                act(study=closed, by=user)
    assert not UnblindingApproval.objects.exists()


def test_an_open_study_is_not_unblinded(cast):
    for by in (cast.coordinator, cast.statistician):
        with pytest.raises(Refused, match="Only a closed study can be unblinded"):
            unblinding_approve(study=cast.study, by=by)


def test_an_unblinded_study_stays_so(cast, closed):
    for by in (cast.coordinator, cast.statistician):
        unblinding_approve(study=closed, by=by)
    with pytest.raises(Refused, match="Only a closed study"):
        unblinding_withdraw(study=closed, by=cast.coordinator)


def test_an_agreement_is_taken_back_before_the_second_one(cast, closed):
    unblinding_approve(study=closed, by=cast.coordinator)
    with pytest.raises(Refused, match="You have not agreed"):
        unblinding_withdraw(study=closed, by=cast.statistician)
    unblinding_withdraw(study=closed, by=cast.coordinator)
    study = unblinding_approve(study=closed, by=cast.statistician)
    assert study.state == "closed"
    study = unblinding_approve(study=closed, by=cast.coordinator)
    assert study.state == "unblinded"
    assert unblinding_events(study)[:2] == [
        ("coordinator", "study.approve_unblinding"),
        ("coordinator", "study.withdraw_approval"),
    ]


def test_the_database_wants_two_people_as_well(cast, closed):
    unblinding_approve(study=closed, by=cast.coordinator)
    for user, role in (
        (cast.coordinator, "statistician"),
        (cast.stranger, "coordinator"),
        (cast.reader, "reader"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            closed.approvals.create(user=user, role=role, at=timezone.now())


def test_both_see_who_has_agreed_and_have_their_button(at, cast, closed):
    page = address("study-detail", closed.slug)
    approve, withdraw = (
        address(f"unblinding-{act}", closed.slug) for act in ("approve", "withdraw")
    )
    give, take_back = f'action="{approve}"', f'action="{withdraw}"'
    for person in (cast.coordinator, cast.statistician):
        shown = at(person).get(page).content.decode()
        assert give in shown
        assert take_back not in shown
    told = at(cast.statistician).post(approve, follow=True).content.decode()
    assert "You have agreed" in told
    assert take_back in told
    assert give not in told
    shown = at(cast.coordinator).get(page).content.decode()
    assert "statistician has agreed" in " ".join(shown.split())
    assert give in shown
    told = at(cast.coordinator).post(approve, follow=True).content.decode()
    assert "The study is unblinded" in told
    closed.refresh_from_db()
    assert closed.state == "unblinded"


def test_a_refusal_is_told_in_words(at, cast):
    url = address("unblinding-approve", cast.study.slug)
    told = at(cast.coordinator).post(url, follow=True).content.decode()
    assert "Only a closed study can be unblinded." in told
