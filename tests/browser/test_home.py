"""The reader's home in Chromium: dark all the way, and Enter goes on reading."""

import io
from collections.abc import Callable

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from readerstudy.reading.services import read_next, read_submit
from tests.browser.conftest import log_in
from tests.cast import Cast, reader_membership

pytestmark = [
    pytest.mark.browser,
    # the group of coordinators, made by a migration, comes back after each flush
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]

LIGHT = {"color_scheme": "light"}  # as most systems are set, in a dark room too
ROOM = (1, 3, 2)  # the colour table's darkest, all around the images
GRADES = {"grade": {"right": 3, "left": 2}}
DIM = 45  # of 255: the brightest that a large area of a reader's page may be


def bright_share(page: Page) -> float:
    """The share of the page's pixels that are brighter than any dark background."""
    grey = Image.open(io.BytesIO(page.screenshot())).convert("L")
    return sum(grey.histogram()[DIM:]) / (grey.width * grey.height)


def corner(page: Page) -> tuple[int, int, int]:
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    return picture.getpixel((3, picture.height - 3))


def test_whoever_reads_in_the_dark_sees_no_bright_page(
    cast: Cast, new_context: Callable, live_server, expected_errors: list[str]
) -> None:
    expected_errors.append("404")
    page = new_context(**LIGHT).new_page()
    page.goto(f"{live_server}/login/")
    assert bright_share(page) < 0.05
    log_in(page, str(live_server), cast.reader.username)
    study = f"/read/{cast.study.slug}"
    for path in ("/read/", f"{study}/", f"{study}/pause/", f"{study}/changes/", "/no/"):
        page.goto(f"{live_server}{path}")
        if page.locator("#room").count():
            page.wait_for_selector("#room[data-painted]")
            page.locator(".stage").evaluate("stage => stage.style.opacity = 0")
        assert bright_share(page) < 0.05, path
        # around everything it is as dark as the room, so nothing steps
        assert corner(page) == ROOM, path


def test_nothing_is_bright_before_the_style_sheets_have_come(
    cast: Cast, new_context: Callable, live_server, expected_errors: list[str]
) -> None:
    page = new_context(**LIGHT).new_page()
    log_in(page, str(live_server), cast.reader.username)
    expected_errors.append("net::ERR_FAILED")
    page.route("**/*.css*", lambda route: route.abort())
    for path in ("/read/", f"/read/{cast.study.slug}/pause/"):
        page.goto(f"{live_server}{path}")
        assert max(corner(page)) < DIM, path


def test_the_coordinators_pages_follow_the_systems_scheme(
    cast: Cast, page_of: Callable[..., Page], live_server
) -> None:
    page = page_of(cast.coordinator, **LIGHT)
    assert min(corner(page)) > 200
    page.emulate_media(color_scheme="dark")
    assert max(corner(page)) < DIM


def test_enter_goes_on_with_what_is_due(
    cast: Cast, page_of: Callable[..., Page], live_server
) -> None:
    page = page_of(cast.reader)
    button = page.get_by_role("link", name="Start session 1")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_selector("#room[data-painted]")
    page.goto(f"{live_server}/read/")
    expect(page.get_by_role("link", name="Continue")).to_be_focused()


def test_enter_pressed_once_too_often_starts_no_session(
    cast: Cast, page_of: Callable[..., Page], live_server
) -> None:
    """At the end of a session the next one wants to be chosen."""
    page = page_of(cast.reader)
    reader = reader_membership(cast.study, cast.reader)
    read = read_next(reader=reader).read
    while read is not None:
        given = {"reader": reader, "answers": GRADES, "key": str(read.position)}
        read = read_submit(token=read.token, **given).due.read
    page.goto(f"{live_server}/read/{cast.study.slug}/pause/")
    expect(page.locator("#go")).to_have_text("Start session 2")
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    expect(page.locator("#go")).to_be_visible()
