"""The screen of the room in Chromium: large equal slices, one black, no movement."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from readerstudy.imaging.lut import load_lut
from readerstudy.reading import services
from readerstudy.reading.models import Study
from tests.cast import Cast, reader_membership
from tests.factory import make_study

from .by_hand import painted, pressed, room_of, until

__all__ = ["room_of"]

pytestmark = [
    pytest.mark.browser,
    # the group of coordinators, made by a migration, comes back after each flush
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]

TOUCH = {"has_touch": True, "is_mobile": True}
# width and height in CSS pixels, whether touched, the images' least share of the area
SCREENS = [
    (1280, 720, {}, 0.5),
    (1280, 600, {}, 0.45),  # a browser's window on such a screen
    (1366, 768, {}, 0.5),
    (1920, 1080, {}, 0.5),
    (2560, 1440, {}, 0.5),
    (3840, 2160, {}, 0.5),
    (768, 1024, TOUCH, 0.45),
    (820, 1180, TOUCH, 0.45),
    (1180, 820, TOUCH, 0.4),
]
SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries())
    window.shifts.push([entry.value, entry.sources.map(({ node }) => node?.outerHTML)]);
}).observe({ type: "layout-shift", buffered: true });
"""
PLACES = """() => [...document.querySelectorAll(".slice, .bar, label, .act button")]
  .map((one) => one.getBoundingClientRect()).map(({ x, y, width }) => [x, y, width])"""


@pytest.fixture
def study(cast: Cast) -> Study:
    """With everything on the screen that a protocol may put there."""
    return make_study(
        cast.cohort,
        slug="by-hand",
        coordinator=cast.coordinator,
        readers=[cast.reader],
        answer_changes="session",
        window_adjustable=True,
    )


@pytest.fixture
def page_of(page_of: Callable[..., Page]) -> Callable[..., Page]:
    """Pages that note whatever moves on them."""

    def open_page(*args: object, **options: object) -> Page:
        page = page_of(*args, **options)
        page.add_init_script(SHIFTS)
        return page

    return open_page


@pytest.mark.parametrize("locale", ["en", "ja-JP"])
@pytest.mark.parametrize(("width", "height", "touch", "share"), SCREENS)
def test_three_equal_slices_fill_the_screen_and_nothing_is_off_it(
    room_of: Callable[..., Page],
    width: int,
    height: int,
    touch: dict[str, bool],
    share: float,
    locale: str,
) -> None:
    page = room_of(viewport={"width": width, "height": height}, locale=locale, **touch)
    boxes = [box.bounding_box() for box in page.locator(".slice").all()]
    assert len({(round(b["width"]), round(b["height"])) for b in boxes}) == 1
    assert boxes[0]["width"] == pytest.approx(boxes[0]["height"], abs=1)
    assert sum(b["width"] * b["height"] for b in boxes) >= share * width * height
    for selector in (".slice", ".bar", "#answer button", "fieldset", "#place", "a"):
        for box in page.locator(selector).all():
            found = box.bounding_box()
            if found is None:  # in a dialog that is closed
                continue
            assert found["x"] >= 0
            assert found["y"] >= 0
            assert found["x"] + found["width"] <= width
            assert found["y"] + found["height"] <= height
    size = (
        "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    )
    assert page.evaluate(size) == [width, height]


@pytest.mark.parametrize(("width", "height", "touch", "share"), SCREENS)
def test_whatever_is_pressed_is_large_enough_to_be_hit(
    room_of: Callable[..., Page],
    width: int,
    height: int,
    touch: dict[str, bool],
    share: float,
) -> None:
    page = room_of(viewport={"width": width, "height": height}, **touch)
    least = 43.5 if touch else 24
    for one in page.locator("fieldset label, .act button, .act a").all():
        box = one.bounding_box()
        assert box["height"] >= (
            24 if one.evaluate("e => e.localName") == "a" else least
        )


def test_nothing_moves_over_several_reads_and_messages(
    room_of: Callable[..., Page], study: Study, cast: Cast, expected_errors: list[str]
) -> None:
    expected_errors.append("502 (Bad Gateway)")
    page = room_of()
    before = page.evaluate(PLACES)
    pressed(page, "Digit1", "Digit7")
    pressed(page, "Enter")
    painted(page, 2)
    pressed(page, "KeyB", "Digit2", "Digit8")  # not assessable on the right: artefact
    expect(page.locator(".why.offered")).to_have_text("artefact")
    assert page.evaluate(PLACES) == before
    pressed(page, "Space")
    painted(page, 3)
    services.read_reopen(
        study=study,
        reader=reader_membership(study, cast.reader).code,
        session=1,
        number=1,
        reason="Please look again.",
        by=cast.coordinator,
    )
    page.route("**/submit/", lambda route: route.fulfill(status=502, body="gone"))
    pressed(page, "Digit3", "Digit9", "Enter")
    expect(page.locator("#kept")).to_be_visible()
    assert page.evaluate(PLACES) == before
    page.unroute("**/submit/")
    expect(page.locator("#again")).to_be_visible()
    pressed(page, "KeyM")
    page.keyboard.type("A comment.")
    pressed(page, "Enter", "KeyH", "Escape")
    assert page.evaluate(PLACES) == before
    assert page.evaluate("window.shifts") == []


def test_the_layout_shift_that_is_measured_is_measured(
    room_of: Callable[..., Page],
) -> None:
    page = room_of()
    page.evaluate("document.querySelector('.desk').style.height = '9rem'")
    until(page, "window.shifts.length > 0")


def test_long_messages_do_not_cover_or_move_the_images(
    room_of: Callable[..., Page],
) -> None:
    page = room_of(viewport={"width": 1280, "height": 720})
    before = page.evaluate(PLACES)
    for note in page.locator(".note").all():
        note.evaluate(
            "e => { e.hidden = false; e.append('A long message. '.repeat(20)) }"
        )
    assert page.evaluate(PLACES) == before
    lowest = max(
        box.bounding_box()["y"] + box.bounding_box()["height"]
        for box in page.locator(".slice").all()
    )
    assert page.locator(".notes").bounding_box()["y"] >= lowest


def screenshot(page: Page) -> np.ndarray:
    """(rows, columns, 3)"""
    return np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))


def test_the_page_is_as_dark_as_the_zero_of_the_images(
    room_of: Callable[..., Page],
) -> None:
    page = room_of(viewport={"width": 1280, "height": 720})
    zero = load_lut()[0]
    box = page.locator(".slice").first.bounding_box()
    x, y = round(box["x"]), round(box["y"])
    found = screenshot(page)
    # a corner of a slice, and the page around it
    assert (found[y - 8 : y + 8, x - 8 : x + 8] == zero).all()
    assert (found[:4] == zero).all()
    assert (found[-4:] == zero).all()


def test_the_first_paint_is_dark_before_any_script_runs(
    new_context: Callable[..., object],
    room_of: Callable[..., Page],
    study: Study,
    live_server: object,
) -> None:
    page = room_of(viewport={"width": 1280, "height": 720})
    page.context.route("**/static/js/**", lambda route: None)  # they never come
    page.goto(page.url, wait_until="commit")
    page.wait_for_selector("#submit")
    found = screenshot(page)
    assert (found[:4] == load_lut()[0]).all()
    assert np.median(found.max(axis=-1)) <= load_lut()[0].max()


def test_no_frame_between_two_reads_is_bright_or_empty(
    room_of: Callable[..., Page],
) -> None:
    """What the slices hold at every frame while three reads are answered."""
    page = room_of()
    page.evaluate(
        """() => {
          window.empty = [];
          const canvas = document.querySelector(".slice canvas");
          const look = () => {
            const [width, at] = [canvas.width, Math.floor(canvas.width / 2)];
            const { data } = canvas.getContext("2d").getImageData(0, at, width, 1);
            const root = getComputedStyle(document.documentElement).backgroundColor;
            const isDrawn = data.some((value, index) => index % 4 < 3 && value > 40);
            if (!isDrawn || root !== "rgb(1, 3, 2)") window.empty.push([isDrawn, root]);
            requestAnimationFrame(look);
          };
          look();
        }"""
    )
    for position in (2, 3, 4):
        pressed(page, "Digit2", "Digit8", "Enter")
        painted(page, position)
    assert page.evaluate("window.empty") == []
