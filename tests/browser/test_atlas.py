"""Examples of the grades in Chromium: one key away, drawn as the study's images are."""

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from readerstudy.imaging.lut import load_lut
from readerstudy.reading.atlas import atlas_pixels
from readerstudy.reading.models import Read, Score, Study
from readerstudy.reading.services import attempt_start
from tests.cast import Cast, reader_membership
from tests.factory import TRAINING, make_study

from .by_hand import canvas, make_room
from .test_adjusting import reference

__all__ = ["make_room"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]

EXAMPLES = 7
WHOLE = {"zoom": 1, "x": 0, "y": 0, "low": 0, "high": 255}


@pytest.fixture
def room(make_room: Callable[..., Page]) -> Page:
    return make_room()


def first_read() -> Read:
    study = Study.objects.get(slug="by-hand")
    return Read.objects.filter(reader__study=study).order_by("position").first()


def opened(page: Page) -> None:
    page.keyboard.press("KeyG")
    page.wait_for_selector("#atlas[data-painted]")
    expect(page.locator("#atlas")).to_be_visible()


def assert_drawn(page: Page) -> None:
    pixels = np.frombuffer(
        atlas_pixels("striatum-grade-1-4", window="image-max"), np.uint8
    ).reshape(3 * EXAMPLES, 64, 64)
    for index in (0, 4, 3 * EXAMPLES - 1):
        found = canvas(page, index, within="#atlas")
        height, width = found.shape[:2]
        assert width == height >= 100
        exact = reference(pixels[index], width, WHOLE)
        near = [np.rint(exact + shift).clip(0, 255) for shift in (-1e-6, 1e-6)]
        drawn = [load_lut()[one.astype(int)] == found for one in near]
        assert (drawn[0] | drawn[1]).all()


def test_examples_are_one_key_away_and_drawn_as_the_study_draws(room: Page) -> None:
    asked: list[str] = []
    room.on("request", lambda request: asked.append(request.url))
    room.keyboard.press("Equal")  # what a reader adjusts is not the examples'
    room.keyboard.press("ArrowDown")
    opened(room)
    assert_drawn(room)
    room.keyboard.press("KeyG")
    expect(room.locator("#atlas")).to_be_hidden()
    opened(room)
    room.keyboard.press("Escape")
    expect(room.locator("#atlas")).to_be_hidden()
    fetched = [url for url in asked if "/atlas/" in url]
    assert len(fetched) == 1  # when they were first wanted, and never again
    assert room.evaluate("() => view.zoom") == 1.5


def test_a_grade_is_not_given_by_who_looks_at_examples(room: Page) -> None:
    opened(room)
    for key in ("Digit3", "Digit9", "Enter"):
        room.keyboard.press(key)
    # Enter closed them: the button has the focus
    expect(room.locator("#atlas")).to_be_hidden()
    expect(room.locator("#answer :checked")).to_have_count(0)
    assert not Score.objects.filter(answer__read=first_read()).exists()


def test_focus_goes_back_to_where_it_was(room: Page) -> None:
    button = room.locator("#show-atlas")
    button.focus()
    room.keyboard.press("Enter")
    expect(room.locator("#atlas")).to_be_visible()
    room.locator("#atlas [data-closes]").click()
    expect(room.locator("#atlas")).to_be_hidden()
    expect(button).to_be_focused()
    button.click()
    expect(room.locator("#atlas")).to_be_visible()
    room.mouse.click(4, 4)  # beside them
    expect(room.locator("#atlas")).to_be_hidden()


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (820, 1180), (1920, 1080)])
def test_examples_fit_the_screen_and_scroll_inside(
    make_room: Callable[..., Page], width: int, height: int
) -> None:
    page = make_room(viewport=(width, height))
    opened(page)
    box = page.locator("#atlas").bounding_box()
    assert box["x"] >= 0
    assert box["y"] >= 0
    assert box["x"] + box["width"] <= width
    assert box["y"] + box["height"] <= height
    sizes = {round(c.bounding_box()["width"]) for c in page.locator(".specimen").all()}
    assert max(sizes) - min(sizes) <= 1
    assert min(sizes) >= 180
    across = "e => [e.scrollWidth - e.clientWidth, e.scrollHeight > e.clientHeight]"
    assert page.locator("#atlas").evaluate(across) == [0, True]
    last = page.locator("#atlas figure").last
    last.scroll_into_view_if_needed()
    expect(page.locator("#atlas [data-closes]")).to_be_in_viewport()
    expect(last.locator("figcaption p")).to_contain_text(
        ["3 putamen mildly reduced", "1 putamen and caudate severely reduced"]
    )


def test_right_and_left_are_where_they_are_in_the_room(room: Page) -> None:
    opened(room)
    for number in range(EXAMPLES):
        example = room.locator("#atlas figure").nth(number)
        right, left = example.locator("figcaption p").all()
        expect(right).to_contain_text("Patient's right")
        expect(left).to_contain_text("Patient's left")
        assert right.bounding_box()["x"] < left.bounding_box()["x"]
        image = example.locator(".specimen").first
        marks = [image.locator(f".mark.{name}") for name in ("right", "left")]
        assert marks[0].bounding_box()["x"] < marks[1].bounding_box()["x"]


def test_who_is_in_training_can_look_as_well(
    cast: Cast, page_of: Callable[..., Page], live_server: object
) -> None:
    study = make_study(
        cast.cohort,
        slug="with-training",
        coordinator=cast.coordinator,
        readers=[cast.reader],
        training=TRAINING,
        window_adjustable=True,
    )
    attempt_start(reader=reader_membership(study, cast.reader))
    page = page_of(cast.reader)
    page.goto(f"{live_server}/read/{study.slug}/training/")
    page.wait_for_selector("#room[data-painted]")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#window-reset")).to_be_visible()
    opened(page)
    assert_drawn(page)


def test_the_examples_have_a_page_of_their_own(
    cast: Cast, page_of: Callable[..., Page], live_server: object
) -> None:
    page = page_of(cast.reader)
    page.goto(f"{live_server}/read/{cast.study.slug}/atlas/")
    page.wait_for_selector("#atlas[data-painted]")
    assert_drawn(page)


def test_lost_examples_are_said_and_asked_for_again(
    room: Page, expected_errors: list[str]
) -> None:
    expected_errors.append("502 (Bad Gateway)")
    room.route("**/atlas/pixels/", lambda route: route.fulfill(status=502))
    room.keyboard.press("KeyG")
    expect(room.locator("#atlas [role=alert]")).to_contain_text("cannot be fetched now")
    room.unroute("**/atlas/pixels/")
    room.keyboard.press("KeyG")
    expect(room.locator("#atlas")).to_be_hidden()
    opened(room)
    expect(room.locator("#atlas [role=alert]")).to_be_hidden()
