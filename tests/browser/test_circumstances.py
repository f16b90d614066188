"""How a read is read, as Chromium tells it; and when a break is due."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from readerstudy.reading.models import Answer, Deviation, Read, Session, Study
from readerstudy.reading.services import device_digest
from tests.cast import Cast
from tests.factory import make_study

from .by_hand import reads
from .test_reading_room import painted

__all__ = ["reads"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]
MINUTE = 60_000
NOW = 1_900_000_000  # seconds since 1970, of a browser whose clock stands still
READING_45 = "You have been reading for 45 minutes. A break helps."


@pytest.fixture
def study(cast: Cast) -> Study:
    return make_study(
        cast.cohort, slug="watched", coordinator=cast.coordinator, readers=[cast.reader]
    )


@pytest.fixture
def room(
    study: Study, cast: Cast, page_of: Callable[..., Page], live_server: object
) -> Page:
    """The reader before the first read; the test moves the browser's clock."""
    page = page_of(cast.reader)
    page.clock.install(time=NOW)
    page.clock.pause_at(NOW + 1)
    page.goto(f"{live_server}/read/{study.slug}/")
    return page


def answer(page: Page, read: Read, following: Read) -> None:
    painted(page, read)
    for key in ("Digit3", "Digit9", "Enter"):
        page.keyboard.press(key)
    painted(page, following)


def noted() -> list[tuple[str, int, int | None]]:
    rows = Deviation.objects.order_by("pk")
    return [(d.kind, d.read.position, d.amount) for d in rows if d.read]


def test_a_window_left_for_over_a_minute_is_told_with_the_answer_of_that_read(
    room: Page, reads: list[Read]
) -> None:
    answer(room, reads[0], reads[1])
    for absence in (30, 50):
        room.evaluate("window.dispatchEvent(new Event('blur'))")
        room.clock.fast_forward(absence * 1000)
        room.evaluate("window.dispatchEvent(new Event('focus'))")
        room.clock.fast_forward(2 * MINUTE)  # looking at the images
    answer(room, reads[1], reads[2])
    answer(room, reads[2], reads[3])
    ((kind, position, seconds),) = noted()
    assert (kind, position) == ("focus", 2)
    assert seconds == 80


def times(read: Read, version: int = 1) -> tuple[int | None, ...]:
    """First choice, confirmation, absence, waiting: whole seconds, as stored."""
    given = Answer.objects.get(read=read, version=version)
    told = (given.first_ms, given.spent_ms, given.away_ms, given.held_ms)
    return tuple(None if ms is None else ms // 1000 for ms in told)


def go_away(page: Page, seconds: int) -> None:
    page.evaluate("window.dispatchEvent(new Event('blur'))")
    page.clock.fast_forward(seconds * 1000)
    page.evaluate("window.dispatchEvent(new Event('focus'))")


def test_the_times_of_a_read_leave_out_how_long_its_reader_was_away(
    cast: Cast, page_of: Callable[..., Page], study: Study, live_server: object
) -> None:
    reads = list(Read.objects.filter(reader__study=study).order_by("position"))
    room = page_of(cast.reader)
    room.clock.install(time=NOW)
    room.clock.pause_at(NOW + 1)
    room.goto(f"{live_server}/read/{study.slug}/")
    painted(room, reads[0])
    room.clock.fast_forward(3000)
    go_away(room, 20)
    room.clock.fast_forward(4000)
    room.keyboard.press("Digit3")
    room.clock.fast_forward(5000)
    go_away(room, 10)
    room.keyboard.press("Digit2")  # the first choice counts, not the last
    room.keyboard.press("Digit9")
    room.clock.fast_forward(2000)
    room.keyboard.press("Enter")
    painted(room, reads[1])
    assert times(reads[0]) == (7, 14, 30, None)
    # the next one begins anew
    room.clock.fast_forward(6000)
    for key in ("Digit3", "Digit9", "Enter"):
        room.keyboard.press(key)
    painted(room, reads[2])
    assert times(reads[1]) == (6, 6, 0, None)


def test_a_read_that_was_left_to_take_an_answer_back_keeps_its_own_time(
    cast: Cast, page_of: Callable[..., Page], live_server: object
) -> None:
    study = make_study(
        cast.cohort,
        slug="taken-back",
        coordinator=cast.coordinator,
        readers=[cast.reader],
        answer_changes="session",
    )
    first, second = Read.objects.filter(reader__study=study).order_by("position")[:2]
    room = page_of(cast.reader)
    room.clock.install(time=NOW)
    room.clock.pause_at(NOW + 1)
    room.goto(f"{live_server}/read/{study.slug}/")
    painted(room, first)
    for key in ("Digit3", "Digit9", "Enter"):
        room.keyboard.press(key)
    painted(room, second)
    room.clock.fast_forward(4000)
    room.keyboard.press("Digit3")
    room.clock.fast_forward(1000)
    go_away(room, 7)
    room.evaluate("undoLast()")
    expect(room.locator("#again")).to_be_visible()
    painted(room, Read.objects.get(pk=first.pk))
    room.clock.fast_forward(30_000)
    room.keyboard.press("Enter")  # the same grades: nothing was chosen
    painted(room, second)
    room.clock.fast_forward(3000)
    for key in ("Digit2", "Digit8", "Enter"):
        room.keyboard.press(key)
    painted(room, Read.objects.get(reader__study=study, position=3))
    assert times(first, version=2) == (None, 30, 0, None)
    assert times(second) == (4, 8, 7, None)


def test_a_window_that_is_hidden_is_left_too(room: Page, reads: list[Read]) -> None:
    painted(room, reads[0])
    hide = """(hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    room.evaluate(hide, True)
    room.clock.fast_forward(90_000)
    room.evaluate(hide, False)
    answer(room, reads[0], reads[1])
    assert [kind for kind, *_ in noted()] == ["focus"]


def test_the_device_is_told_and_an_undisturbed_read_leaves_no_trace(
    room: Page, reads: list[Read]
) -> None:
    answer(room, reads[0], reads[1])
    agent, screen = room.evaluate("[navigator.userAgent, describeScreen()]")
    session = Session.objects.get(pk=reads[0].session_id)
    assert session.device == device_digest(user_agent=agent, screen=screen)
    assert noted() == []


def test_images_that_are_too_small_are_said_and_noted(
    room: Page, reads: list[Read]
) -> None:
    painted(room, reads[0])
    small = room.locator("#small")
    expect(small).to_be_hidden()
    room.set_viewport_size({"width": 640, "height": 600})
    expect(small).to_be_visible()
    expect(small).to_contain_text("Please make the window larger, until a slice is 200")
    answer(room, reads[0], reads[1])
    ((kind, position, side),) = noted()
    assert (kind, position) == ("viewport", 1)
    assert 144 <= side < 200
    room.set_viewport_size({"width": 1280, "height": 720})
    expect(small).to_be_hidden()
    answer(room, reads[1], reads[2])
    # resizing is a smaller screen, too, to a browser that is driven by a program
    assert [kind for kind, *_ in noted()].count("viewport") == 1


def read_for(page: Page, minutes: int) -> None:
    """Nothing is answered, but the reader is there: the mouse moves now and then."""
    for minute in range(minutes):
        page.clock.fast_forward(MINUTE)
        page.mouse.move(10 + minute % 5, 10)


def test_a_break_is_offered_after_45_minutes_of_reading_and_again_after_90(
    room: Page, reads: list[Read]
) -> None:
    painted(room, reads[0])
    reminder = room.locator("#break")
    read_for(room, 44)
    expect(reminder).to_be_hidden()
    before = room.locator(".slices").bounding_box()
    read_for(room, 1)
    expect(reminder).to_contain_text(READING_45)
    note, image = reminder.bounding_box(), room.locator(".slices").bounding_box()
    assert image == before  # nothing moves, and nothing is covered
    assert note["y"] >= image["y"] + image["height"]
    room.keyboard.press("Escape")
    expect(reminder).to_be_hidden()
    answer(room, reads[0], reads[1])
    read_for(room, 44)
    expect(reminder).to_be_hidden()
    read_for(room, 1)
    expect(reminder).to_contain_text("for 90 minutes")


def test_a_reload_does_not_end_a_stretch_of_reading_and_a_pause_of_five_minutes_does(
    room: Page, reads: list[Read]
) -> None:
    painted(room, reads[0])
    reminder = room.locator("#break")
    read_for(room, 44)
    room.reload()
    painted(room, reads[0])
    read_for(room, 1)
    expect(reminder).to_contain_text(READING_45)
    room.clock.fast_forward(5 * MINUTE)
    expect(reminder).to_be_hidden()
    room.mouse.move(50, 50)
    read_for(room, 44)
    expect(reminder).to_be_hidden()
    read_for(room, 1)
    expect(reminder).to_be_visible()


def test_the_reminder_is_hidden_with_the_mouse_and_submits_nothing(
    room: Page, reads: list[Read]
) -> None:
    painted(room, reads[0])
    room.keyboard.press("Digit3")
    room.keyboard.press("Digit9")
    read_for(room, 45)
    room.locator("#rested").focus()
    room.keyboard.press("Enter")
    expect(room.locator("#break")).to_be_hidden()
    assert room.get_attribute("#room", "data-painted") == reads[0].token
    expect(room.locator("#submit")).to_be_enabled()


def test_without_a_time_in_the_protocol_no_break_is_offered(
    cast: Cast, page_of: Callable[..., Page], live_server: object
) -> None:
    study = make_study(
        cast.cohort,
        slug="untimed",
        coordinator=cast.coordinator,
        readers=[cast.reader],
        break_after_minutes=0,
    )
    page = page_of(cast.reader)
    page.clock.install()
    page.goto(f"{live_server}/read/{study.slug}/")
    page.wait_for_selector("#room[data-painted]")
    read_for(page, 100)
    expect(page.locator("#break")).to_be_hidden()
