"""What is answered about whole stacks in Chromium: criteria, levels, marks."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from readerstudy.reading.models import Answer

from .by_hand import painted, pressed, settled
from .by_stack import (
    click_pixel,
    enter,
    expect_slice,
    given,
    grey,
    marks_of,
    read_at,
)

__all__ = ["enter"]

pytestmark = [
    pytest.mark.browser,
    # the group of coordinators, made by a migration, comes back after each flush
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]
LEVELS = [{"value": value, "words": str(value)} for value in (1, 2)]
SURE_AND_TRUE = [
    {"key": "sure", "words": "Sure?", "kind": "confidence"},
    {"key": "true", "words": "True?", "kind": "fidelity", "answers": LEVELS},
]


def test_criteria_are_answered_one_after_the_other_by_digits_alone(
    enter: Callable[..., Page],
) -> None:
    page = enter()
    current = page.locator("fieldset.current legend")
    for question, key in (
        ("Noise", "Digit4"),
        ("Sharpness", "Numpad3"),
        ("Freedom from artefacts", "Digit5"),
        ("Acceptability for diagnosis", "Digit2"),
    ):
        expect(current).to_contain_text(question)
        expect(page.locator("#submit")).to_be_disabled()
        pressed(page, key)
    pressed(page, "Enter")
    painted(page, 2)
    assert given(1) == {
        "noise": 4,
        "sharpness": 3,
        "artefacts": 5,
        "acceptability": 2,
    }
    expect(current).to_contain_text("Noise")
    expect(page.locator("#answer :checked")).to_have_count(0)


SEEN = """() => {
  const [{ top, bottom }, around] = ["fieldset.current", ".groups"].map(
    (name) => document.querySelector(name).getBoundingClientRect());
  return top >= around.top - 1 && bottom <= around.bottom + 1;
}"""


def test_no_key_answers_a_question_that_is_out_of_sight(
    enter: Callable[..., Page],
) -> None:
    """Ten of them are more than fit beside an image."""
    answers = [{"value": value, "words": f"level {value}"} for value in range(1, 6)]
    ask = {"kind": "likert", "answers": answers}
    own = [{"key": f"q{n}", "words": f"Question {n}", **ask} for n in range(10)]
    page = enter(question_set="own", own_questions=own)
    for _question in own:
        assert page.evaluate(SEEN)
        pressed(page, "Digit3")
    pressed(page, "Enter")
    painted(page, 2)
    assert page.evaluate(SEEN)
    assert page.evaluate("document.querySelector('.groups').scrollTop") == 0


# Whatever is pressed in a question, against whatever else is pressed in it.
OVERLAPPING = """() => [...document.querySelectorAll("fieldset.question")].flatMap(
  (asked) => {
    const all = ".options label, .none label, .marking";
    const pressed = [...asked.querySelectorAll(all)];
    const boxes = pressed.map((one) => {
      const parts = [one, ...one.querySelectorAll("kbd")].map(
        (part) => part.getBoundingClientRect());
      return {
        left: Math.min(...parts.map((box) => box.left)),
        right: Math.max(...parts.map((box) => box.right)),
        top: parts[0].top, bottom: parts[0].bottom, name: one.textContent.trim(),
      };
    });
    return boxes.flatMap((a, index) => boxes.slice(index + 1)
      .filter((b) => a.left < b.right - 0.5 && b.left < a.right - 0.5
        && a.top < b.bottom - 0.5 && b.top < a.bottom - 0.5)
      .map((b) => `${a.name} over ${b.name}`));
  })"""


def test_criteria_beside_marks_lie_apart_and_say_what_each_digit_means(
    enter: Callable[..., Page],
) -> None:
    noise = [(1, "unreadable"), (2, "much"), (3, "fair"), (4, "little"), (5, "none")]
    edges = [(1, "blurred"), (2, "usual"), (3, "sharp")]
    wrong = [(0, "nothing"), (1, "moved"), (2, "removed"), (3, "added"), (4, "no use")]
    own = [
        {
            "key": key,
            "words": key,
            "kind": kind,
            "answers": [{"value": value, "words": words} for value, words in answers],
        }
        for key, kind, answers in (
            ("noise", "likert", noise),
            ("edges", "likert", edges),
            ("anatomy", "fidelity", wrong),
        )
    ]
    page = enter(question_set="own", own_questions=own)
    for said in ("2 much", "1 blurred", "3 added"):
        expect(page.locator(".question .scale span", has_text=said)).to_be_visible()
    assert page.evaluate(OVERLAPPING) == []
    page.set_viewport_size({"width": 834, "height": 1194})  # keys stay beside words
    expect(page.locator(".question .scale kbd").first).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 720})
    pressed(page, "Digit2", "Digit1", "Digit3")
    click_pixel(page, 57, 51)
    click_pixel(page, 10, 20)
    assert page.evaluate(OVERLAPPING) == []


def test_what_is_missing_is_named_and_what_cannot_be_assessed_has_a_reason(
    enter: Callable[..., Page],
) -> None:
    page = enter()
    pressed(page, "Digit4", "KeyB", "Digit1")  # sharpness: motion
    expect(page.locator("fieldset.current legend")).to_contain_text("artefacts")
    pressed(page, "Enter")
    expect(page.locator("#missing")).to_have_text(
        "Nothing is chosen yet: Freedom from artefacts, Acceptability for diagnosis"
    )
    pressed(page, "Digit1", "Digit1", "KeyN")
    page.keyboard.type("A ring")
    pressed(page, "Enter")  # leaves the field
    expect(page.locator("#submit")).to_be_enabled()
    pressed(page, "Enter")
    painted(page, 2)
    assert given(1) == {
        "noise": 4,
        "sharpness": "motion",
        "artefacts": 1,
        "acceptability": 1,
        "remark": "A ring",
    }


# Pressed one right after the other; a busy page hears of the last one much later.
PRESSED_WHILE_BUSY = """(codes) => {
  const events = codes.map((code) =>
    new KeyboardEvent("keydown", { code, bubbles: true, cancelable: true }));
  for (const event of events) {
    if (event === events.at(-1))
      for (const since = performance.now(); performance.now() - since < 2000; );
    document.body.dispatchEvent(event);
  }
}"""


def test_a_grade_that_follows_a_reason_at_once_is_the_next_questions(
    enter: Callable[..., Page],
) -> None:
    page = enter()
    page.evaluate(PRESSED_WHILE_BUSY, ["KeyB", "Digit1", "Digit5"])
    expect(page.locator("fieldset.current legend")).to_contain_text("artefacts")
    noise, sharpness = page.locator("fieldset.question").all()[:2]
    expect(noise.locator(".why")).to_have_text("motion")
    expect(noise.locator(":checked")).to_have_attribute("value", "none")
    expect(sharpness.locator(":checked")).to_have_attribute("value", "5")


def test_what_is_done_twice_quickly_is_so_where_the_page_hears_of_it_late(
    enter: Callable[..., Page],
) -> None:
    page = enter(question_set="finding-confidence", own_questions=SURE_AND_TRUE)
    page.evaluate(PRESSED_WHILE_BUSY, ["Digit7", "Digit5"])
    expect(page.locator(".level output")).to_have_text("75")
    page.evaluate(
        """() => {
          const now = performance.now();
          markAt(canvases[0], 20, 20, now);
          while (performance.now() - now < 1000);
          markAt(canvases[0], 20, 20, now + 300);
        }"""
    )
    expect(page.locator(".marks li")).to_have_count(1)


def test_a_confidence_is_typed_moved_and_stored(enter: Callable[..., Page]) -> None:
    page = enter(question_set="finding-confidence")
    said = page.locator(".level output")
    expect(said).to_have_text("–")
    pressed(page, "Enter")
    expect(page.locator("#missing")).to_contain_text("How sure are you")
    pressed(page, "Digit7", "Digit5", "ArrowRight", "ArrowRight", "ArrowLeft")
    expect(said).to_have_text("76")
    pressed(page, "Enter")
    painted(page, 2)
    expect(said).to_have_text("–")
    pressed(page, "Digit1", "Digit0", "Digit0", "Enter")
    painted(page, 3)
    page.locator(".level input[type=range]").fill("12")
    expect(said).to_have_text("12")
    pressed(page, "Enter")
    painted(page, 4)
    pressed(page, "Digit0", "Enter")
    painted(page, 5)
    assert [given(n)["confidence"] for n in (1, 2, 3, 4)] == [76, 100, 12, 0]
    pressed(page, "Backspace")
    expect(page.locator("#again")).to_contain_text("Read 4 of 8")
    painted(page, 4)
    expect(said).to_have_text("0")  # as it was
    expect(page.locator("#submit")).to_be_enabled()


def test_the_middle_of_the_scale_is_an_answer_where_it_is_clicked(
    enter: Callable[..., Page],
) -> None:
    page = enter(question_set="finding-confidence")
    page.locator(".level input[type=range]").click()  # it stands there already
    expect(page.locator(".level output")).to_have_text("50")
    pressed(page, "Enter")
    painted(page, 2)
    assert given(1) == {"confidence": 50}
    expect(page.locator(".level output")).to_have_text("–")


def held(page: Page, key: str) -> None:
    """For long enough that it is told twice."""
    for _time in range(2):
        page.keyboard.down(key)
    page.keyboard.up(key)


def test_a_key_that_is_held_down_is_one_digit_and_takes_one_mark_away(
    enter: Callable[..., Page],
) -> None:
    page = enter(question_set="finding-confidence", own_questions=SURE_AND_TRUE)
    held(page, "Digit7")
    expect(page.locator(".level output")).to_have_text("7")
    for row in (20, 40, 60):
        click_pixel(page, row, 40)
    held(page, "KeyZ")
    expect(page.locator(".marks li")).to_have_count(2)


def test_marks_are_placed_by_clicks_and_keys_taken_back_and_stored(
    enter: Callable[..., Page],
) -> None:
    page = enter(question_set="anatomical-fidelity")
    rings, listed = page.locator(".placed"), page.locator(".marks li")
    click_pixel(page, 57, 51)
    expect(listed).to_have_text(["1: slice 4×"])
    box = rings.bounding_box()
    assert page.locator(".slice canvas").bounding_box()["x"] < box["x"]
    pressed(page, "ArrowUp")
    expect(rings).to_have_count(0)  # it is on another slice
    pressed(page, "KeyK")  # where the mouse is
    click_pixel(page, 10, 20)
    expect(listed).to_have_count(3)
    pressed(page, "KeyZ")
    expect(listed).to_have_count(2)
    click_pixel(page, 57, 51)  # on the mark that is there: away with it
    expect(listed).to_have_text(["1: slice 4×"])
    listed.get_by_text("1: slice 4").click()
    expect_slice(page, 4)
    expect(rings).to_have_count(1)
    click_pixel(page, 0, 79)
    pressed(page, "Digit3", "Enter")
    painted(page, 2)
    first, second = {"slice": 3, "row": 57, "column": 51}, {"slice": 3, "row": 0}
    assert marks_of(1) == [second | {"column": 79}, first]
    assert given(1)["fidelity"] == 3
    expect(listed).to_have_count(0)
    pressed(page, "Backspace")
    expect(page.locator("#again")).to_contain_text("Read 1 of 8")
    painted(page, 1)
    expect(listed).to_have_count(2)
    pressed(page, "Digit2", "Enter")
    painted(page, 2)
    assert Answer.objects.filter(read=read_at(1)).count() == 2


def test_where_clicks_mark_nothing_they_bring_the_place_to_the_middle(
    enter: Callable[..., Page],
) -> None:
    page = enter(question_set="anatomical-fidelity")
    page.get_by_text("Clicking marks the place").click()
    pressed(page, "NumpadAdd", "NumpadAdd")
    expect(page.locator("#zoom-reset")).to_contain_text("×2")
    before = grey(page)
    page.locator(".slice canvas").click(position={"x": 300, "y": 300})
    settled(page)
    assert (grey(page) != before).any()
    expect(page.locator(".placed")).to_have_count(0)
    pressed(page, "Minus", "Minus")
    expect(page.locator("#zoom-reset")).to_be_hidden()
