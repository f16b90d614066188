"""Two windows, two devices, the back button: one answer to each read, in order."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from readerstudy.reading.models import Answer, Read
from tests.cast import Cast

from .by_hand import next_is_there, pressed, until
from .test_offline import (
    LEFT,
    OFFLINE,
    RIGHT,
    address,
    answer,
    assert_stored_once,
    kept,
    reads,
    room,
)
from .test_reading_room import painted

__all__ = ["address", "reads", "room"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]
ELSEWHERE = "Reading went on in another window."


@pytest.fixture
def second(room: Page, address: str, reads: list[Read]) -> Page:
    """Another window of the same browser, before the same read."""
    painted(room, reads[0])
    page = room.context.new_page()
    page.goto(address)
    painted(page, reads[0])
    return page


def test_a_window_says_at_once_that_reading_went_on_in_another(
    room: Page, second: Page, reads: list[Read]
) -> None:
    pressed(second, LEFT[3], RIGHT[3])
    answer(room, reads[0])
    painted(room, reads[1])
    expect(second.locator("#kept")).to_contain_text(ELSEWHERE)
    expect(second.locator("#submit")).to_be_disabled()
    pressed(second, LEFT[2], RIGHT[2], "Enter")
    second.wait_for_timeout(300)
    assert_stored_once(reads[:1])
    expect(room.locator("#kept")).to_be_hidden()

    second.locator("#reload").click()
    painted(second, reads[1])
    expect(second.locator("#kept")).to_be_hidden()
    expect(second.locator("#answer :checked")).to_have_count(0)
    answer(second, reads[1])
    painted(second, reads[2])
    expect(room.locator("#kept")).to_contain_text(ELSEWHERE)
    assert_stored_once(reads[:2])


def test_windows_that_take_turns_read_a_session_once_and_in_order(
    room: Page, second: Page, reads: list[Read]
) -> None:
    windows = [room, second]
    for index, read in enumerate(reads[:6]):
        window, other = windows[index % 2], windows[1 - index % 2]
        answer(window, read)
        painted(window, reads[index + 1])
        expect(other.locator("#kept")).to_contain_text(ELSEWHERE)
        other.locator("#reload").click()
        painted(other, reads[index + 1])
    assert_stored_once(reads[:6])


def test_answers_that_one_window_kept_are_sent_by_another(
    room: Page, second: Page, reads: list[Read], expected_errors: list[str]
) -> None:
    expected_errors.extend(OFFLINE)
    next_is_there(room)
    room.context.set_offline(True)
    answer(room, reads[0])
    painted(room, reads[1])
    expect(second.locator("#kept")).to_contain_text(ELSEWHERE)
    answer(room, reads[1])
    expect(room.locator("#kept")).to_contain_text("please wait")
    until(second, "unsentAnswers().length === 2")
    room.close()
    second.context.set_offline(False)
    second.locator("#reload").click()
    painted(second, reads[2])
    assert_stored_once(reads[:2])
    assert kept(second) == []


def test_two_windows_without_a_network_send_each_answer_once(
    room: Page, second: Page, reads: list[Read], expected_errors: list[str]
) -> None:
    expected_errors.extend(OFFLINE)
    sent: list[str] = []
    room.context.on("response", lambda r: "/submit/" in r.url and sent.append(r.url))
    next_is_there(room)
    room.context.set_offline(True)
    answer(room, reads[0])
    answer(room, reads[1])
    expect(second.locator("#kept")).to_contain_text(ELSEWHERE)
    room.context.set_offline(False)
    answer(room, reads[2])
    painted(room, reads[3])
    assert_stored_once(reads[:3])
    assert len(sent) == 3


def test_windows_send_in_turns(room: Page, second: Page) -> None:
    """A browser tells a window of what another stores when it gets round to it."""
    assert room.evaluate("takeTurn()")
    assert room.evaluate("takeTurn()")
    until(second, "localStorage.getItem(TURN) !== null")
    assert not second.evaluate("takeTurn()")
    room.evaluate("endTurn()")
    until(second, "localStorage.getItem(TURN) === null")
    assert second.evaluate("takeTurn()")


def test_what_one_window_keeps_no_other_overwrites(
    room: Page, second: Page, reads: list[Read]
) -> None:
    """A window that sees what was stored a moment ago is like one that is quicker."""
    painted(room, reads[0])
    for page, key in ((room, "first"), (room, "second"), (second, "third")):
        page.evaluate(f"keepAnswer({{ key: '{key}', token: '{key}', fields: [] }})")
        if key == "second":
            room.evaluate("{ const seen = keptAnswers(); keptAnswers = () => seen; }")
            until(second, "keptAnswers().length === 2")
    room.evaluate("refuseAnswer('first', 'no')")
    room.evaluate("dropAnswer('second')")
    until(second, "keptAnswers().every(({ key }) => key !== 'second')")
    assert [a["key"] for a in second.evaluate("keptAnswers()")] == ["first", "third"]
    assert [a["key"] for a in second.evaluate("refusedAnswers()")] == ["first"]


def test_what_windows_kept_at_the_same_moment_goes_as_it_was_confirmed(
    room: Page, reads: list[Read]
) -> None:
    painted(room, reads[0])
    for key, at in (("a", 3), ("b", 1), ("c", 2)):
        room.evaluate(f"saveAnswer({{ key: '{key}', at: {at}, place: 1 }})")
    assert [a["key"] for a in room.evaluate("keptAnswers()")] == ["b", "c", "a"]


def test_a_second_device_is_told_and_its_answer_to_the_same_read_is_not_taken(
    room: Page,
    cast: Cast,
    page_of: Callable[..., Page],
    address: str,
    reads: list[Read],
    expected_errors: list[str],
) -> None:
    expected_errors.append("409 (Conflict)")
    tablet = page_of(cast.reader)
    tablet.goto(address)
    painted(tablet, reads[0])
    answer(room, reads[0])
    answer(room, reads[1])
    painted(room, reads[2])
    pressed(tablet, LEFT[3], RIGHT[3], "Enter")
    told = tablet.locator("#trouble")
    expect(told).to_contain_text("Read 1 of 8: this answer was not taken.")
    expect(told).to_contain_text("already answered")
    tablet.reload()  # it is said until its reader has seen it
    painted(tablet, reads[2])
    expect(told).to_contain_text("Read 1 of 8: this answer was not taken.")
    tablet.locator("#reload").click()
    painted(tablet, reads[2])
    expect(told).to_be_hidden()
    answer(tablet, reads[2])
    painted(tablet, reads[3])
    assert_stored_once(reads[:3])


def test_a_device_that_was_offline_meanwhile_brings_no_second_answer(
    room: Page,
    cast: Cast,
    page_of: Callable[..., Page],
    address: str,
    reads: list[Read],
    expected_errors: list[str],
) -> None:
    expected_errors.extend([*OFFLINE, "409 (Conflict)"])
    tablet = page_of(cast.reader)
    tablet.goto(address)
    painted(tablet, reads[0])
    next_is_there(tablet)
    tablet.context.set_offline(True)
    pressed(tablet, LEFT[3], RIGHT[3], "Enter")
    painted(tablet, reads[1])
    pressed(tablet, LEFT[3], RIGHT[3], "Enter")
    expect(tablet.locator("#kept")).to_contain_text("please wait")
    for read in reads[:3]:
        answer(room, read)
    painted(room, reads[3])
    tablet.context.set_offline(False)
    told = tablet.locator("#trouble")
    for number in (1, 2):
        expect(told).to_contain_text(f"Read {number} of 8: this answer was not taken.")
    tablet.locator("#reload").click()
    painted(tablet, reads[3])
    assert_stored_once(reads[:3])


def test_the_back_button_shows_what_is_due_and_nothing_old(
    room: Page, reads: list[Read]
) -> None:
    answer(room, reads[0])
    painted(room, reads[1])
    pressed(room, LEFT[0])
    room.get_by_role("link", name="Stop here").click()
    room.wait_for_url("**/read/")
    room.go_back()
    painted(room, reads[1])
    expect(room.locator("#place")).to_have_text("2 of 8")
    expect(room.locator("#answer :checked")).to_have_count(0)
    room.go_forward()
    room.wait_for_url("**/read/")
    assert_stored_once(reads[:1])


def test_a_page_that_the_browser_kept_is_asked_for_again(
    room: Page, reads: list[Read]
) -> None:
    painted(room, reads[0])
    with room.expect_navigation():
        room.evaluate(
            "window.dispatchEvent("
            "new PageTransitionEvent('pageshow', { persisted: true }))"
        )
    painted(room, reads[0])
    assert Answer.objects.count() == 0
