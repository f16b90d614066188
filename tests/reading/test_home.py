"""The reader's home: what is due, what was read and when, and nothing of results."""

from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone, translation

from readerstudy.config.templatetags.days import days_ahead
from readerstudy.reading import services
from readerstudy.reading.pages.home import home_studies
from readerstudy.reading.selectors import reading_states
from tests.cast import Cast
from tests.factory import TRAINING

from .conftest import address, answer_next, answer_session


def home(client: Client, cast: Cast) -> str:
    client.force_login(cast.reader)
    return unescape(client.get(address("reader-home")).content.decode())


def test_what_can_be_done_now_comes_first(cast, make_open, reader):
    waiting = make_open(slug="waits", sessions=2, washout_days=28)
    services.read_next(reader=reader)
    answer_session(waiting.memberships.get(user=cast.reader))
    shown = home_studies(reading_states(cast.reader))
    assert [(one.state.slug, one.is_due, one.is_first) for one in shown] == [
        (cast.study.slug, True, True),
        ("waits", False, False),
    ]


def test_only_one_button_waits_for_enter(client, cast, make_open):
    make_open(slug="another")
    make_open(slug="with-training", training=TRAINING)
    page = home(client, cast)
    assert page.count("Start session 1") == 3
    assert page.count(" autofocus") == 1


def test_a_reader_who_must_train_first_is_sent_there(client, cast, trainee):
    reader = trainee(
        slug="gated",
        gate="within-one",
        gate_minimum="0.5",
    )
    services.study_close(study=cast.study, by=cast.coordinator)
    page = home(client, cast)
    assert "Start the training</button>" in page
    assert "autofocus>Start the training" in page
    assert f'href="{address("read-next", reader.study.slug)}"' not in page


def test_past_sessions_are_told_by_date_and_number_alone(client, cast, reader):
    answer_session(reader)
    page = home(client, cast)
    session = reader.sessions.get(number=1)
    assert f"{session.size} of {session.size}" in page
    for moment in (session.started_at, session.finished_at):
        assert timezone.localtime(moment).strftime("%Y-%m-%d %H:%M") in page
    for told in ("putamen", "normal", "Grade "):
        assert told not in page


def test_the_day_of_the_next_session_is_told_three_ways(client, cast, make_open):
    study = make_open(slug="waits", sessions=2, washout_days=28)
    reader = study.memberships.get(user=cast.reader)
    answer_session(reader)
    opens = timezone.localtime(reader.sessions.get(number=1).finished_at)
    opens += timedelta(days=28)
    day = opens.strftime("%A, %Y-%m-%d %H:%M")
    assert f"Session 2 opens on {day} <b>(in 28 days)</b>" in home(client, cast)
    pause = client.get(address("reading-pause", "waits")).content.decode()
    assert f"Session 2 opens on {day} (in 28 days)" in pause


@pytest.mark.parametrize(
    ("hours", "told"), [(0, "today"), (24, "tomorrow"), (48, "in 2 days")]
)
def test_days_are_those_of_the_calendar(hours, told):
    noon = timezone.localtime().replace(hour=12)
    with translation.override("en"):
        assert days_ahead(noon + timedelta(hours=hours)) == told


def test_a_closed_study_offers_nothing(client, cast, reader):
    answer_next(reader)
    services.study_close(study=cast.study, by=cast.coordinator)
    page = home(client, cast)
    assert "This study is closed." in page
    assert address("read-next", cast.study.slug) not in page
    assert "1 of 8" in page  # what was read stays told


def test_the_next_page_needs_no_light_one(client, cast, reader):
    """The scheme is told in the head, before any style sheet has come."""
    for name, args in (("reader-home", []), ("reading-pause", [cast.study.slug])):
        client.force_login(cast.reader)
        page = client.get(address(name, *args)).content.decode()
        assert '<meta name="color-scheme" content="dark">' in page
