"""Viewing conditions in Chromium: eight digits and Enter, and a pattern to be seen."""

from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from readerstudy.reading.models import Study, ViewingCheck
from tests.cast import Cast
from tests.factory import make_study

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]


@pytest.fixture
def asking(cast: Cast) -> Study:
    return make_study(
        cast.cohort,
        slug="asking",
        coordinator=cast.coordinator,
        readers=[cast.reader],
        asks_conditions=True,
    )


@pytest.fixture
def page(
    asking: Study, cast: Cast, page_of: Callable[..., Page], live_server: object
) -> Page:
    """The reader who wants to begin."""
    page = page_of(cast.reader)
    page.goto(f"{live_server}/read/{asking.slug}/")
    page.wait_for_url("**/conditions/")
    return page


def current() -> ViewingCheck:
    return ViewingCheck.objects.get(passed=None)


def typed(page: Page, text: str) -> None:
    for key in text:
        page.keyboard.press(f"Digit{key}")


def test_a_practised_reader_types_eight_digits_and_enter(
    page: Page, asking: Study
) -> None:
    check = current()
    expect(page.locator("[name=display]").first).to_be_focused()
    typed(page, f"12{check.dark_number}{check.bright_number}")
    expect(page.locator("button")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_selector("#room[data-painted]")
    check.refresh_from_db()
    assert check.passed
    assert (check.display, check.room_light) == ("medical", "dim")
    assert check.screen == "1280x800"
    assert check.session.device == check.device != ""


def test_arrows_and_tab_do_as_well(page: Page) -> None:
    check = current()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type(check.dark_number)
    page.keyboard.type(check.bright_number)
    page.locator("[name=bright_number]").press("Enter")
    page.wait_for_selector("#room[data-painted]")
    check.refresh_from_db()
    assert (check.display, check.room_light) == ("office", "dark")


def test_who_begins_before_the_script_has_come_stays_where_they_are(
    page: Page,
) -> None:
    check = current()
    held: list[Route] = []
    page.route("**/js/conditions*.js", lambda route: held.append(route))
    with page.expect_request("**/js/conditions*.js"):
        page.reload(wait_until="commit")
    first, *others = check.dark_number
    page.locator("[name=dark_number]").click()
    typed(page, first)
    held[0].continue_()
    expect(page.locator("[name=screen]")).to_have_value("1280x800")  # it is there
    typed(page, "".join(others))
    expect(page.locator("[name=dark_number]")).to_have_value(check.dark_number)
    expect(page.locator("[name=bright_number]")).to_be_focused()
    expect(page.locator("[name=display]:checked")).to_have_count(0)


def test_who_does_not_see_it_is_helped_and_sees_another_pattern(page: Page) -> None:
    first = current()
    typed(page, f"31{first.dark_number}")
    with page.expect_response("**/pattern/"):  # fetched anew, not kept
        page.keyboard.press("Enter")
    expect(page.locator("#again")).to_contain_text("dim the room")
    expect(page.locator("#again")).to_contain_text("tell the coordinator")
    # what was told stays; only the numbers are asked for
    expect(page.locator("[name=display][value=laptop]")).to_be_checked()
    expect(page.locator("[name=dark_number]")).to_be_focused()
    second = current()
    assert second.dark_number != first.dark_number
    typed(page, second.dark_number + second.bright_number)
    page.keyboard.press("Enter")
    page.wait_for_selector("#room[data-painted]")


def test_the_pattern_is_faint_to_the_pixel_and_its_white_small(page: Page) -> None:
    page.locator("h1").hover()
    shot = page.locator(".pattern img").screenshot()
    image = np.asarray(Image.open(BytesIO(shot)).convert("L"))[2:-2, 2:-2]
    dark, bright = image[:, 10:150], image[:, 170:310]
    assert (dark.min(), dark.max()) == (0, 13)
    assert (bright.min(), bright.max()) == (242, 255)
    whole = Image.open(BytesIO(page.screenshot())).convert("L")
    white = np.asarray(whole) > 235
    assert white.mean() < 0.02


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080), (820, 1180)])
def test_nothing_has_to_be_scrolled_for(
    asking: Study,
    cast: Cast,
    page_of: Callable[..., Page],
    live_server: object,
    size: tuple[int, int],
) -> None:
    width, height = size
    page = page_of(cast.reader, viewport={"width": width, "height": height})
    page.goto(f"{live_server}/read/{asking.slug}/conditions/")
    for selector in ("h1", "fieldset", ".pattern img", "button"):
        for box in page.locator(selector).all():
            found = box.bounding_box()
            assert found["x"] >= 0
            assert found["y"] >= 0
            assert found["x"] + found["width"] <= width
            assert found["y"] + found["height"] <= height


def test_the_form_works_without_javascript(
    asking: Study, cast: Cast, page_of: Callable[..., Page], live_server: object
) -> None:
    page = page_of(cast.reader, java_script_enabled=False)
    page.goto(f"{live_server}/read/{asking.slug}/conditions/")
    check = current()
    page.get_by_label("office display").check()
    page.get_by_label("dimmed").check()
    page.get_by_label("on black").fill(check.dark_number)
    page.get_by_label("on white").fill(check.bright_number)
    page.get_by_role("button").click()
    page.wait_for_url(f"**/read/{asking.slug}/")
    check.refresh_from_db()
    assert check.passed
    assert (check.screen, check.device) == ("", "")
