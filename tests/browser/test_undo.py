"""The last answer is taken back at the screen, and nothing else is."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from readerstudy.reading.models import Answer, Read, Reopening
from tests.cast import Cast

from .by_hand import next_is_there, pressed, reads, room, room_of, study
from .test_offline import OFFLINE, leave_out_pixels, note, was_said
from .test_reading_room import painted, pixels_asked_for
from .test_review import painted_again

__all__ = ["reads", "room", "room_of", "study"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]


def undo(page: Page) -> None:
    page.evaluate("undoLast()")


def chosen(page: Page) -> dict[str, str]:
    boxes = page.locator("#answer fieldset :checked").all()
    return {str(b.get_attribute("name")): str(b.get_attribute("value")) for b in boxes}


def versions() -> list[tuple[int, int]]:
    return list(Answer.objects.order_by("pk").values_list("read__position", "version"))


def test_the_last_answer_is_taken_back_by_keyboard_and_given_again(
    room: Page, reads: list[Read]
) -> None:
    asked = pixels_asked_for(room)
    painted(room, reads[0])
    pressed(room, "Digit1", "Digit9")
    pressed(room, "KeyM")
    room.keyboard.type("A double line.")
    pressed(room, "Enter", "Enter")
    painted(room, reads[1])
    next_is_there(room)
    asked.clear()
    room.route("**/undo/", leave_out_pixels)  # the browser has them already
    pressed(room, "Backspace")
    opened = painted_again(room, reads[0])
    told = room.locator("#again")
    expect(told).to_contain_text("Read 1 of 8 in session 1, once more")
    expect(told).to_contain_text("You took your answer back.")
    expect(room.locator("#place")).to_have_text("1 of 8")
    assert chosen(room) == {"grade-right": "1", "grade-left": "3"}
    expect(room.locator("#comment")).to_have_value("A double line.")

    pressed(room, "Digit4", "Enter")
    painted(room, reads[1])  # under the token that it had
    expect(told).to_be_hidden()
    expect(room.locator("#comment")).to_have_value("")
    assert chosen(room) == {}
    assert asked == [opened.token]  # nothing else had to travel
    last = Answer.objects.get(version=2)
    assert {s.side: s.value for s in last.scores.all()} == {"right": 4, "left": 3}
    assert (last.comment, last.reason) == ("A double line.", Reopening.UNDONE)
    pressed(room, "Digit2", "Digit8", "Enter")
    painted(room, reads[2])
    assert versions() == [(1, 1), (1, 2), (2, 1)]


def test_nothing_is_taken_back_but_the_last_answer_and_the_reader_is_told(
    room: Page, reads: list[Read]
) -> None:
    for read in reads[:2]:
        painted(room, read)
        pressed(room, "Digit2", "Digit8", "Enter")
    painted(room, reads[2])
    undo(room)
    opened = painted_again(room, reads[1])
    undo(room)
    expect(room.locator("#kept span")).to_have_text(
        "Only the last answer can be taken back, and it is already."
    )
    assert room.get_attribute("#room", "data-painted") == opened.token
    assert Reopening.objects.count() == 1
    pressed(room, "Enter")
    painted(room, reads[2])
    expect(room.locator("#kept")).to_be_hidden()
    assert versions() == [(1, 1), (2, 1), (2, 2)]


def test_before_the_first_answer_the_reader_is_told_that_there_is_none(
    room: Page, reads: list[Read], expected_errors: list[str]
) -> None:
    expected_errors.append("409 (Conflict)")
    painted(room, reads[0])
    undo(room)
    told = room.locator("#kept span")
    expect(told).to_have_text("There is no answer to take back yet.")
    pressed(room, "Digit2", "Digit8", "Enter")
    painted(room, reads[1])


def test_an_answer_that_is_not_stored_yet_is_not_taken_back(
    room: Page, reads: list[Read], expected_errors: list[str]
) -> None:
    expected_errors.extend(OFFLINE)
    painted(room, reads[0])
    next_is_there(room)
    room.context.set_offline(True)
    pressed(room, "Digit2", "Digit8", "Enter")
    painted(room, reads[1])
    note(room)
    undo(room)
    was_said(room, "not stored yet")
    room.context.set_offline(False)
    expect(room.locator("#kept")).to_be_hidden()
    assert room.get_attribute("#room", "data-painted") == reads[1].token
    undo(room)
    painted_again(room, reads[0])


def test_without_a_connection_nothing_is_taken_back_and_the_reader_is_told(
    room: Page, reads: list[Read], expected_errors: list[str]
) -> None:
    expected_errors.extend(OFFLINE)
    painted(room, reads[0])
    pressed(room, "Digit2", "Digit8", "Enter")
    painted(room, reads[1])
    room.context.set_offline(True)
    undo(room)
    expect(room.locator("#kept")).to_contain_text("reached. Please try again.")
    room.context.set_offline(False)
    pressed(room, "Digit2", "Digit8", "Enter")
    painted(room, reads[2])
    assert versions() == [(1, 1), (2, 1)]


def test_where_only_the_servers_word_is_lost_the_reader_asks_again_and_it_is_done_once(
    room: Page, reads: list[Read], expected_errors: list[str]
) -> None:
    expected_errors.extend(OFFLINE)

    def lose(route: Route) -> None:
        assert route.fetch().ok
        route.abort()

    painted(room, reads[0])
    pressed(room, "Digit2", "Digit8", "Enter")
    painted(room, reads[1])
    room.route("**/undo/", lose, times=1)
    pressed(room, "Backspace")
    expect(room.locator("#kept")).to_contain_text("reached. Please try again.")
    pressed(room, "Backspace")
    painted_again(room, reads[0])
    assert Reopening.objects.count() == 1
    pressed(room, "Digit3", "Enter")
    painted(room, reads[1])
    assert versions() == [(1, 1), (1, 2)]


def test_asked_twice_at_once_it_is_done_once(room: Page, reads: list[Read]) -> None:
    for read in reads[:2]:
        painted(room, read)
        pressed(room, "Digit2", "Digit8", "Enter")
    painted(room, reads[2])
    room.evaluate("() => { undoLast(); undoLast(); undoLast(); }")
    painted_again(room, reads[1])
    assert Reopening.objects.count() == 1


def test_another_window_hears_that_an_answer_was_taken_back(
    room: Page, reads: list[Read]
) -> None:
    painted(room, reads[0])
    pressed(room, "Digit2", "Digit8", "Enter")
    painted(room, reads[1])
    second = room.context.new_page()
    second.goto(room.url)
    painted(second, reads[1])
    undo(second)
    opened = painted_again(second, reads[0])
    expect(room.locator("#kept")).to_contain_text("went on in another window")
    room.locator("#reload").click()
    painted(room, opened)


def test_where_answers_never_change_there_is_nothing_to_press(
    cast: Cast, page_of: Callable[..., Page], live_server: object
) -> None:
    page = page_of(cast.reader)
    page.goto(f"{live_server}/read/{cast.study.slug}/")
    first, second = Read.objects.filter(reader__user=cast.reader).order_by("position")[
        :2
    ]
    painted(page, first)
    pressed(page, "Digit2", "Digit8", "Enter")
    painted(page, second)
    undo(page)
    pressed(page, "Backspace")
    expect(page.locator("#undo")).to_have_count(0)
    expect(page.locator("#kept")).to_be_hidden()
    assert page.get_attribute("#room", "data-painted") == second.token
