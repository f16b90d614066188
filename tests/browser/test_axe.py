"""Every page of every role is accessible: axe-core finds nothing against WCAG 2.2 AA.

Each page is looked at twice: in English and light, in Japanese and dark.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.by_hand import until
from tests.browser.conftest import let_in
from tests.cast import Cast
from tests.pages import NO_PAGES, Shown, make_pages, settle
from tests.test_leaks import is_for_programs, routes

AXE = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """tags => axe.run(document, {runOnly: tags, resultTypes: ["violations"]}).then(
  (found) => found.violations.flatMap((rule) => rule.nodes.map((node) =>
    `${rule.id}: ${node.target.join(" ")} ${node.failureSummary.split("\\n")[1]}`)))"""
LOOKS = {
    "English, light": {"locale": "en-GB", "color_scheme": "light"},
    "Japanese, dark": {"locale": "ja-JP", "color_scheme": "dark"},
}

pytestmark = [
    pytest.mark.browser,
    # the group of coordinators, made by a migration, comes back after each flush
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]


def violations(page: Page) -> list[str]:
    return page.evaluate(RUN, TAGS)


@pytest.fixture
def pages(cast: Cast) -> list[Shown]:
    return make_pages(cast)


@pytest.fixture
def looking(new_context: Callable, live_server) -> Callable[..., Page]:
    """A browser that carries axe-core, logged in as somebody."""

    def look(who: object, **options: object) -> Page:
        context = new_context(**options)
        context.add_init_script(path=AXE)
        if who is not None:
            let_in(context, str(live_server), who)
        return context.new_page()

    return look


def test_every_route_is_looked_at_or_is_no_page(pages: list[Shown]) -> None:
    named = {shown.route for shown in pages} - {""}
    pages = {name for name, _ in routes() if not is_for_programs(name)}
    assert pages == named | NO_PAGES
    assert not named & NO_PAGES


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_accessible(
    look: str,
    pages: list[Shown],
    looking: Callable[..., Page],
    live_server,
    expected_errors: list[str],
) -> None:
    expected_errors.append("Failed to load resource")  # 404, 403, 409 pages
    found = []
    for who in dict.fromkeys(shown.who for shown in pages):
        page = looking(who, **LOOKS[look])
        for shown in (shown for shown in pages if shown.who == who):
            response = page.goto(f"{live_server}{shown.path}")
            assert response is not None
            if response.status != shown.status or not page.url.endswith(shown.path):
                found.append(f"{shown.name}: {response.status} at {page.url}")
                continue
            settle(page, shown)
            found += [f"{shown.name}: {told}" for told in violations(page)]
    assert not found, "\n".join(found)


def test_a_statistician_scrolls_the_tables_of_a_report_on_a_phone_by_keyboard(
    pages: list[Shown], looking: Callable[..., Page], live_server
) -> None:
    report = next(shown for shown in pages if shown.name == "report")
    page = looking(report.who, viewport={"width": 390, "height": 800})
    page.goto(f"{live_server}{report.path}")
    for folded in page.locator("main details").all():
        folded.evaluate("one => { one.open = true; }")
    table = page.locator("#agreement .table-scroll").first
    expect(table).to_have_attribute("tabindex", "0")
    expect(table).to_have_attribute("aria-label", re.compile("^Table 2"))
    assert violations(page) == []
    table.focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowRight")
    until(page, "document.querySelector('#agreement .table-scroll').scrollLeft > 0")


def test_what_pages_say_when_something_is_wrong_is_accessible(
    cast: Cast, looking: Callable[..., Page], live_server, expected_errors: list[str]
) -> None:
    expected_errors += ["Failed to load resource"]
    found = []

    def look(page: Page, said: str) -> None:
        expect(page.locator(said).first).to_be_visible()
        page.wait_for_load_state()
        found.extend(f"{said}: {told}" for told in violations(page))

    visitor = looking(None)
    visitor.goto(f"{live_server}/login/")
    visitor.fill("#id_username", "nobody")
    visitor.fill("#id_password", "wrong")
    visitor.click("main button")
    look(visitor, '.notice[role="alert"]')

    coordinator = looking(cast.coordinator)
    coordinator.goto(f"{live_server}/studies/new/?cohort={cast.cohort.pk}")
    coordinator.locator("form[novalidate], main form").first.evaluate(
        "form => { form.noValidate = true; form.requestSubmit(); }"
    )
    look(coordinator, ".errorlist")

    reader = looking(cast.reader)
    reader.goto(f"{live_server}/read/{cast.study.slug}/")
    reader.wait_for_selector("#room[data-painted]")
    reader.route("**/submit/", lambda route: route.abort())
    for key in ("4", "7", "Enter"):
        reader.keyboard.press(key)
    look(reader, "#kept")
    reader.unroute("**/submit/")
    expect(reader.locator("#number")).to_have_text("2")
    expect(reader.locator("#kept")).to_be_hidden()  # sent by itself
    for page in (visitor, coordinator, reader):
        page.goto("about:blank")
    assert not found, "\n".join(found)
