"""What readers do in the room for whole stacks beside reading: none of it does harm."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from readerstudy.reading.models import Answer
from tests.cast import Cast
from tests.factory import head_of, make_stack_cohort

from .by_hand import painted, pressed, settled, until
from .by_stack import (
    ROWS,
    STACK,
    canvas,
    click_pixel,
    enter,
    expect_slice,
    given,
    marks_of,
    read_at,
)

__all__ = ["enter"]

pytestmark = [
    pytest.mark.browser,
    # the group of coordinators, made by a migration, comes back after each flush
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]

SMALL = (4, 90, 70)
FIDELITY = "anatomical-fidelity"
HAS = [{"value": 1, "words": "no"}, {"value": 2, "words": "yes"}]
KEY_DOWN = """([on, told]) => document.querySelector(on).dispatchEvent(
  new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...told }))"""

QUERIES = """{
  window.queries = [];
  const { matchMedia } = window;
  window.matchMedia = (query) => {
    queries.push(matchMedia.call(window, query));
    return queries.at(-1);
  };
}"""


def hollow_above(number: int, index: int, shape: Sequence[int]) -> np.ndarray:
    """Of one arm nothing but air in the upper half."""
    stack = head_of(seed=number, noise=4, shape=shape)
    if index == 1:
        stack[shape[0] // 2 :] = -1024
    return stack


def shown_slice(page: Page) -> str:
    settled(page)
    return page.locator("#sliced").inner_text().replace("\n", "")


def test_where_a_read_begins_and_ends_tells_no_arm(
    enter: Callable[..., Page], cast: Cast
) -> None:
    cohort = make_stack_cohort(
        coordinators=[cast.coordinator],
        cases_wanted=2,
        shapes=(STACK, SMALL),
        image=hollow_above,
    )
    page = enter(cohort=cohort, question_set=FIDELITY)
    seen: dict[tuple[int, str], tuple[str, str]] = {}
    for position in (1, 2, 3, 4):
        painted(page, position)
        read = read_at(position)
        begins = shown_slice(page)
        pressed(page, "End", "ArrowUp", "PageUp")
        depth = read.case.series.first().slices
        seen[depth, read.arm.code] = begins, shown_slice(page)
        if depth == SMALL[0]:
            click_pixel(page, 95, 40)  # below its last row, in the frame of the others
            expect(page.locator(".placed")).to_have_count(0)
            lit = canvas(page, 0).any(axis=(1, 2))
            above, below = np.argmax(lit), np.argmax(lit[::-1])
            assert abs(int(above) - int(below)) <= 2 or not lit.any()
        pressed(page, "Digit3", "Enter")
    assert len(seen) == 4
    for (depth, _arm), said in seen.items():
        assert said == (f"{depth // 2 + 1}/ {depth}", f"{depth}/ {depth}")


def test_a_double_click_marks_once_or_shows_the_whole_and_zoom_stays(
    enter: Callable[..., Page],
) -> None:
    page = enter(question_set=FIDELITY)
    image, zoom = page.locator(".slice canvas"), page.locator("#zoom-reset")
    image.dblclick(position={"x": 300, "y": 300})
    expect(page.locator(".placed")).to_have_count(1)
    expect(zoom).to_be_hidden()
    page.get_by_text("Clicking marks the place").click()
    pressed(page, "NumpadAdd", "NumpadAdd", "Digit3", "Enter")
    painted(page, 2)
    assert len(marks_of(1)) == 1
    expect(zoom).to_contain_text("×2")  # as on the read before
    image.dblclick(position={"x": 300, "y": 300})
    expect(zoom).to_be_hidden()
    expect(page.locator(".placed")).to_have_count(0)


def test_keys_that_are_elsewhere_and_input_methods_do_as_printed(
    enter: Callable[..., Page],
) -> None:
    page = enter(question_set="image-quality")
    page.evaluate(KEY_DOWN, ["body", {"code": "Semicolon", "key": "+"}])
    expect(page.locator("#zoom-reset")).to_contain_text("×1.5")
    remark = page.locator("textarea.words")
    remark.focus()
    for told in ({"isComposing": True}, {"keyCode": 229}):
        page.evaluate(KEY_DOWN, ["textarea.words", {"code": "Enter", **told}])
        expect(remark).to_be_focused()
    pressed(page, "Enter")
    expect(remark).not_to_be_focused()
    # wandering over the grades of one question is not leaving it
    page.locator("fieldset.likert").first.locator("input").first.focus()
    pressed(page, "ArrowRight", "ArrowRight")
    current = page.locator('fieldset[aria-current="true"] legend')
    expect(current).to_contain_text("Noise")
    pressed(page, "Digit5")
    expect(current).to_contain_text("Sharpness")
    pressed(page, "Digit1", "Digit2", "Digit3", "Enter")
    painted(page, 2)
    assert [given(1)[key] for key in ("noise", "sharpness")] == [5, 1]


def test_no_difference_is_chosen_where_its_sign_is_printed(
    enter: Callable[..., Page],
) -> None:
    page = enter(question_set="forced-choice")
    page.evaluate(KEY_DOWN, ["body", {"code": "Minus", "key": "=", "shiftKey": True}])
    pressed(page, "Enter")
    painted(page, 2)
    assert given(1) == {"preference": 3}


def test_an_earlier_answer_of_every_kind_comes_back_also_after_a_reload(
    enter: Callable[..., Page],
) -> None:
    own = [
        {"key": "noise", "words": "Noise", "kind": "likert", "answers": HAS},
        {"key": "sure", "words": "Sure?", "kind": "confidence"},
        {"key": "bones", "words": "Bones", "kind": "fidelity", "answers": HAS},
        {"key": "veins", "words": "Veins", "kind": "fidelity", "answers": HAS},
        {"key": "remark", "words": "Remarks", "kind": "text"},
    ]
    page = enter(question_set="finding-confidence", own_questions=own)
    pressed(page, "KeyB", "Digit1")
    pressed(page, "Digit6", "Digit4", "KeyN")
    click_pixel(page, 20, 20)
    pressed(page, "Digit1")
    click_pixel(page, 60, 60)
    pressed(page, "Digit2", "KeyN")
    page.keyboard.type("環")
    pressed(page, "Enter", "KeyM")
    page.keyboard.type("as it was")
    pressed(page, "Enter", "Enter")
    painted(page, 2)
    answered = given(1)
    pressed(page, "Backspace")
    expect(page.locator("#again")).to_contain_text("Read 1 of 8")
    page.reload()
    painted(page, 1)
    expect(page.locator("#again")).to_contain_text("Read 1 of 8")
    expect(page.locator(".marks li")).to_have_count(2)
    expect(page.locator(".placed")).to_have_count(2)
    pressed(page, "Digit7", "Digit5")  # the noise: neither is one of its keys
    expect(page.locator(".level output")).to_have_text("64")
    pressed(page, "Enter")
    painted(page, 2)
    assert Answer.objects.filter(read=read_at(1)).count() == 2
    expected = {"noise": "motion", "sure": 64, "bones": 1, "veins": 2, "remark": "環"}
    assert given(1) == answered == expected
    places = {
        score.question: [(mark["row"], mark["column"]) for mark in score.marks]
        for score in Answer.objects.get(read=read_at(1), version=2).scores.all()
    }
    assert (places["bones"], places["veins"]) == ([(20, 20)], [(60, 60)])
    assert Answer.objects.get(read=read_at(1), version=2).comment == "as it was"


def test_an_answer_that_is_refused_says_why_and_may_be_put_right(
    enter: Callable[..., Page], expected_errors: list[str]
) -> None:
    expected_errors.append("409 (Conflict)")
    page = enter(question_set=FIDELITY)
    page.evaluate(
        "rows => document.querySelector('.marks input').value"
        " = JSON.stringify([{ slice: 0, row: rows, column: 0 }])",
        ROWS,
    )
    pressed(page, "Digit3", "Enter")
    expect(page.locator("#trouble")).to_have_text(
        "Read 1 of 8: this answer was not taken. A mark lies outside the image."
    )
    assert not Answer.objects.exists()
    click_pixel(page, 20, 20)
    pressed(page, "Enter")
    painted(page, 2)
    expect(page.locator("#trouble")).to_be_hidden()
    assert [mark["row"] for mark in marks_of(1)] == [20]


def test_windows_and_screens_that_change_show_what_is_due_and_sharply(
    enter: Callable[..., Page],
) -> None:
    page = enter(question_set="forced-choice")
    page.add_init_script(QUERIES)
    page.reload()
    painted(page, 1)
    width = canvas(page, 0).shape[1]
    tools = page.context.new_cdp_session(page)
    size = {"width": 1280, "height": 720, "mobile": False}
    tools.send("Emulation.setDeviceMetricsOverride", {**size, "deviceScaleFactor": 2})
    until(page, "devicePixelRatio === 2")
    # of emulated screens Chromium tells nobody
    page.evaluate("() => queries.at(-1).dispatchEvent(new Event('change'))")
    assert canvas(page, 0).shape[1] == 2 * width
    other = page.context.new_page()
    other.goto(page.url)
    painted(other, 1)
    pressed(other, "ArrowLeft", "Enter")
    painted(other, 2)
    expect(page.locator("#kept")).to_contain_text("Reading went on in another window.")
    expect(page.locator("#submit")).to_be_disabled()
    with page.expect_navigation():
        page.evaluate(
            "window.dispatchEvent("
            "new PageTransitionEvent('pageshow', { persisted: true }))"
        )
    painted(page, 2)
    expect_slice(page, 4)
    assert Answer.objects.count() == 1
