"""What nobody needs any more goes by itself."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from readerstudy.api.models import AnsweredRequest
from readerstudy.operations.tasks import tidy
from tests.cast import make_user


@pytest.mark.django_db
def test_sessions_and_answers_that_are_over_go_and_others_stay() -> None:
    person = make_user("person")
    for _ in range(2):
        Client().force_login(person)
    over, going_on = Session.objects.all()
    Session.objects.filter(pk=over.pk).update(expire_date=timezone.now())
    for key, days in (("old", 8), ("new", 6)):
        row = AnsweredRequest.objects.create(user=person, key=key, fingerprint="f")
        then = timezone.now() - timedelta(days=days)
        AnsweredRequest.objects.filter(pk=row.pk).update(created_at=then)

    tidy()

    assert Session.objects.get() == going_on
    assert AnsweredRequest.objects.get().key == "new"


def test_it_is_asked_for_regularly() -> None:
    from readerstudy.config.celery import app

    app.finalize()
    assert "operations.tidy" in {str(name) for name in app.conf.beat_schedule}
