"""Japanese pages in Chromium: nothing is cut off or pushed off a small screen."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.cast import Cast

pytestmark = [
    pytest.mark.browser,
    # the group of coordinators, made by a migration, comes back after each flush
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]

JAPANESE = {"locale": "ja-JP", "viewport": {"width": 1280, "height": 720}}
# Texts of elements whose content is wider or taller than they are, and the page
# itself where it is wider than the window.
OVERFLOWING = """() => {
  const cut = (element) =>
    element.scrollWidth > element.clientWidth + 1 ||
    element.scrollHeight > element.clientHeight + 1;
  const texts = "label, button, legend, h1, h2, a.button";
  const found = [...document.querySelectorAll(texts)]
    .filter((element) => !element.classList.contains("unseen") && cut(element))
    .map((element) => element.textContent.trim());
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) found.push("the page is too wide");
  return found;
}"""


def test_the_reading_room_fits_a_small_screen(
    cast: Cast, page_of: Callable[..., Page], live_server
) -> None:
    page = page_of(cast.reader, **JAPANESE)
    page.goto(f"{live_server}/read/{cast.study.slug}/")
    page.wait_for_selector("#room[data-painted]")
    expect(page.locator("legend").first).to_contain_text("患者右側")
    assert page.evaluate(OVERFLOWING) == []
    # all of it is seen at once, and each answer's words stand on one line
    heights = page.locator("#room").evaluate("room => [room.scrollHeight, innerHeight]")
    assert heights[0] <= heights[1]
    for words in page.locator("fieldset label > span").all():
        box = words.bounding_box()
        assert box is not None
        assert box["height"] < 30, words.inner_text()
        assert box["x"] + box["width"] <= 1280


def test_the_coordinators_pages_are_no_wider_than_a_small_screen(
    cast: Cast, page_of: Callable[..., Page], live_server
) -> None:
    page = page_of(cast.coordinator, **JAPANESE)
    cohort = f"/cohorts/{cast.cohort.pk}/"
    for path in (
        "/studies/",
        f"/studies/{cast.study.slug}/",
        f"/studies/new/?cohort={cast.cohort.pk}",
        "/cohorts/upload/",
        cohort,
        f"{cohort}jobs/",
        "/networks/",
    ):
        page.goto(f"{live_server}{path}")
        assert page.evaluate(OVERFLOWING) == [], path


def test_the_other_language_is_offered_under_its_own_name(
    cast: Cast, page_of: Callable[..., Page]
) -> None:
    page = page_of(cast.reader, **JAPANESE)
    page.get_by_role("button", name="English").click()
    expect(page.locator("h1")).to_have_text("My reading")
    page.get_by_role("button", name="日本語").click()
    expect(page.locator("h1")).to_have_text("担当の読影")
