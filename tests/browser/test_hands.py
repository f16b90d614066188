"""Hands in the reading room: keys by the half of the screen, by mouse, by touch.

The keys follow the screen; what is stored is the patient's side. The patient's right
is on the left half of the screen.
"""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from readerstudy.reading.models import Answer, Preferences, Score
from tests.cast import Cast

from .by_hand import (
    latest,
    likes,
    painted,
    pressed,
    room,
    room_of,
    settled,
    stored,
    study,
)

__all__ = ["room", "room_of", "study"]

pytestmark = [
    pytest.mark.browser,
    # the group of coordinators, made by a migration, comes back after each flush
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]

# Written down once more, not taken from the code: the keys under the fingers that lie
# on the left and on the right half, for the grades 1 to 4.
LEFT_KEYS = {
    "two-hands": ("Digit1", "Digit2", "Digit3", "Digit4"),
    "left-hand": ("Digit1", "KeyQ", "KeyA", "KeyZ"),
    "right-hand": ("Digit8", "KeyI", "KeyK", "Comma"),
    "keypad": ("Numpad7", "Numpad4", "Numpad1", "Numpad0"),
}
RIGHT_KEYS = {
    "two-hands": ("Digit7", "Digit8", "Digit9", "Digit0"),
    "left-hand": ("Digit3", "KeyE", "KeyD", "KeyC"),
    "right-hand": ("Digit0", "KeyP", "Semicolon", "Slash"),
    "keypad": ("Numpad9", "Numpad6", "Numpad3", "NumpadDecimal"),
}


@pytest.mark.parametrize("layout", list(LEFT_KEYS))
@pytest.mark.parametrize("grade", [1, 4])
def test_the_keys_of_the_left_half_grade_the_patients_right(
    cast: Cast, room_of: Callable[..., Page], layout: str, grade: int
) -> None:
    if layout != "keypad":
        likes(cast, keys=layout)
    room = room_of()
    other = 5 - grade
    half = room.viewport_size["width"] / 2
    pressed(room, LEFT_KEYS[layout][grade - 1])
    chosen = room.locator("fieldset label:has(:checked)").bounding_box()
    assert chosen["x"] + chosen["width"] <= half, (
        "the key lies left, so does the choice"
    )
    pressed(room, RIGHT_KEYS[layout][other - 1])
    assert (
        room.locator("fieldset label:has(:checked)").nth(1).bounding_box()["x"] >= half
    )
    pressed(room, "Space")
    painted(room, 2)
    assert stored(1) == {"right": grade, "left": other}


@pytest.mark.parametrize("layout", ["two-hands", "left-hand", "right-hand"])
def test_every_key_of_a_layout_is_printed_at_its_grade(
    cast: Cast, room_of: Callable[..., Page], layout: str
) -> None:
    likes(cast, keys=layout)
    room = room_of()
    for half, keys in (("left", LEFT_KEYS), ("right", RIGHT_KEYS)):
        for index, code in enumerate(keys[layout]):
            pressed(room, code)
            choice = room.locator(f'[data-half="{half}"] label:has(:checked)')
            expect(choice.locator("b")).to_have_text(str(index + 1))
            printed = {"Comma": ",", "Semicolon": ";", "Slash": "/"}.get(code, code[-1])
            expect(choice.locator("kbd")).to_have_text(printed)


def test_keys_that_are_not_of_the_layout_choose_nothing(
    cast: Cast, room_of: Callable[..., Page]
) -> None:
    likes(cast, keys="left-hand")
    room = room_of()
    pressed(room, "Digit2", "Digit7", "KeyP", "Control+Digit1", "Alt+Digit3")
    expect(room.locator("#answer :checked")).to_have_count(0)


def test_space_confirms_once_and_scrolls_nothing(room: Page) -> None:
    room.set_viewport_size({"width": 500, "height": 400})
    room.locator(".groups label").first.click()
    room.locator('[data-half="right"] label').first.click()
    top = room.evaluate("document.scrollingElement.scrollTop")
    pressed(room, "Space")
    painted(room, 2)
    assert room.evaluate("document.scrollingElement.scrollTop") == top
    pressed(room, "Space", "Enter")  # nothing is chosen
    assert Answer.objects.count() == 1


def test_space_does_not_press_what_was_clicked_before(room: Page) -> None:
    pressed(room, "Digit1", "Digit7", "Enter")
    painted(room, 2)
    room.locator("#undo").click()
    expect(room.locator("#again")).to_be_visible()
    pressed(room, "Space")  # confirms the earlier answer; it takes nothing back again
    expect(room.locator("#again")).to_be_hidden()
    expect(room.locator("#place")).to_have_text("2 of 8")
    assert latest(1).version == 2


def test_a_focused_button_is_pressed_by_space_and_enter_and_confirms_nothing(
    room: Page,
) -> None:
    pressed(room, "Digit1", "Digit7")
    room.locator("#show-keys").focus()
    pressed(room, "Space")
    expect(room.locator("#keys")).to_be_visible()
    pressed(room, "Escape")
    expect(room.locator("#show-keys")).to_be_focused()
    pressed(room, "Enter")
    expect(room.locator("#keys")).to_be_visible()
    pressed(room, "KeyH")
    expect(room.locator("#keys")).to_be_hidden()
    assert not Answer.objects.exists()


def test_grades_are_radio_groups_for_tab_and_arrow_keys(room: Page) -> None:
    room.locator('[data-half="left"] input').first.focus()
    pressed(room, "Space", "ArrowDown", "Tab", "Space")
    right, left = room.locator("fieldset").all()
    expect(right.locator(":checked")).to_have_attribute("value", "2")
    expect(left.locator(":checked")).to_have_attribute("value", "1")
    expect(room.get_by_role("group", name="Patient's right (R)")).to_have_count(1)
    pressed(room, "Space")
    painted(room, 2)
    assert stored(1) == {"right": 2, "left": 1}


def test_wandering_over_the_choices_with_arrow_keys_opens_and_submits_nothing(
    cast: Cast, room_of: Callable[..., Page]
) -> None:
    likes(cast, auto_advance=True)
    room = room_of()
    pressed(room, "Digit1")
    room.locator('[data-half="right"] input').nth(3).focus()
    pressed(room, "ArrowUp", "ArrowDown", "ArrowDown")  # to what cannot be assessed
    room.wait_for_timeout(200)
    expect(room.locator("dialog[open]")).to_have_count(0)
    expect(room.locator("#submit")).to_be_disabled()
    room.locator('[data-half="right"] .why').press("Enter")
    pressed(room, "Digit4")
    painted(room, 2)
    assert stored(1) == {"right": 1, "left": "too few counts"}


# Submitting by itself


@pytest.fixture
def hurried(cast: Cast, room_of: Callable[..., Page]) -> Page:
    likes(cast, auto_advance=True)
    return room_of()


def test_the_second_side_submits_where_its_reader_wants_it(hurried: Page) -> None:
    pressed(hurried, "Digit1", "Digit2")  # thought better of
    expect(hurried.locator("#place")).to_have_text("1 of 8")
    pressed(hurried, "Digit9")
    painted(hurried, 2)
    assert stored(1) == {"right": 2, "left": 3}
    assert latest(1).first_ms is not None
    hurried.locator('[data-half="right"] label').nth(0).click()
    hurried.locator('[data-half="left"] label').nth(3).click()
    painted(hurried, 3)
    assert stored(2) == {"right": 4, "left": 1}


def test_nothing_submits_by_itself_before_a_reason_is_given(hurried: Page) -> None:
    pressed(hurried, "Digit1", "KeyN")
    hurried.wait_for_timeout(200)
    assert not Answer.objects.exists()
    pressed(hurried, "Escape")
    hurried.wait_for_timeout(200)
    assert not Answer.objects.exists()
    pressed(hurried, "KeyN", "Digit2")
    painted(hurried, 2)
    assert stored(1) == {"right": 1, "left": "artefact"}


LEFT_AND_BACK = """() => {
  const press = () => document.body.dispatchEvent(
    new KeyboardEvent("keydown", { code: "KeyN", bubbles: true, cancelable: true }));
  press();
  whyDialog.close();
  press();
}"""


def test_who_leaves_the_reasons_and_is_back_before_the_page_hears_of_it_gives_one(
    room: Page,
) -> None:
    pressed(room, "Digit1")
    room.evaluate(LEFT_AND_BACK)
    settled(room)
    expect(room.locator("#why")).to_be_visible()
    pressed(room, "Digit2")
    expect(room.locator(".why.offered")).to_have_text("artefact")
    pressed(room, "Enter")
    painted(room, 2)
    assert stored(1) == {"right": 1, "left": "artefact"}


def test_a_read_with_its_earlier_answer_waits_until_both_sides_are_chosen_anew(
    hurried: Page,
) -> None:
    pressed(hurried, "Digit1", "Digit7")
    painted(hurried, 2)
    pressed(hurried, "Backspace")
    expect(hurried.locator("#again")).to_be_visible()
    pressed(hurried, "Digit4")
    hurried.wait_for_timeout(200)
    expect(hurried.locator("#again")).to_be_visible()
    pressed(hurried, "Digit7")  # the same as before, and meant
    painted(hurried, 2)
    assert stored(1) == {"right": 4, "left": 1}


def test_nothing_submits_by_itself_without_that_wish(room: Page) -> None:
    pressed(room, "Digit1", "Digit7")
    room.wait_for_timeout(200)
    assert not Answer.objects.exists()


def test_who_submits_with_a_side_left_out_is_told_which(room: Page) -> None:
    told = room.locator("#missing")
    expect(told).to_be_hidden()
    pressed(room, "Enter")
    expect(told).to_have_text(
        "Nothing is chosen yet: Patient's right (R), Patient's left (L)"
    )
    pressed(room, "Digit1", "Space")
    expect(told).to_have_text("Nothing is chosen yet: Patient's left (L)")
    pressed(room, "Digit7")
    expect(told).to_be_hidden()
    pressed(room, "Enter")
    painted(room, 2)
    expect(told).to_be_hidden()


# The overlay


def test_the_overlay_opens_at_the_readers_own_layout(
    cast: Cast, room_of: Callable[..., Page]
) -> None:
    likes(cast, keys="right-hand")
    room = room_of()
    pressed(room, "Shift+Slash")
    expect(room.locator("#keys :focus")).to_have_value("right-hand")
    pressed(room, "Space", "Escape", "Comma")
    expect(room.locator('[data-half="left"] :checked')).to_have_value("4")


def test_the_overlay_changes_the_keys_at_once_and_keeps_what_is_chosen(
    room: Page, cast: Cast
) -> None:
    pressed(room, "Digit2", "Shift+Slash")
    expect(room.locator("#keys")).to_be_visible()
    pressed(room, "Digit8")  # grades nothing behind the overlay
    with room.expect_response("**/preferences/") as answered:
        room.locator('[data-layout="right-hand"]').click()
    assert answered.value.status == 204
    with room.expect_response("**/preferences/"):
        room.get_by_label("Submit by itself").check()
    pressed(room, "Escape")
    expect(room.locator('[data-half="left"] :checked')).to_have_value("2")
    expect(room.locator('[data-half="right"] :checked')).to_have_count(0)
    expect(room.locator('[data-half="right"] kbd').first).to_have_text("0")
    pressed(room, "Digit9")  # of the layout from before
    expect(room.locator('[data-half="right"] :checked')).to_have_count(0)
    pressed(room, "KeyK", "Slash")
    painted(room, 2)
    assert stored(1) == {"right": 3, "left": 4}
    saved = Preferences.objects.get(user=cast.reader)
    assert (saved.keys, saved.auto_advance) == ("right-hand", True)
    room.reload()
    painted(room, 2)
    pressed(room, "Digit8", "Digit0")
    painted(room, 3)


def test_a_wish_that_cannot_be_saved_holds_and_is_said(
    room: Page, expected_errors: list[str]
) -> None:
    expected_errors.append("ERR_FAILED")
    room.route("**/preferences/", lambda route: route.abort())
    room.locator("#show-keys").click()
    room.locator('[data-layout="left-hand"]').click()
    expect(room.locator("#unsaved")).to_contain_text("could not be saved")
    room.locator("#keys [data-closes]").click()
    pressed(room, "KeyQ", "KeyE", "Enter")
    painted(room, 2)
    assert stored(1) == {"right": 2, "left": 2}


# Without a keyboard


def test_everything_is_done_by_touch(room_of: Callable[..., Page], cast: Cast) -> None:
    room = room_of(
        viewport={"width": 768, "height": 1024}, has_touch=True, is_mobile=True
    )
    room.locator('[data-half="left"] label').nth(2).tap()
    room.locator('[data-half="right"] .none label').tap()
    room.get_by_role("button", name="cut off").tap()
    room.get_by_role("button", name="Comment").tap()
    room.locator("#comment").fill("by touch")
    room.get_by_role("button", name="Done").tap()
    room.locator("#submit").tap()
    painted(room, 2)
    assert stored(1) == {"right": 3, "left": "cut off"}
    assert latest(1).comment == "by touch"
    room.locator("#undo").tap()
    expect(room.locator("#again")).to_be_visible()
    room.locator("#submit").tap()
    painted(room, 2)
    assert Score.objects.filter(answer__version=2).count() == 2
    room.locator("#show-keys").tap()
    room.get_by_label("left hand").tap()
    room.locator("#keys [data-closes]").tap()
    expect(room.locator("#keys")).to_be_hidden()
