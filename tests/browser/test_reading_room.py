"""The reading screen in Chromium: colours, keys, laterality, pauses."""

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page, Request, expect

from readerstudy.cases.models import Rendition
from readerstudy.imaging.lut import load_lut
from readerstudy.reading import selectors, services
from readerstudy.reading.models import Read, Score
from tests.cast import Cast, reader_membership
from tests.factory import make_study

from .by_hand import canvas, next_is_there

pytestmark = [
    pytest.mark.browser,
    # the group of coordinators, made by a migration, comes back after each flush
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]

UNSHOWN = "This image cannot be shown. Tell the coordinator."


def painted(page: Page, read: Read) -> None:
    page.wait_for_selector(f'#room[data-painted="{read.token}"]')


def catmull_rom(slice_: np.ndarray, size: int) -> np.ndarray:
    """Keys' cubic convolution with a = −1/2, borders repeated, (size, size) float.

    R. Keys, 1981, doi:10.1109/TASSP.1981.1163711; written from its formula in the
    distance, unlike the page's code, which has one polynomial for each tap.
    """

    def weights(length: int) -> np.ndarray:
        matrix = np.zeros((size, length))
        for target in range(size):
            centre = (target + 0.5) * length / size - 0.5
            for source in range(int(np.floor(centre)) - 1, int(np.floor(centre)) + 3):
                d = abs(source - centre)
                if d <= 1:
                    weight = 1.5 * d**3 - 2.5 * d**2 + 1
                else:
                    weight = -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2
                matrix[target, min(max(source, 0), length - 1)] += weight
        return matrix

    rows, columns = slice_.shape
    return weights(rows) @ slice_.astype(float) @ weights(columns).T


@pytest.fixture
def room(cast: Cast, page_of: Callable[..., Page], live_server: object) -> Page:
    """The reader before the first read."""
    page = page_of(cast.reader)
    page.goto(f"{live_server}/read/{cast.study.slug}/")
    return page


@pytest.fixture
def reads(cast: Cast) -> list[Read]:
    return list(Read.objects.filter(reader__user=cast.reader).order_by("position"))


def test_every_colour_on_the_screen_is_in_the_table_and_in_its_place(
    room: Page, cast: Cast, reads: list[Read]
) -> None:
    painted(room, reads[0])
    shown = selectors.shown_read(
        slug=cast.study.slug, token=reads[0].token, user=cast.reader
    )
    pixels = np.frombuffer(selectors.read_pixels(shown), np.uint8).reshape(3, 64, 64)
    lut = load_lut()
    for index in range(3):
        found = canvas(room, index)
        assert found.shape[0] == found.shape[1] >= 300
        exact = np.clip(catmull_rom(pixels[index], found.shape[0]), 0, 255)
        # single precision may round a value at one half the other way
        low, high = np.rint(exact - 1e-3), np.rint(exact + 1e-3)
        candidates = np.stack([lut[low.astype(int)], lut[high.astype(int)]])
        assert (candidates == found).all(axis=-1).any(axis=0).all()


def test_where_the_protocol_says_nearest_every_pixel_is_one_square(
    cast: Cast, page_of: Callable[..., Page], live_server: object
) -> None:
    study = make_study(
        cast.cohort,
        slug="nearest",
        coordinator=cast.coordinator,
        readers=[cast.reader],
        interpolation="nearest",
    )
    page = page_of(cast.reader)
    page.goto(f"{live_server}/read/{study.slug}/")
    page.wait_for_selector("#room[data-painted]")
    read = Read.objects.get(reader__study=study, first_shown_at__isnull=False)
    shown = selectors.shown_read(slug=study.slug, token=read.token, user=cast.reader)
    pixels = np.frombuffer(selectors.read_pixels(shown), np.uint8).reshape(3, 64, 64)
    for index in range(3):
        found = canvas(page, index)
        size = found.shape[0]
        at = ((np.arange(size) + 0.5) * 64 / size).astype(int)
        assert (found == load_lut()[pixels[index][np.ix_(at, at)]]).all()


def test_a_session_is_read_with_the_keyboard_alone(
    room: Page, cast: Cast, reads: list[Read]
) -> None:
    session = [read for read in reads if read.session_id == reads[0].session_id]
    for index, read in enumerate(session):
        painted(room, read)
        expect(room.locator("#place")).to_have_text(f"{index + 1} of {len(session)}")
        expect(room.locator("#submit")).to_be_disabled()
        room.keyboard.press("Digit2")
        room.keyboard.press("Digit0")
        room.keyboard.press("Enter")
    room.wait_for_url("**/pause/")
    expect(room.locator("h1")).to_have_text("Session 1 of 2 is finished")
    stored = Score.objects.filter(answer__read__in=session).values_list("side", "value")
    assert set(stored) == {("right", 2), ("left", 4)}
    assert len(stored) == 2 * len(session)
    room.locator("#go").press("Enter")
    painted(room, reads[len(session)])


def test_the_left_half_of_the_screen_is_the_patients_right(
    room: Page, reads: list[Read]
) -> None:
    painted(room, reads[0])
    left, right = room.locator("fieldset").all()
    assert left.bounding_box()["x"] < right.bounding_box()["x"]
    expect(left.locator("legend")).to_contain_text("right (R)")
    expect(right.locator("legend")).to_contain_text("left (L)")
    for name, half in (("right", 0), ("left", 1)):
        mark = room.locator(f".slice .mark.{name}").first.bounding_box()
        box = room.locator(".slice").first.bounding_box()
        assert (mark["x"] > box["x"] + box["width"] / 2) == bool(half)
    left.locator("label").nth(0).click()
    right.locator("label").nth(3).click()
    room.locator("#submit").click()
    painted(room, reads[1])
    stored = dict(
        Score.objects.filter(answer__read=reads[0]).values_list("side", "value")
    )
    assert stored == {"right": 1, "left": 4}


def test_reading_goes_on_where_it_stopped(
    room: Page, reads: list[Read], cast: Cast, page_of: Callable[..., Page]
) -> None:
    painted(room, reads[0])
    for key in ("Digit3", "Digit9", "Enter"):
        room.keyboard.press(key)
    painted(room, reads[1])
    room.close()
    again = page_of(cast.reader)
    again.get_by_role("link", name="Continue").first.click()
    painted(again, reads[1])


def pixels_asked_for(page: Page) -> list[str]:
    """The tokens whose pixels the page asks for, in that order."""
    asked: list[str] = []

    def note(request: Request) -> None:
        if "/pixels/" in request.url:
            asked.append(request.url.rstrip("/").rpartition("/")[2])

    page.on("request", note)
    return asked


def test_the_next_image_is_there_before_its_turn(
    cast: Cast, page_of: Callable[..., Page], live_server: object, reads: list[Read]
) -> None:
    page = page_of(cast.reader)
    asked = pixels_asked_for(page)
    page.goto(f"{live_server}/read/{cast.study.slug}/")
    painted(page, reads[0])
    next_is_there(page)
    page.wait_for_load_state("networkidle")
    assert asked == [reads[0].token, reads[1].token]
    reads[1].refresh_from_db()
    assert reads[1].first_shown_at is None
    # with an answer no pixels need to be asked for: those of the read after the next
    # come with what the server says to it
    page.route("**/pixels/**", lambda route: route.abort())
    for index in (1, 2):
        for key in ("Digit3", "Digit9", "Enter"):
            page.keyboard.press(key)
        painted(page, reads[index])
    next_is_there(page)
    assert asked == [reads[0].token, reads[1].token]
    last = Read.objects.get(pk=reads[3].pk)
    assert last.first_shown_at is None


def test_another_read_than_the_one_fetched_ahead_is_fetched_anew(
    room: Page, cast: Cast, reads: list[Read]
) -> None:
    """The coordinator opens read 1 again while read 2 is before the reader."""
    painted(room, reads[0])
    for key in ("Digit3", "Digit9", "Enter"):
        room.keyboard.press(key)
    painted(room, reads[1])
    services.read_reopen(
        study=cast.study,
        reader=reader_membership(cast.study, cast.reader).code,
        session=1,
        number=1,
        reason="Please look again.",
        by=cast.coordinator,
    )
    for key in ("Digit3", "Digit9", "Enter"):
        room.keyboard.press(key)
    opened = Read.objects.get(pk=reads[0].pk)
    assert opened.token != reads[0].token
    painted(room, opened)
    told = room.locator("#again")
    expect(told).to_contain_text("Read 1 of 8 in session 1, once more")
    expect(told).to_contain_text("The coordinator asks you to.")
    expect(room.locator("#place")).to_have_text("1 of 8")
    expect(room.locator("#answer :checked")).to_have_count(0)
    expect(room.locator("#submit")).to_be_disabled()
    for key in ("Digit4", "Digit0", "Enter"):
        room.keyboard.press(key)
    painted(room, reads[2])
    expect(told).to_be_hidden()
    latest = Score.objects.filter(answer__read=opened, answer__version=2)
    assert set(latest.values_list("side", "value")) == {("right", 4), ("left", 4)}


def test_an_answer_is_kept_while_the_server_cannot_be_reached(
    room: Page, reads: list[Read], expected_errors: list[str]
) -> None:
    expected_errors.append("502 (Bad Gateway)")
    painted(room, reads[0])
    room.route(
        "**/submit/", lambda route: route.fulfill(status=502, body="bad gateway")
    )
    for key in ("Digit3", "Digit9", "Enter"):
        room.keyboard.press(key)
    expect(room.locator("#kept")).to_contain_text("cannot be reached")
    painted(room, reads[1])  # which was there already
    room.unroute("**/submit/")
    expect(room.locator("#kept")).to_be_hidden()
    assert Score.objects.filter(answer__read=reads[0]).count() == 2


def lose_image(read: Read) -> None:
    Rendition.objects.get(case=read.case, method=read.arm.method).delete()


def test_an_image_that_cannot_be_shown_is_said_and_not_asked_for_again(
    cast: Cast,
    page_of: Callable[..., Page],
    live_server: object,
    reads: list[Read],
    expected_errors: list[str],
) -> None:
    expected_errors.append("409 (Conflict)")
    lose_image(reads[0])
    page = page_of(cast.reader)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{live_server}/read/{cast.study.slug}/")
    expect(page.locator("#trouble")).to_have_text(UNSHOWN)
    before = len([url for url in asked if "/pixels/" in url])
    page.wait_for_timeout(2500)  # a lost server is asked again after 1 s
    assert len([url for url in asked if "/pixels/" in url]) == before <= 2
    for key in ("Digit3", "Digit9"):
        page.keyboard.press(key)
    expect(page.locator("#submit")).to_be_disabled()


def test_the_image_before_does_not_stay_for_one_that_cannot_be_shown(
    cast: Cast,
    page_of: Callable[..., Page],
    live_server: object,
    reads: list[Read],
    expected_errors: list[str],
) -> None:
    expected_errors.append("409 (Conflict)")
    lose_image(reads[1])
    room = page_of(cast.reader)
    room.goto(f"{live_server}/read/{cast.study.slug}/")
    painted(room, reads[0])
    expect(room.locator("#trouble")).to_be_hidden()  # its turn has not come yet
    for key in ("Digit3", "Digit9", "Enter"):
        room.keyboard.press(key)
    expect(room.locator("#trouble")).to_have_text(UNSHOWN)
    assert not canvas(room, 0).any()
    expect(room.locator("#submit")).to_be_disabled()
    assert Score.objects.filter(answer__read=reads[0]).count() == 2


def test_a_second_tab_says_that_the_read_is_answered(
    room: Page, reads: list[Read], cast: Cast, expected_errors: list[str]
) -> None:
    expected_errors.append("409 (Conflict)")
    painted(room, reads[0])
    services.read_submit(
        token=reads[0].token,
        reader=reader_membership(cast.study, cast.reader),
        answers={"grade": {"right": 4, "left": 4}},
        key="another tab",
    )
    for key in ("Digit1", "Digit7", "Enter"):
        room.keyboard.press(key)
    expect(room.locator("#trouble")).to_contain_text("already answered")
    assert Score.objects.filter(answer__read=reads[0], answer__version=2).count() == 0
