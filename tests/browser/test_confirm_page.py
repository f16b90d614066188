"""Pairs are corrected with the keyboard alone, in place, and without scripts too."""

from dataclasses import replace

import pytest

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
    for index in range(images.count()):
        images.nth(index).scroll_into_view_if_needed()
        images.nth(index).wait_for()
    loaded = "all => all.every(one => one.complete && one.naturalWidth === 384)"
    page.wait_for_load_state("networkidle")
    assert images.evaluate_all(loaded)
    page.fill("#id_name", "A name of my own")
    assert page.locator("#import button").is_disabled()
    page.evaluate("window.sameDocument = true")

    page.focus("#swap-C001")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=status]:has-text('were swapped')")
    assert codes(upload)["C001"] == (1, 0, True)
    assert page.evaluate("document.activeElement.id") == "swap-C001"

    page.focus("#accept-10-11")
    page.keyboard.press("Space")
    page.wait_for_selector("[role=status]:has-text('Accepted')")
    assert codes(upload)["C003"] == (10, 11, True)
    assert page.evaluate("document.activeElement.id") == "pair-10-11"
    assert page.locator("#import button").is_enabled()

    page.keyboard.press("Tab")
    page.focus("#drop-1-0")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=status]:has-text('was dropped')")
    left = {"C001": (2, 3, True), "C002": (10, 11, True)}
    assert codes(upload) == left, "what is left is numbered without a gap"
    assert page.evaluate("document.activeElement.className") == "pair"
    assert page.input_value("#id_name") == "A name of my own"
    assert page.evaluate("window.sameDocument"), "the page was never left"


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
    assert "were paired" in page.inner_text("main")
    assert codes(upload)["C004"] == (12, 13, True)
    page.click("#accept-10-11")
    page.click("#import button")
    assert page.inner_text("h1") == "Waiting"
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
    assert page.locator("#drop-0-1").count() == 0
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
