"""What is said beside a grade, in Chromium: not assessable and why, a comment, undo."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from readerstudy.reading import services
from readerstudy.reading.models import Study
from tests.cast import Cast

from .by_hand import latest, painted, pressed, room, room_of, stored, study

__all__ = ["room", "room_of", "study"]

pytestmark = [
    pytest.mark.browser,
    # the group of coordinators, made by a migration, comes back after each flush
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]


def test_a_side_that_cannot_be_assessed_needs_a_reason_of_one_key(room: Page) -> None:
    pressed(room, "Digit3", "KeyN")
    expect(room.locator("#why")).to_be_visible()
    expect(room.locator("#why-title")).to_contain_text("Patient's left (L)")
    expect(room.locator("#submit")).to_be_disabled()
    pressed(room, "Enter")  # by habit: neither a reason nor an answer
    expect(room.locator("#why")).to_be_visible()
    pressed(room, "Digit1")
    expect(room.locator("#why")).to_be_hidden()
    expect(room.locator('[data-half="right"] .why')).to_have_text("motion")
    pressed(room, "Enter")
    painted(room, 2)
    assert stored(1) == {"right": 3, "left": "motion"}
    expect(room.locator(".why.offered")).to_have_count(0)
    expect(room.locator("#answer :checked")).to_have_count(0)


def test_the_reason_may_be_in_ones_own_words_and_keys_do_nothing_meanwhile(
    room: Page,
) -> None:
    room.locator('[data-half="left"] .none label').click()
    expect(room.locator("#because")).to_be_disabled()
    room.locator("#reason").click()
    room.keyboard.type("8 slices missing? No: 97")
    pressed(room, "Enter")
    expect(room.locator("#why")).to_be_hidden()
    expect(room.locator('[data-half="right"] :checked')).to_have_count(0)
    pressed(room, "Digit0", "Enter")
    painted(room, 2)
    assert stored(1) == {"right": "8 slices missing? No: 97", "left": 4}


def test_without_a_reason_the_grade_from_before_stands_again(room: Page) -> None:
    pressed(room, "Digit2", "KeyB", "Escape")
    expect(room.locator('[data-half="left"] :checked')).to_have_attribute("value", "2")
    pressed(room, "KeyN", "Escape")
    expect(room.locator('[data-half="right"] :checked')).to_have_count(0)
    expect(room.locator("#submit")).to_be_disabled()


def test_a_reason_may_be_changed_and_left_again(room: Page) -> None:
    pressed(room, "KeyB", "Digit1", "Digit7")
    pressed(room, "KeyB", "Digit3")
    expect(room.locator('[data-half="left"] .why')).to_have_text("cut off")
    pressed(room, "Digit2", "Enter")
    painted(room, 2)
    assert stored(1) == {"right": 2, "left": 1}


def test_what_cannot_be_assessed_and_the_comment_come_back_with_the_read(
    room: Page,
) -> None:
    pressed(room, "KeyB", "Digit2", "Digit9", "KeyM")
    room.keyboard.type("Bladder in the field? 1 2 3")
    pressed(room, "Enter")
    expect(room.locator("#write .written").first).to_be_visible()
    pressed(room, "Enter")
    painted(room, 2)
    expect(room.locator("#comment")).to_have_value("")
    pressed(room, "Backspace")
    expect(room.locator("#again")).to_be_visible()
    expect(room.locator('[data-half="left"] :checked')).to_have_value("none")
    expect(room.locator('[data-half="left"] .why')).to_have_text("artefact")
    expect(room.locator('[data-half="right"] :checked')).to_have_value("3")
    expect(room.locator("#comment")).to_have_value("Bladder in the field? 1 2 3")
    pressed(room, "Digit8", "Enter")
    expect(room.locator("#again")).to_be_hidden()
    painted(room, 2)
    assert stored(1) == {"right": "artefact", "left": 2}
    assert latest(1).comment == "Bladder in the field? 1 2 3"
    assert latest(1).version == 2


def test_a_comment_has_lines_and_escape_leaves_it(room: Page) -> None:
    room.locator("#write").click()
    room.keyboard.type("one")
    pressed(room, "Shift+Enter")
    room.keyboard.type("two")
    pressed(room, "Escape")
    expect(room.locator("#writing")).to_be_hidden()
    pressed(room, "Digit1", "Digit7", "Enter")
    painted(room, 2)
    assert latest(1).comment.splitlines() == ["one", "two"]


# Taking back


def test_the_first_read_offers_nothing_to_take_back(room: Page) -> None:
    expect(room.locator("#undo")).to_be_disabled()
    pressed(room, "Backspace", "Digit1", "Digit7", "Enter")
    painted(room, 2)
    expect(room.locator("#undo")).to_be_enabled()
    pressed(room, "Backspace")
    expect(room.locator("#again")).to_be_visible()
    expect(room.locator("#undo")).to_be_disabled()


def test_where_the_protocol_forbids_changes_nothing_is_taken_back(
    cast: Cast, page_of: Callable[..., Page], live_server: object
) -> None:
    page = page_of(cast.reader)
    page.goto(f"{live_server}/read/{cast.study.slug}/")
    page.wait_for_selector("#room[data-painted]")
    expect(page.locator("#undo")).to_have_count(0)
    pressed(page, "Backspace")
    pressed(page, "KeyH")
    expect(page.locator("#keys")).not_to_contain_text("take the last answer back")


def test_who_takes_an_answer_back_elsewhere_finds_it_here(
    room: Page, study: Study, cast: Cast
) -> None:
    """The page is told the same by a reload as by an answer."""
    pressed(room, "KeyB", "Digit4", "Digit8", "Enter")
    painted(room, 2)
    services.read_undo(reader=study.memberships.get(user=cast.reader))
    room.reload()
    expect(room.locator('[data-half="left"] .why')).to_have_text("too few counts")
    expect(room.locator('[data-half="right"] :checked')).to_have_value("2")
    expect(room.locator("#submit")).to_be_enabled()
