"""Zoom and window in Chromium: what is drawn, by hand and by key, and what is sent."""

from collections.abc import Callable

import numpy as np
import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from readerstudy.imaging.lut import load_lut
from readerstudy.reading import selectors
from readerstudy.reading.models import Answer, Read
from tests.cast import Cast
from tests.factory import make_study
from tests.test_leaks import grade_one

from .by_hand import canvas, make_room, pressed, settled
from .test_reading_room import painted

__all__ = ["make_room"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]

VIEW = "() => ({ ...view })"


@pytest.fixture
def reads(cast: Cast) -> Callable[[], list[Read]]:
    planned = Read.objects.filter(reader__study__slug="by-hand").order_by("position")
    return lambda: list(planned.all())


def pixels_of(read: Read, user: User) -> np.ndarray:
    shown = selectors.shown_read(slug="by-hand", token=read.token, user=user)
    return np.frombuffer(selectors.read_pixels(shown), np.uint8).reshape(3, 64, 64)


def view(page: Page) -> dict[str, float]:
    """What is shown, once it is painted."""
    settled(page)
    return page.evaluate(VIEW)


def weights(size: int, *, zoom: float, first: float) -> np.ndarray:
    """(size, 64): Keys' cubic convolution with a = −1/2 of a part of 64 pixels.

    Written from its formula in the distance, unlike the page's code, which has one
    polynomial for each tap. first: where the part begins; it is 64 / zoom long.
    """
    matrix = np.zeros((size, 64))
    for target in range(size):
        centre = first + (target + 0.5) * 64 / size / zoom - 0.5
        for source in range(int(np.floor(centre)) - 1, int(np.floor(centre)) + 3):
            d = abs(source - centre)
            near = 1.5 * d**3 - 2.5 * d**2 + 1
            far = -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2
            matrix[target, min(max(source, 0), 63)] += near if d <= 1 else far
    return matrix


def reference(slice_: np.ndarray, size: int, seen: dict[str, float]) -> np.ndarray:
    """Greys from 0 to 255, not rounded, of the part and the window that are seen."""
    down = weights(size, zoom=seen["zoom"], first=seen["y"])
    across = weights(size, zoom=seen["zoom"], first=seen["x"])
    large = down @ slice_.astype(float) @ across.T
    share = (large - seen["low"]) / (seen["high"] - seen["low"])
    return 255 * np.clip(share, 0, 1)


def assert_drawn(page: Page, pixels: np.ndarray) -> None:
    seen, lut = view(page), load_lut()
    for index in range(3):
        found = canvas(page, index)
        exact = reference(pixels[index], found.shape[0], seen)
        # a value at one half may be rounded either way
        near = [
            np.rint(exact + shift).clip(0, 255).astype(int) for shift in (-1e-6, 1e-6)
        ]
        assert np.mean(near[0] != near[1]) < 0.01
        assert ((lut[near[0]] == found) | (lut[near[1]] == found)).all()


def test_zoom_and_window_are_drawn_in_the_scalar_and_then_coloured(
    make_room, cast, reads
):
    page = make_room()
    pixels = pixels_of(reads()[0], cast.reader)
    assert_drawn(page, pixels)
    pressed(page, "Equal", "Equal", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight")
    assert view(page) == {"zoom": 2, "x": 16, "y": 16, "low": 5, "high": 240}
    assert_drawn(page, pixels)
    page.evaluate("windowSet(37, 91); zoomTo(3.3, { x: 0.1, y: 0.8 })")
    assert_drawn(page, pixels)
    page.evaluate("windowSet(0, 10); moveTo(0, 99)")
    assert view(page)["y"] == pytest.approx(64 - 64 / 3.3)
    assert_drawn(page, pixels)


def test_where_the_protocol_says_nearest_a_zoomed_pixel_is_one_square(
    make_room, cast, reads
):
    page = make_room(interpolation="nearest")
    pixels = pixels_of(reads()[0], cast.reader)
    page.evaluate("windowSet(20, 122); zoomTo(2.7, { x: 0.3, y: 0.6 })")
    seen = view(page)
    window = (np.arange(256) - seen["low"]) / (seen["high"] - seen["low"])
    exact = 255 * np.clip(window, 0, 1)  # two and a half times each grey
    for index in range(3):
        found = canvas(page, index)
        size = found.shape[0]
        steps = (np.arange(size) + 0.5) * 64 / (size * seen["zoom"])
        down, across = ((seen[axis] + steps).astype(int) for axis in ("y", "x"))
        grey = pixels[index][np.ix_(down, across)]
        low, high = np.rint(exact - 1e-6), np.rint(exact + 1e-6)
        either = [load_lut()[one.astype(int)][grey] for one in (low, high)]
        assert ((either[0] == found) | (either[1] == found)).all()


def test_zoom_stays_from_read_to_read_and_the_window_does_not(make_room, reads):
    page = make_room()
    first, second = reads()[:2]
    zoom, window = page.locator("#zoom-reset"), page.locator("#window-reset")
    expect(zoom).to_be_hidden()
    expect(window).to_be_hidden()
    ends = page.locator(".bar > span")
    expect(ends).to_have_text(["max", "0"])
    pressed(page, "NumpadAdd", *["ArrowDown"] * 10, *["ArrowRight"] * 2)
    expect(zoom).to_contain_text("×1.5")
    expect(window).to_contain_text("4–80 %")
    expect(ends).to_have_text(["80 %", "4 %"])
    pressed(page, "Digit3", "Digit9", "Enter")
    painted(page, second)
    assert view(page)["zoom"] == 1.5
    expect(zoom).to_contain_text("×1.5")
    expect(window).to_be_hidden()
    expect(ends).to_have_text(["max", "0"])
    assert (view(page)["low"], view(page)["high"]) == (0, 255)
    pressed(page, "Digit3", "Digit9", "Enter")
    painted(page, reads()[2])
    kept = [Answer.objects.get(read=read) for read in (first, second)]
    assert [(one.window_low, one.window_high) for one in kept] == [
        (10, 205),
        (None, None),
    ]


def test_no_read_is_painted_in_the_window_of_the_one_before(make_room, reads):
    """Not even for the moment until its form is there."""
    page = make_room()
    page.evaluate(
        """() => {
          window.seen = [];
          const note = () => window.seen.push([room.dataset.painted, view.high]);
          new MutationObserver(note).observe(room, {
            attributeFilter: ["data-painted"],
          });
        }"""
    )
    pressed(page, "ArrowDown", "Digit3", "Digit9", "Enter")
    second = reads()[1]
    painted(page, second)
    seen = page.evaluate("() => window.seen")
    assert {high for token, high in seen if token == second.token} == {255}


def test_a_protocol_without_window_offers_none(make_room, reads):
    page = make_room(window_adjustable=False)
    expect(page.locator("#window-low")).to_have_count(0)
    before = canvas(page, 0)
    pressed(page, "ArrowDown", "ArrowRight", "KeyX")
    box = page.locator(".slice").first.bounding_box()
    drag(page, box, (0.5, 0.5), (0.3, 0.3), button="right")
    assert view(page) == {"zoom": 1, "x": 0, "y": 0, "low": 0, "high": 255}
    assert (canvas(page, 0) == before).all()
    pressed(page, "Equal", "Digit3", "Digit9", "Enter")
    painted(page, reads()[1])
    assert Answer.objects.get(read=reads()[0]).window_low is None


def drag(
    page: Page,
    box: dict[str, float],
    start: tuple[float, float],
    end: tuple[float, float],
    **how: object,
) -> None:
    places = [
        (box["x"] + x * box["width"], box["y"] + y * box["height"])
        for x, y in (start, end)
    ]
    page.mouse.move(*places[0])
    page.mouse.down(**how)
    page.mouse.move(*places[1], steps=4)
    page.mouse.up(**how)


def test_the_mouse_zooms_moves_and_windows_all_slices(make_room, cast, reads):
    page = make_room()
    box = page.locator(".slice").nth(1).bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.75)
    page.mouse.wheel(0, -200)
    page.mouse.wheel(0, -200)
    seen = view(page)
    assert seen["zoom"] == pytest.approx(2)
    # what the pointer is on stays under it
    assert seen["x"] + 0.25 * 32 == pytest.approx(0.25 * 64, abs=0.1)
    assert seen["y"] + 0.75 * 32 == pytest.approx(0.75 * 64, abs=0.1)
    drag(page, box, (0.5, 0.5), (0.25, 0.75))
    assert view(page)["x"] == pytest.approx(seen["x"] + 8, abs=0.2)
    assert view(page)["y"] == pytest.approx(seen["y"] - 8, abs=0.2)
    drag(page, box, (0.5, 0.5), (0.5, 0.4), button="right")  # up: brighter
    brighter = view(page)
    assert brighter["low"] == 0
    drag(page, box, (0.5, 0.5), (0.3, 0.5), button="right")  # to the left: narrower
    narrower = view(page)
    assert narrower["high"] - narrower["low"] == pytest.approx(204, abs=2)
    assert_drawn(page, pixels_of(reads()[0], cast.reader))
    page.mouse.wheel(0, 5000)
    page.mouse.wheel(0, 5000)
    page.mouse.wheel(0, 5000)
    assert view(page)["zoom"] == 1
    expect(page.locator("#zoom-reset")).to_be_hidden()


def test_a_click_centres_and_a_double_click_shows_the_whole_again(make_room):
    page = make_room()
    slice_ = page.locator(".slice").first
    box = slice_.bounding_box()
    quarter = {"x": box["width"] / 4, "y": box["height"] / 4}
    slice_.click(position=quarter)
    assert view(page)["zoom"] == 1
    pressed(page, "Equal", "Equal", "Equal", "Equal", "Equal")
    assert view(page)["zoom"] == 4
    slice_.click(position=quarter)
    assert view(page)["x"] == pytest.approx(24 - 4, abs=0.2)
    slice_.dblclick()
    assert view(page) == {"zoom": 1, "x": 0, "y": 0, "low": 0, "high": 255}


def test_buttons_and_sliders_do_what_keys_do(make_room, reads):
    page = make_room()
    page.locator("#zoom-in").click()
    page.locator("#zoom-in").click()
    page.locator("#zoom-out").click()
    assert view(page)["zoom"] == 1.5
    page.locator("#zoom-reset").click()
    assert view(page)["zoom"] == 1
    high = page.get_by_label("upper limit")
    expect(high).to_have_attribute("aria-valuetext", "100 %")
    high.focus()
    pressed(page, "ArrowLeft", "ArrowLeft", "ArrowDown")  # the slider's own keys
    assert view(page)["high"] == 252
    page.get_by_label("lower limit").fill("255")  # gives way to the upper one
    assert view(page)["low"] == 242
    expect(page.get_by_label("lower limit")).to_have_value("242")
    page.locator("#window-reset").click()
    assert (view(page)["low"], view(page)["high"]) == (0, 255)
    pressed(page, "ArrowDown", "KeyX", "Digit3", "Digit9", "Enter")
    painted(page, reads()[1])
    assert Answer.objects.get(read=reads()[0]).window_high is None


def test_two_fingers_zoom_and_one_moves(make_room):
    page = make_room(viewport=(820, 1180))
    box = page.locator(".slice").first.bounding_box()
    chromium = page.context.new_cdp_session(page)

    def touch(kind: str, *places: tuple[float, float]) -> None:
        points = [
            {
                "x": box["x"] + x * box["width"],
                "y": box["y"] + y * box["height"],
                "id": number,
            }
            for number, (x, y) in enumerate(places)
        ]
        sent = {"type": f"touch{kind}", "touchPoints": points}
        chromium.send("Input.dispatchTouchEvent", sent)

    touch("Start", (0.4, 0.5), (0.6, 0.5))
    for apart in (0.15, 0.2, 0.25, 0.3):
        touch("Move", (0.5 - apart, 0.5), (0.5 + apart, 0.5))
    touch("End")
    seen = view(page)
    assert seen["zoom"] == pytest.approx(3, abs=0.05)
    assert seen["x"] == pytest.approx(32 - 32 / 3, abs=0.5)
    touch("Start", (0.5, 0.5))
    touch("Move", (0.6, 0.5))
    touch("Move", (0.8, 0.5))
    touch("End")
    assert view(page)["x"] == pytest.approx(seen["x"] - 0.3 * 64 / 3, abs=0.5)
    assert page.evaluate("() => window.scrollY") == 0


def test_drawing_three_slices_takes_no_time_that_one_would_notice(make_room):
    """Measured 2 ms at 400 pixels; a slow machine may take ten times as long."""
    page = make_room()
    fastest = page.evaluate(
        """() => Math.min(...Array.from({ length: 20 }, () => {
          const begun = performance.now();
          paint();
          return performance.now() - begun;
        }))"""
    )
    assert fastest < 25


def test_who_is_asked_about_an_image_may_zoom_it_as_well(
    cast: Cast, page_of: Callable[..., Page], live_server: object
):
    study = make_study(
        cast.cohort,
        slug="by-hand",
        coordinator=cast.coordinator,
        readers=[cast.reader],
        guesses="after-grade",
        guess_percent=100,
        window_adjustable=True,
    )
    grade_one(study, cast.reader)
    page = page_of(cast.reader)
    page.goto(f"{live_server}/read/{study.slug}/guess/")
    page.wait_for_selector("#room[data-painted]")
    pressed(page, "Equal", "ArrowDown")
    assert view(page) | {"zoom": 1.5, "high": 255} == view(page)
    expect(page.locator("#zoom-reset")).to_contain_text("×1.5")
