"""The room for whole stacks in Chromium: slices, windows, screens, pairs."""

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from readerstudy.reading.models import Answer
from tests.cast import Cast
from tests.stacks import make_stack_study

from .by_hand import next_is_there, painted, pressed, settled, until
from .by_stack import (
    enter,
    expect_slice,
    expected_greys,
    given,
    grey,
    read_at,
    sampled,
    stack_of,
    window_said,
)

__all__ = ["enter"]

pytestmark = [
    pytest.mark.browser,
    # the group of coordinators, made by a migration, comes back after each flush
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]


def test_each_slice_is_drawn_in_its_window_and_the_keys_step_and_choose(
    enter: Callable[..., Page],
) -> None:
    page = enter(interpolation="nearest")
    stack = stack_of(read_at(1), read_at(1).arm.method)
    expect_slice(page, 4)  # it begins in the middle
    window_said(page, 80, 40)
    for keys, number, low, high in (
        ((), 4, 0, 80),
        (("ArrowUp",), 5, 0, 80),
        (("End", "KeyR"), 6, -450, 1050),
        (("PageDown", "KeyE"), 4, -1350, 150),
        (("Home",), 1, -1350, 150),
        (("ArrowDown", "KeyX"), 1, 0, 80),
    ):
        pressed(page, *keys)
        expect_slice(page, number)
        window_said(page, high - low, (low + high) // 2)
        low = max(low, -1024)  # all that is ever shown begins there
        exact = expected_greys(stack, number - 1, low=low, high=high)
        if low == 0:
            assert np.abs(sampled(page) - exact).max() <= 3  # 20 levels for 80 HU
    expect(page.locator('.preset[aria-pressed="true"]')).to_have_text("brain Q")


def test_wheel_buttons_and_slider_step_through_the_slices(
    enter: Callable[..., Page],
) -> None:
    page = enter()
    page.locator(".slice canvas").hover()
    page.mouse.wheel(0, -100)
    expect_slice(page, 5)
    page.mouse.wheel(0, 100)
    page.mouse.wheel(0, 100)
    expect_slice(page, 3)
    page.locator("#slice-up").click()
    expect_slice(page, 4)
    page.locator("#slice").fill("2")
    expect_slice(page, 2)
    assert page.locator("#slice").get_attribute("aria-valuetext") == "slice 2 of 6"
    box = page.locator(".slice canvas").bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 300)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 100, steps=4)
    page.mouse.up()
    assert int(page.locator("#sliced b").text_content()) > 2


def test_of_a_pair_the_left_one_is_left_and_both_go_together(
    enter: Callable[..., Page],
) -> None:
    page = enter(question_set="forced-choice", interpolation="nearest")
    read = read_at(1)
    boxes = [one.bounding_box() for one in page.locator(".slice").all()]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    pressed(page, "ArrowUp")
    expect_slice(page, 5)
    for index, arm in enumerate((read.arm.method, read.second_arm.method)):
        exact = expected_greys(stack_of(read, arm), 4, low=0, high=80)
        assert np.abs(sampled(page, index) - exact).max() <= 3
    pressed(page, "+")
    settled(page)
    expect(page.locator("#zoom-reset")).to_contain_text("×1.5")
    expect(page.locator("#answer :checked")).to_have_count(0)
    for position, key in enumerate(("ArrowLeft", "Equal", "ArrowRight"), start=1):
        pressed(page, key, "Enter")
        painted(page, position + 1)
    assert [given(n)["preference"] for n in (1, 2, 3)] == [1, 3, 2]


def test_a_choice_goes_on_by_itself_where_its_reader_wants_that(
    enter: Callable[..., Page],
) -> None:
    page = enter(question_set="forced-choice")
    pressed(page, "Shift+Slash")
    page.locator('[name="auto_advance"]').check()
    pressed(page, "Escape", "ArrowRight")
    painted(page, 2)
    assert given(1) == {"preference": 2}


def test_a_pair_is_read_on_while_the_network_is_gone(
    enter: Callable[..., Page], expected_errors: list[str]
) -> None:
    expected_errors += ["502 (Bad Gateway)", "net::ERR_FAILED"]
    page = enter(question_set="forced-choice")
    next_is_there(page)
    page.route("**/submit/", lambda route: route.fulfill(status=502, body="gone"))
    page.route("**/pixels/**", lambda route: route.abort())
    pressed(page, "ArrowLeft", "Enter")
    expect(page.locator("#kept")).to_contain_text("you can go on with this read")
    painted(page, 2)
    pressed(page, "ArrowRight", "Enter")
    expect(page.locator("#kept")).to_contain_text("please wait")
    assert not Answer.objects.exists()
    page.unroute("**/submit/")
    page.unroute("**/pixels/**")
    painted(page, 3)
    expect(page.locator("#kept")).to_be_hidden()
    assert [given(n)["preference"] for n in (1, 2)] == [1, 2]


def test_a_window_of_ones_own_is_kept_where_the_protocol_allows_it(
    enter: Callable[..., Page],
) -> None:
    page = enter(question_set="forced-choice", window_adjustable=True)
    before = grey(page)
    pressed(page, "Shift+ArrowRight", "Shift+ArrowUp")
    settled(page)
    assert (grey(page) != before).any()
    expect(page.locator('.preset[aria-pressed="true"]')).to_have_count(0)
    pressed(page, "ArrowLeft", "Enter")
    painted(page, 2)
    window_said(page, 80, 40)  # anew on each read
    pressed(page, "KeyW", "ArrowLeft", "Enter")
    painted(page, 3)
    kept = [Answer.objects.get(read=read_at(n)).window_low for n in (1, 2)]
    assert kept[0] is not None
    assert kept[1] == 54  # -160 HU of soft tissue, in 255ths of -1024 to 3071
    assert Answer.objects.get(read=read_at(2)).window_high == 79


def test_no_read_is_painted_in_the_window_of_the_one_before(
    enter: Callable[..., Page],
) -> None:
    """Not even for the moment until its form is there."""
    page = enter(question_set="forced-choice")
    page.evaluate(
        """() => {
          window.seen = [];
          room.addEventListener("drawn", () => {
            window.seen.push([token, view.low, view.high]);
          });
        }"""
    )
    first = page.evaluate("() => [view.low, view.high]")
    pressed(page, "KeyW", "ArrowLeft", "Enter")
    painted(page, 2)
    settled(page)
    second = [
        window
        for token, *window in page.evaluate("() => window.seen")
        if token == read_at(2).token
    ]
    assert second
    assert all(window == first for window in second)


SCREENS = [
    (1280, 720),
    (1920, 1080),
    (2560, 1440),
    (820, 1180),
    (390, 844),
]
SCROLLED = (
    "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
)


@pytest.mark.parametrize(
    ("asked", "locale"),
    [
        ("image-quality", "en"),
        ("image-quality", "ja-JP"),
        ("forced-choice", "ja-JP"),
    ],
)
def test_images_fill_every_screen_and_nothing_is_off_it(
    cast: Cast,
    page_of: Callable[..., Page],
    live_server: object,
    asked: str,
    locale: str,
) -> None:
    make_stack_study(cast, question_set=asked, window_adjustable=True)
    page = page_of(cast.reader, locale=locale)
    page.goto(f"{live_server}/read/by-hand/")
    page.wait_for_selector("#room[data-painted]")
    for width, height in SCREENS:
        page.set_viewport_size({"width": width, "height": height})
        until(page, f"innerWidth === {width} && innerHeight === {height}")
        settled(page)
        assert page.evaluate(SCROLLED) == [width, height]
        shown = [one.bounding_box() for one in page.locator(".slice").all()]
        share = sum(one["width"] * one["height"] for one in shown) / (width * height)
        assert share >= (0.35 if width < height else 0.6), (width, height)
        for one in page.locator("#answer button, .steps button, #answer a").all():
            box = one.bounding_box()
            if box is None:  # in a dialog that is closed
                continue
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width + 0.5


def test_nothing_of_a_study_is_left_when_an_image_cannot_be_shown(
    enter: Callable[..., Page], cast: Cast, expected_errors: list[str]
) -> None:
    expected_errors.append("409 (Conflict)")
    page = enter(question_set="forced-choice")
    third = read_at(3)
    third.case.renditions.all().delete()
    for position in (1, 2):
        painted(page, position)
        pressed(page, "ArrowLeft", "Enter")
        if read_at(position + 1).case == third.case:
            break
    expect(page.locator("#trouble")).to_have_text(
        "This image cannot be shown. Tell the coordinator."
    )
    assert not grey(page).any()
    expect(page.locator("#submit")).to_be_disabled()
