"""The end of a session in Chromium: read, reviewed, changed and ended by keyboard."""

import pytest
from playwright.sync_api import Page, expect

from readerstudy.reading.models import Read, Score, Session

from .by_hand import pressed, reads, room, room_of, study
from .test_reading_room import painted

__all__ = ["reads", "room", "room_of", "study"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]


def painted_again(page: Page, read: Read) -> Read:
    """Once it is before its reader again, under its new token."""
    expect(page.locator("#again")).to_be_visible()
    opened = Read.objects.get(pk=read.pk)
    assert opened.token != read.token
    painted(page, opened)
    return opened


def read_to_the_end(page: Page, reads: list[Read]) -> None:
    for read in reads:
        painted(page, read)
        pressed(page, "Digit2", "Digit0", "Enter")
    page.wait_for_url("**/pause/")
    expect(page.locator("h1")).to_have_text("Session 1 of 2: everything is read")
    expect(page.locator("main")).to_contain_text(
        f"All {len(reads)} reads of this session are stored."
    )


def test_a_session_is_read_reviewed_changed_and_ended_by_keyboard(
    room: Page, reads: list[Read]
) -> None:
    session = reads[0].session
    read_to_the_end(room, reads[: session.size])
    pressed(room, "Enter")  # once too often: nothing is ended by that
    pressed(room, "Tab")
    expect(room.locator("#finish")).to_be_focused()
    pressed(room, "Tab", "Enter")
    room.wait_for_url("**/changes/")
    room.locator("input[name=read]").last.focus()
    pressed(room, "Space", "Tab")
    room.keyboard.type("The other key.")
    pressed(room, "Enter")

    opened = painted_again(room, reads[0])
    told = room.locator("#again")
    expect(told).to_contain_text(f"Read 1 of {session.size} in session 1, once more")
    expect(told).to_contain_text("Your reason: The other key.")
    chosen = room.locator("#answer :checked")
    assert [box.get_attribute("value") for box in chosen.all()] == ["2", "4"]
    pressed(room, "Digit3", "Enter")
    room.wait_for_url("**/pause/")
    rows = Score.objects.filter(answer__read=opened).order_by("answer__version", "side")
    assert list(
        rows.values_list("answer__version", "side", "value", "answer__reason")
    ) == [
        (1, "left", 4, ""),
        (1, "right", 2, ""),
        (2, "left", 4, "The other key."),
        (2, "right", 3, "The other key."),
    ]

    assert Session.objects.get(pk=session.pk).finished_at is None
    pressed(room, "Tab", "Enter")
    expect(room.locator("h1")).to_have_text("Session 1 of 2 is finished")
    assert Session.objects.get(pk=session.pk).finished_at is not None
    expect(room.locator("#change")).to_have_count(0)
    room.locator("#go").press("Enter")
    painted(room, reads[session.size])


def test_an_answer_is_changed_in_the_midst_of_a_session(
    room: Page, reads: list[Read]
) -> None:
    painted(room, reads[0])
    pressed(room, "Digit1", "Digit7", "Enter")
    painted(room, reads[1])
    room.locator("#change").click()
    expect(room.locator("tbody tr")).to_have_count(1)
    expect(room.locator("tbody td").first).to_have_text(
        "1 putamen and caudate severely reduced"
    )
    room.locator("input[name=read]").check()
    room.locator("input[name=reason]").fill("A slip.")
    room.get_by_role("button", name="Open this read again").click()
    painted_again(room, reads[0])
    pressed(room, "Digit4", "Enter")
    # the read that was before the reader comes next, at once: it was fetched ahead
    painted(room, reads[1])
    expect(room.locator("#again")).to_be_hidden()
    expect(room.locator("#answer :checked")).to_have_count(0)
    latest = Score.objects.filter(answer__read=reads[0], answer__version=2)
    assert set(latest.values_list("side", "value")) == {("right", 4), ("left", 1)}


def test_a_reload_keeps_the_read_and_says_again_that_it_is_read_once_more(
    room: Page, reads: list[Read]
) -> None:
    painted(room, reads[0])
    pressed(room, "Digit1", "Digit7", "Enter")
    painted(room, reads[1])
    room.locator("#change").click()
    room.locator("input[name=read]").check()
    room.locator("input[name=reason]").fill("A slip.")
    room.keyboard.press("Enter")
    opened = painted_again(room, reads[0])
    pressed(room, "Digit4")
    room.reload()
    painted(room, opened)
    expect(room.locator("#again")).to_contain_text("once more")
    chosen = room.locator("#answer :checked")
    assert [box.get_attribute("value") for box in chosen.all()] == ["1", "1"]
