"""What did not go as the protocol wants it is noted by the program itself."""

from datetime import timedelta

import pytest
from django.utils import timezone

from readerstudy.imaging.errors import Refused
from readerstudy.reading import services
from readerstudy.reading.models import (
    Deviation,
    Read,
    Reopening,
    Score,
    Session,
)
from readerstudy.reading.services import Observed, device_digest
from tests.cast import reader_membership

from .conftest import GRADES, address, answer_next, current

THIS = "a" * 64  # a device's digest
OTHER = "b" * 64
SCREEN = "1920x1080"
AGENT = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"


def answer(reader, *, key="", **observed):
    read = services.read_next(reader=reader).read
    return services.read_submit(
        token=read.token,
        reader=reader,
        answers=GRADES,
        key=key or f"{read.position}",
        observed=Observed(**observed),
    )


def noted(reader):
    rows = Deviation.objects.filter(reader=reader).order_by("pk")
    return [(d.kind, d.read and d.read.position, d.amount) for d in rows]


def begin_earlier(reader, **ago):
    """The read that is due has been before its reader for some time."""
    read = current(reader)
    Read.objects.filter(pk=read.pk).update(
        first_shown_at=timezone.now() - timedelta(**ago)
    )


def test_a_read_as_it_should_be_leaves_no_trace(reader):
    answer(reader, away_ms=60_000, slice_side=200, device=THIS)
    answer(reader, away_ms=60_000, slice_side=900, device=THIS)
    begin_earlier(reader, minutes=9)
    answer_next(reader)
    assert noted(reader) == []


def test_a_long_pause_is_noted_by_the_servers_clock(reader):
    begun = timezone.now()
    begin_earlier(reader, minutes=10, seconds=2)
    answer(reader)
    passed = (timezone.now() - begun).total_seconds()
    ((kind, position, seconds),) = noted(reader)
    assert (kind, position) == ("long-pause", 1)
    assert 602 <= seconds <= 602 + passed


def test_what_a_long_pause_is_the_protocol_says(make_open, cast):
    study = make_open(long_pause_minutes=3)
    reader = reader_membership(study, cast.reader)
    begin_earlier(reader, minutes=4)
    answer(reader)
    assert [kind for kind, *_ in noted(reader)] == ["long-pause"]


def test_a_window_left_for_over_a_minute_is_noted(reader):
    answer(reader, away_ms=61_000)
    assert noted(reader) == [("focus", 1, 61)]


def test_images_shown_too_small_are_noted(reader):
    answer(reader, slice_side=199)
    assert noted(reader) == [("viewport", 1, 199)]


def test_another_device_within_a_session_is_noted_and_another_session_may_have_another(
    reader,
):
    first = Session.objects.get(reader=reader, number=1)
    for number in range(first.size):
        answer(reader, device=OTHER if number == 2 else THIS)
    assert noted(reader) == [("device", 3, None), ("device", 4, None)]
    first.refresh_from_db()
    assert first.device == THIS
    answer(reader, device=OTHER)
    assert Session.objects.get(reader=reader, number=2).device == OTHER
    assert len(noted(reader)) == 2


def test_a_browser_that_tells_nothing_of_its_device_is_no_other_one(reader):
    for device in (THIS, "", THIS):
        answer(reader, device=device)
    assert noted(reader) == []


def test_all_that_went_wrong_in_one_read_is_noted(reader):
    answer(reader, device=THIS)
    begin_earlier(reader, hours=1)
    answer(reader, away_ms=3000_000, slice_side=150, device=OTHER)
    assert [(kind, position) for kind, position, _ in noted(reader)] == [
        ("long-pause", 2),
        ("focus", 2),
        ("viewport", 2),
        ("device", 2),
    ]


def test_an_answer_sent_twice_is_noted_once(reader):
    sent = answer(reader, away_ms=61_000, slice_side=10)
    for key in ("1", "another"):
        services.read_submit(
            token=sent.read.token,
            reader=reader,
            answers=GRADES,
            key=key,
            observed=Observed(away_ms=61_000, slice_side=10),
        )
    assert [kind for kind, *_ in noted(reader)] == ["focus", "viewport"]


def test_what_is_refused_is_not_noted(reader, cast):
    read = current(reader)
    services.study_close(study=cast.study, by=cast.coordinator)
    with pytest.raises(Refused):
        services.read_submit(
            token=read.token,
            reader=reader,
            answers=GRADES,
            key="late",
            observed=Observed(away_ms=500_000),
        )
    assert noted(reader) == []


def test_a_read_once_more_is_timed_from_when_it_was_shown_once_more(reader, cast):
    begin_earlier(reader, days=2)
    answer(reader)
    services.read_reopen(
        study=cast.study,
        reader=reader.code,
        session=1,
        number=1,
        reason="x",
        by=cast.coordinator,
    )
    answer(reader, key="again", away_ms=70_000)
    assert [kind for kind, *_ in noted(reader)] == ["long-pause", "focus"]
    services.read_reopen(
        study=cast.study,
        reader=reader.code,
        session=1,
        number=1,
        reason="x",
        by=cast.coordinator,
    )
    current(reader)
    Reopening.objects.filter(answered_at=None).update(
        first_shown_at=timezone.now() - timedelta(minutes=11)
    )
    answer(reader, key="third")
    assert [kind for kind, *_ in noted(reader)][2:] == ["long-pause"]


def test_a_read_opened_again_after_its_session_may_be_read_elsewhere(reader, cast):
    first = Session.objects.get(reader=reader, number=1)
    for _ in range(first.size):
        answer(reader, device=THIS)
    services.read_reopen(
        study=cast.study,
        reader=reader.code,
        session=1,
        number=1,
        reason="x",
        by=cast.coordinator,
    )
    answer(reader, key="again", device=OTHER)
    assert noted(reader) == []
    first.refresh_from_db()
    assert first.device == THIS


# --- as a browser tells it


@pytest.fixture
def post(at, cast, reader):
    """Answer the next read over HTTP with these fields more."""

    def send(*, agent=AGENT, **told):
        data = {
            "token": current(reader).token,
            "key": "key",
            "grade-right": "3",
            "grade-left": "2",
            **told,
        }
        url = address("read-submit", cast.study.slug)
        return at(cast.reader).post(url, data, headers={"User-Agent": agent})

    return send


def test_the_browsers_word_is_noted(post, reader):
    assert post(away_ms="75999", side="180", screen=SCREEN).status_code == 200
    assert noted(reader) == [("focus", 1, 75), ("viewport", 1, 180)]
    session = Session.objects.get(reader=reader, number=1)
    assert session.device == device_digest(user_agent=AGENT, screen=SCREEN)
    assert len(session.device) == 64


@pytest.mark.parametrize(
    ("change", "is_other"),
    [
        ({}, False),
        ({"agent": AGENT.replace("140", "141")}, True),
        ({"screen": "1280x720"}, True),
        ({"screen": "1920x1200"}, True),
    ],
)
def test_another_browser_or_display_is_another_device(post, reader, change, is_other):
    post(screen=SCREEN)
    post(**{"screen": SCREEN, **change})
    assert noted(reader) == ([("device", 2, None)] if is_other else [])


@pytest.mark.parametrize(
    "told",
    [
        {"away_ms": "-5", "side": "", "screen": ""},
        {"away_ms": "a lot", "side": "12.5", "screen": "a big one"},
        {"away_ms": "9" * 10, "side": "1" * 300, "screen": "9" * 5000},
        {"away_ms": "٩٩٩", "side": "٣", "screen": "1920x1080; DROP TABLE"},
        {"away_ms": "NaN", "side": "Infinity", "screen": "1920x1080@2"},
    ],
)
def test_no_answer_is_lost_for_nonsense_beside_it(post, reader, told):
    assert post(**told).status_code == 200
    assert Score.objects.count() == 2
    assert noted(reader) == []
    assert Session.objects.get(reader=reader, number=1).device == ""


def test_the_largest_number_that_is_taken_fits_the_database(post, reader):
    assert post(away_ms="9" * 9, side="9" * 9).status_code == 200
    assert noted(reader) == [("focus", 1, 999_999)]


def test_what_was_told_of_the_device_is_stored_as_a_digest_only(post, reader):
    wide = "61947x58203"  # four digits may stand in a moment or in a row's key
    post(screen=wide)
    assert Session.objects.exclude(device="").get().device == device_digest(
        user_agent=AGENT, screen=wide
    )
    stored = repr(list(Session.objects.values())) + repr(
        list(Deviation.objects.values())
    )
    for raw in (wide, *wide.split("x"), "Firefox", "Linux"):
        assert raw not in stored
