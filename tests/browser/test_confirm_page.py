"""Pairs are corrected with the keyboard alone, in place, and without scripts too."""

from dataclasses import replace

import pytest
from playwright.sync_api import Dialog, Route, expect

from readerstudy.cases.models import Upload
from readerstudy.cases.services import uploads
from tests.browser.conftest import let_in
from tests.cases.scans import LONG, SHORT, again, both_scans, head, scanned
from tests.cases.scans import waiting_upload as make_upload
from tests.cast import make_user

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]


@pytest.fixture
def coordinator(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.VAR_DIR = tmp_path / "var"
    return make_user("coordinator", coordinator=True)


@pytest.fixture
def upload(coordinator):
    """Two plain pairs, one uncertain, and two scans of two patients."""
    image = head(5)
    return make_upload(
        coordinator,
        *both_scans(0),
        *both_scans(1),
        (again(LONG, 10, patient="p10", study="s10"), scanned(image, seed=10, scale=5)),
        (again(SHORT, 11, patient="p11", study="s11"), scanned(image, seed=11)),
        (again(LONG, 12, patient="p12"), scanned(head(12), seed=12, scale=5)),
        (again(SHORT, 13, patient="p13"), scanned(head(13), seed=13)),
    )


def codes(upload) -> dict[str, tuple[int, int, bool]]:
    return {
        pair.code: (pair.reference.number, pair.short.number, pair.certain)
        for pair in uploads.upload_plan(upload).pairs
    }


def test_a_pair_is_corrected_in_place_with_the_keyboard_alone(
    coordinator, page_of, live_server, upload
):
    page = page_of(coordinator)
    page.goto(f"{live_server}/cohorts/uploads/{upload.pk}/")
    images = page.locator(".pair img")
    for image in images.all():
        image.scroll_into_view_if_needed()
        expect(image).to_have_js_property("naturalWidth", 384)
        expect(image).to_have_js_property("complete", True)
    page.fill("#id_name", "A name of my own")
    expect(page.locator("#import button")).to_be_disabled()
    page.evaluate("window.sameDocument = true")

    page.focus("#swap-C001")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=status]:has-text('were swapped')")
    assert codes(upload)["C001"] == (1, 0, True)
    expect(page.locator("#swap-C001")).to_be_focused()

    page.focus("#accept-10-11")
    page.keyboard.press("Space")
    page.wait_for_selector("[role=status]:has-text('Accepted')")
    assert codes(upload)["C003"] == (10, 11, True)
    expect(page.locator("#pair-10-11")).to_be_focused()
    expect(page.locator("#import button")).to_be_enabled()

    page.keyboard.press("Tab")
    page.focus("#drop-1-0")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=status]:has-text('was dropped')")
    left = {"C001": (2, 3, True), "C002": (10, 11, True)}
    assert codes(upload) == left, "what is left is numbered without a gap"
    expect(page.locator(".pair:focus")).to_have_class("pair")
    expect(page.locator("#id_name")).to_have_value("A name of my own")
    assert page.evaluate("window.sameDocument"), "the page was never left"


def test_a_pair_is_corrected_in_place_as_soon_as_it_is_there(
    coordinator, page_of, live_server, upload
):
    page = page_of(coordinator)
    page.goto(f"{live_server}/cohorts/uploads/{upload.pk}/")
    page.evaluate("""() => {
      window.sameDocument = true;
      new MutationObserver((_, changes) => {
        changes.disconnect();
        document.getElementById("accept-10-11").click();
      }).observe(document.getElementById("main"), { childList: true });
    }""")
    page.click("#swap-C001")
    expect(page.locator("[role=status]")).to_contain_text("Accepted")
    assert page.evaluate("window.sameDocument"), "the page was never left"
    assert codes(upload)["C001"] == (1, 0, True)
    assert codes(upload)["C003"] == (10, 11, True)


def test_nothing_is_discarded_unasked_while_scripts_are_on_their_way(
    coordinator, page_of, live_server, upload
):
    page = page_of(coordinator)
    held: list[Route] = []
    asked: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    page.route("**/*.js", lambda route: held.append(route))
    with page.expect_request("**/confirm*.js"):
        page.goto(f"{live_server}/cohorts/uploads/{upload.pk}/", wait_until="commit")
    page.wait_for_timeout(500)
    discard = page.get_by_role("button", name="Discard the files")
    expect(discard).to_have_count(0)
    (asks,) = (script for script in held if "confirm" in script.request.url)
    asks.continue_()
    discard.click()
    assert asked == ["Discard these files?"]
    assert Upload.objects.exists()


def test_two_scans_are_paired_by_hand_without_scripts(
    new_context, live_server, coordinator, upload
):
    context = new_context(java_script_enabled=False)
    let_in(context, str(live_server), coordinator)
    page = context.new_page()
    page.goto(f"{live_server}/cohorts/uploads/{upload.pk}/")
    page.check("input[name=reference][value='12']")
    page.check("input[name=short][value='13']")
    page.click("#make-pair")
    expect(page.locator("main")).to_contain_text("were paired")
    assert codes(upload)["C004"] == (12, 13, True)
    page.click("#accept-10-11")
    page.click("#import button")
    page.wait_for_url("**/cohorts/*/")
    expect(page.locator("h1")).to_have_text("Waiting")
    assert Upload.objects.get().cohort.cases.count() == 4
    page.wait_for_load_state("networkidle")  # its pictures, too


def test_what_another_window_has_changed_is_said_not_done(
    coordinator, page_of, live_server, upload
):
    page = page_of(coordinator)
    page.goto(f"{live_server}/cohorts/uploads/{upload.pk}/")
    other = page.context.new_page()
    other.goto(f"{live_server}/cohorts/uploads/{upload.pk}/")
    other.click("#drop-0-1")
    other.wait_for_selector("[role=status]")
    page.click("#swap-C001")
    page.wait_for_selector("[role=alert]:has-text('have changed')")
    expect(page.locator("#drop-0-1")).to_have_count(0)
    assert codes(upload)["C001"] == (2, 3, True), "nothing is done to another pair"


def test_the_page_is_read_on_a_narrow_screen_without_scrolling_sideways(
    coordinator, page_of, live_server
):
    (long, image), short = both_scans(0)
    long = replace(long, files=("export/" + "very-long-name-" * 12,))
    upload = make_upload(coordinator, (long, image), short)
    page = page_of(coordinator, viewport={"width": 390, "height": 800})
    page.goto(f"{live_server}/cohorts/uploads/{upload.pk}/")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
