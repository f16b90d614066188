"""Viewing conditions: asked before a session, with a pattern that must be seen."""

from datetime import timedelta
from io import BytesIO

import numpy as np
import pytest
from django.utils import timezone
from PIL import Image

from readerstudy.audit.models import AuditEvent
from readerstudy.imaging.errors import Refused
from readerstudy.reading import services
from readerstudy.reading.models import Session, ViewingCheck
from readerstudy.reading.services import Conditions, conditions, device_digest
from tests.cast import reader_membership

from .conftest import address, answer_next

SCREEN = "1920x1080"


@pytest.fixture
def asking(make_open):
    """A study of two sessions that asks before each."""
    return make_open(asks_conditions=True, sessions=2, slug="asking")


@pytest.fixture
def asked(cast, asking):
    """Its reader."""
    return reader_membership(asking, cast.reader)


def told(check: ViewingCheck, **other: str) -> Conditions:
    seen = {
        "display": "medical",
        "room_light": "dark",
        "dark_number": check.dark_number,
        "bright_number": check.bright_number,
        "screen": SCREEN,
        "device": "d" * 64,
    }
    return Conditions(**{**seen, **other})


def answer(reader, attempt=1, **other):
    check = services.check_start(reader=reader)
    return services.check_answer(
        reader=reader, attempt=attempt, told=told(check, **other)
    )


def test_a_session_begins_once_the_pattern_was_seen(asked):
    assert services.read_next(reader=asked).state == "conditions"
    assert answer(asked).passed
    due = services.read_next(reader=asked)
    assert due.state == "read"
    assert due.read.session.device == "d" * 64
    assert services.check_start(reader=asked) is None


def test_what_was_told_is_kept_with_the_session(asked):
    check = answer(asked, display="laptop", room_light="dim")
    check.refresh_from_db()
    assert check.session.number == 1
    assert (check.display, check.room_light) == ("laptop", "dim")
    assert (check.screen, check.device) == (SCREEN, "d" * 64)
    assert check.shown_at <= check.answered_at


def test_each_session_asks_anew(asked):
    answer(asked)
    while services.read_next(reader=asked).state == "read":
        answer_next(asked)
    due = services.read_next(reader=asked)
    assert (due.state, due.session.number) == ("conditions", 2)
    answer(asked)
    assert services.read_next(reader=asked).state == "read"


@pytest.mark.parametrize(
    "wrong",
    [
        {"dark_number": "999"},
        {"bright_number": "999"},
        {"dark_number": ""},
        {"dark_number": "", "bright_number": ""},
    ],
)
def test_who_does_not_see_both_numbers_tries_again_with_new_ones(asked, wrong):
    first = services.check_start(reader=asked)
    ViewingCheck.objects.filter(pk=first.pk).update(
        dark_number="111", bright_number="222"
    )
    assert answer(asked, **wrong).passed is False
    assert services.read_next(reader=asked).state == "conditions"
    second = services.check_start(reader=asked)
    assert second.pk != first.pk
    numbers = {second.dark_number, second.bright_number}
    assert len(numbers - {"111", "222"}) == 2
    assert answer(asked, attempt=2).passed
    tries = ViewingCheck.objects.filter(session__reader=asked).order_by("pk")
    assert list(tries.values_list("passed", flat=True)) == [False, True]


def test_the_numbers_the_wrong_way_round_are_not_seen(asked):
    check = services.check_start(reader=asked)
    swapped = {
        "dark_number": check.bright_number,
        "bright_number": check.dark_number,
    }
    assert answer(asked, **swapped).passed is False


def test_a_japanese_keyboards_digits_are_digits(asked):
    check = services.check_start(reader=asked)
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    typed = f" {check.dark_number.translate(wide)}　"
    assert answer(asked, dark_number=typed).passed


def test_a_page_loaded_again_shows_the_same_pattern(asked):
    first, second = (services.check_start(reader=asked) for _ in range(2))
    assert first == second
    assert first.dark_number == second.dark_number


def test_an_answer_sent_twice_is_one_try(asked):
    check = services.check_start(reader=asked)
    wrong = told(check, dark_number="")
    for _ in range(2):
        judged = services.check_answer(reader=asked, attempt=1, told=wrong)
        assert judged.passed is False
    # nor does the answer to an old pattern judge the new one
    services.check_start(reader=asked)
    assert not services.check_answer(reader=asked, attempt=1, told=told(check)).passed
    assert ViewingCheck.objects.filter(passed__isnull=False).count() == 1
    assert AuditEvent.objects.filter(action="conditions.answer").count() == 1


@pytest.mark.parametrize("attempt", [-1, 0, 2])
def test_a_try_that_was_never_started_is_not_judged(asked, attempt):
    check = services.check_start(reader=asked)
    assert not services.check_answer(reader=asked, attempt=attempt, told=told(check))
    check.refresh_from_db()
    assert check.passed is None


@pytest.mark.parametrize(
    ("field", "message"), [("display", "^Display"), ("room_light", "^Room light")]
)
def test_an_answer_that_is_none_is_refused_and_no_try(asked, field, message):
    for nonsense in ("", "cinema"):
        with pytest.raises(Refused, match=message):
            answer(asked, **{field: nonsense})
    assert ViewingCheck.objects.get(session__reader=asked).passed is None


def test_nothing_is_asked_while_the_washout_lasts(cast, make_open):
    study = make_open(asks_conditions=True, sessions=2, washout_days=7, slug="washed")
    reader = reader_membership(study, cast.reader)
    answer(reader)
    while services.read_next(reader=reader).state == "read":
        answer_next(reader)
    assert services.check_start(reader=reader) is None
    Session.objects.filter(reader=reader, number=1).update(
        started_at=timezone.now() - timedelta(days=9),
        finished_at=timezone.now() - timedelta(days=8),
    )
    assert services.check_start(reader=reader).session.number == 2


def test_a_study_that_does_not_ask_is_read_at_once(reader):
    assert services.check_start(reader=reader) is None
    assert services.read_next(reader=reader).state == "read"


def test_the_log_tells_the_answer_and_no_more(asked):
    answer(asked, dark_number="", display="office", room_light="bright")
    event = AuditEvent.objects.get(action="conditions.answer")
    assert event.subject_key == "A/1"
    assert event.after == {
        "passed": False,
        "display": "office",
        "room_light": "bright",
    }
    assert event.reason == ""


def test_the_numbers_are_three_digits_and_spread_over_all_of_them(asked):
    seen = set()
    for attempt in range(1, 60):
        check = services.check_start(reader=asked)
        for number in (check.dark_number, check.bright_number):
            assert len(number) == 3
            assert 100 <= int(number) <= 999
            seen.add(number)
        answer(asked, attempt=attempt, dark_number="")
    # 118 draws of 900: fewer than 80 different ones are as good as impossible
    assert len(seen) > 80


def test_another_browser_or_screen_is_another_device():
    one = device_digest(user_agent="Firefox", screen=SCREEN)
    assert len(one) == 64
    assert one == device_digest(user_agent="Firefox", screen=SCREEN)
    assert one != device_digest(user_agent="Chromium", screen=SCREEN)
    assert one != device_digest(user_agent="Firefox", screen="800x600")
    assert device_digest(user_agent="Firefox", screen="") == ""


# The pages


@pytest.fixture
def page_at(at, cast, asking):
    client = at(cast.reader)
    return lambda name="conditions": client.get(address(name, asking.slug))


def post(client, study, check, agent=None, **other):
    data = {
        "attempt": "1",
        "display": "medical",
        "room_light": "dark",
        "dark_number": check.dark_number,
        "bright_number": check.bright_number,
        "screen": SCREEN,
    }
    url = address("conditions", study.slug)
    return client.post(url, {**data, **other}, **(agent or {}))


@pytest.fixture
def unlikely(monkeypatch):
    """Numbers of four digits: by chance three stand in a length or a key drawn anew."""
    monkeypatch.setattr(conditions, "LOWEST_NUMBER", 7000)


def test_the_page_asks_and_the_pattern_shows_what_the_page_does_not_say(
    unlikely, page_at, asked
):
    page = page_at()
    assert page.status_code == 200
    assert page["Cache-Control"] == "no-store"
    check = ViewingCheck.objects.get()
    for number in (check.dark_number, check.bright_number):
        assert number not in page.content.decode()
        assert number not in str(page.headers)


def test_the_pattern_has_steps_of_five_percent_and_nothing_else(page_at):
    page_at()
    # the thinnest number of all, 111, has less ink: tests/imaging/test_pattern.py
    ViewingCheck.objects.update(dark_number="348", bright_number="671")
    response = page_at("test-pattern")
    assert response["Content-Type"] == "image/png"
    assert response["Cache-Control"] == "no-store"
    for header in ("ETag", "Last-Modified", "Content-Disposition"):
        assert header not in response
    image = Image.open(BytesIO(response.content))
    assert image.info == {}  # no text, no time
    grey = np.asarray(image)
    assert grey.shape == (200, 640)
    dark, bright = grey[:, :320], grey[:, 320:]
    assert (dark.min(), dark.max()) == (0, 13)
    assert (bright.min(), bright.max()) == (242, 255)
    # strokes, not hairlines: more than 5 % of a half is ink
    assert (dark == 13).mean() > 0.05
    assert (bright == 242).mean() > 0.05


def test_there_is_no_pattern_before_it_is_asked_for_nor_after(
    page_at, at, cast, asking, asked
):
    assert page_at("test-pattern").status_code == 404
    page_at()
    assert page_at("test-pattern").status_code == 200
    client = at(cast.reader)
    check = ViewingCheck.objects.get()
    assert post(client, asking, check).url == address("read-next", asking.slug)
    assert page_at("test-pattern").status_code == 404
    page = page_at()
    assert page.status_code == 302
    assert page.url == address("reading-pause", asking.slug)


def test_the_pattern_is_before_its_reader_only(page_at, at, cast, asking):
    page_at()
    client = at(cast.coordinator)
    assert client.get(address("test-pattern", asking.slug)).status_code == 404


def test_who_saw_the_pattern_goes_into_the_room(page_at, at, cast, asking, asked):
    page_at()
    check = ViewingCheck.objects.get()
    agent = {"headers": {"user-agent": "Firefox"}, "follow": True}
    response = post(at(cast.reader), asking, check, agent=agent)
    assert response.redirect_chain == [(address("read-next", asking.slug), 302)]
    assert response.status_code == 200
    check.refresh_from_db()
    assert check.device == device_digest(user_agent="Firefox", screen=SCREEN)
    assert check.session.device == check.device


def test_who_did_not_see_it_is_told_what_helps_and_whom_to_tell(
    page_at, at, cast, asking, asked
):
    page_at()
    first = ViewingCheck.objects.get()
    client = at(cast.reader)
    response = post(client, asking, first, dark_number="", display="laptop")
    assert response.url == address("conditions", asking.slug)
    page = page_at().content.decode()
    for said in ("dim the room", "another display", "tell the coordinator"):
        assert said in page
    assert 'name="attempt" value="2"' in page
    assert 'value="laptop" data-key="3" required checked' in page
    assert ViewingCheck.objects.filter(passed=None).count() == 1


def test_a_form_without_a_display_is_refused_in_words(
    unlikely, page_at, at, cast, asking
):
    page_at()
    check = ViewingCheck.objects.get()
    response = post(at(cast.reader), asking, check, display="")
    assert response.status_code == 400
    assert "Display: choose one of the answers." in response.content.decode()
    assert check.dark_number not in response.content.decode()


@pytest.mark.parametrize("attempt", ["", "x", "-1", "²", "99999999999"])
def test_nonsense_in_the_form_breaks_nothing(page_at, at, cast, asking, attempt):
    page_at()
    check = ViewingCheck.objects.get()
    response = post(at(cast.reader), asking, check, attempt=attempt)
    assert response.url == address("read-next", asking.slug)
    check.refresh_from_db()
    assert check.passed is None


def test_nobody_answers_as_a_simulated_reader(page_at, cast, asking):
    services.member_mark_simulated(study=asking)
    page = page_at()
    assert page.url == address("reading-pause", asking.slug)
    assert not ViewingCheck.objects.exists()
    assert page_at("test-pattern").status_code == 404


def test_a_closed_study_asks_nothing(page_at, cast, asking):
    page_at()
    services.study_close(study=asking, by=cast.coordinator)
    assert page_at().url == address("reading-pause", asking.slug)
    assert page_at("test-pattern").status_code == 404
