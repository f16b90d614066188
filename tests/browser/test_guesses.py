"""Arm guesses in Chromium: the image once more, one question, keys."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from readerstudy.reading.models import ArmGuess, Read, Score, Study
from tests.cast import Cast
from tests.factory import make_study
from tests.test_leaks import grade_one

from .by_hand import canvas, pressed

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]


@pytest.fixture
def guessed(cast: Cast) -> Study:
    return make_study(
        cast.cohort,
        slug="guessed",
        coordinator=cast.coordinator,
        readers=[cast.reader],
        guesses="after-grade",
        guess_percent=100,
    )


@pytest.fixture
def room(
    guessed: Study, cast: Cast, page_of: Callable[..., Page], live_server: object
) -> Page:
    """The reader before the first read."""
    page = page_of(cast.reader)
    page.goto(f"{live_server}/read/{guessed.slug}/")
    page.wait_for_selector("#room[data-painted]")
    return page


def guess(position: int) -> ArmGuess:
    return ArmGuess.objects.get(read__position=position)


def painted(page: Page, token: str) -> None:
    page.wait_for_selector(f'#room[data-painted="{token}"]')


def test_reading_and_guessing_go_on_with_the_keyboard_alone(
    room: Page, guessed: Study
) -> None:
    pressed(room, "Digit3", "Digit9", "Enter")
    painted(room, guess(1).token)
    expect(room.locator("#submit")).to_be_disabled()
    pressed(room, "Digit2")
    expect(room.locator("#submit")).to_be_disabled()
    pressed(room, "Digit9", "Enter")
    painted(room, Read.objects.get(reader__study=guessed, position=2).token)
    stored = guess(1)
    assert (stored.guess, stored.confidence) == ("comparison", 4)
    assert Score.objects.count() == 2


def test_who_cannot_tell_is_not_asked_how_surely(room: Page) -> None:
    pressed(room, "Digit3", "Digit9", "Enter")
    painted(room, guess(1).token)
    pressed(room, "Digit1", "Digit6")
    expect(room.locator("[name=confidence][value='1']")).to_be_checked()
    pressed(room, "Digit3")
    expect(room.locator("[name=confidence]").first).to_be_disabled()
    expect(room.locator("[name=confidence][value='1']")).not_to_be_checked()
    pressed(room, "Digit7")
    expect(room.locator("[name=confidence]:checked")).to_have_count(0)
    pressed(room, "Enter")
    room.wait_for_url("**/read/guessed/")
    assert (guess(1).guess, guess(1).confidence) == ("unknown", None)


def test_the_image_looks_as_it_did_when_it_was_graded(room: Page) -> None:
    before = canvas(room, 1)
    width = room.locator(".slice").first.bounding_box()["width"]
    pressed(room, "Digit3", "Digit9", "Enter")
    painted(room, guess(1).token)
    assert room.locator(".slice").first.bounding_box()["width"] == width
    assert (canvas(room, 1) == before).all()


def test_a_guess_is_kept_while_the_server_cannot_be_reached(
    room: Page, expected_errors: list[str]
) -> None:
    expected_errors.append("502 (Bad Gateway)")
    pressed(room, "Digit3", "Digit9", "Enter")
    painted(room, guess(1).token)
    room.route(
        "**/submit/", lambda route: route.fulfill(status=502, body="bad gateway")
    )
    pressed(room, "Numpad1", "Numpad0", "NumpadEnter")
    expect(room.locator("#trouble")).to_contain_text("cannot be reached")
    room.unroute("**/submit/")
    pressed(room, "Enter")
    room.wait_for_url("**/read/guessed/")
    assert (guess(1).guess, guess(1).confidence) == ("reference", 5)


def test_at_the_end_one_question_follows_the_other(
    cast: Cast, page_of: Callable[..., Page], live_server: object
) -> None:
    study = make_study(
        cast.cohort,
        slug="at-end",
        coordinator=cast.coordinator,
        readers=[cast.reader],
        methods=("reference", "short"),
        repeated="",
        sessions=1,
        guesses="at-end",
        guess_percent=30,
    )
    for _ in range(8):
        grade_one(study, cast.reader)
    page = page_of(cast.reader)
    page.goto(f"{live_server}/read/at-end/")
    asked = ArmGuess.objects.filter(read__reader__study=study).order_by(
        "read__position"
    )
    for one in asked:
        painted(page, one.token)
        pressed(page, "Digit1", "Digit6", "Enter")
    page.wait_for_url("**/pause/")
    assert not asked.filter(guess="").exists()


def test_no_image_is_shown_before_keys_are_heard(room: Page) -> None:
    pressed(room, "Digit3", "Digit9", "Enter")
    painted(room, guess(1).token)
    held: list[Route] = []
    room.route("**/js/keys*.js", lambda route: held.append(route))
    with room.expect_request("**/js/keys*.js"):
        room.reload(wait_until="commit")
    expect(room.locator("#submit")).to_be_disabled()
    room.wait_for_timeout(1000)
    assert room.get_attribute("#room", "data-painted") is None
    held[0].continue_()
    painted(room, guess(1).token)
    pressed(room, "Digit1", "Digit6")
    expect(room.locator("#submit")).to_be_enabled()


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080), (820, 1180)])
def test_nothing_is_off_the_screen(
    guessed: Study,
    cast: Cast,
    page_of: Callable[..., Page],
    live_server: object,
    size: tuple[int, int],
) -> None:
    width, height = size
    grade_one(guessed, cast.reader)
    page = page_of(cast.reader, viewport={"width": width, "height": height})
    page.goto(f"{live_server}/read/{guessed.slug}/guess/")
    painted(page, guess(1).token)
    for selector in (".slice", "#submit", "fieldset"):
        for box in page.locator(selector).all():
            found = box.bounding_box()
            assert found["x"] >= 0
            assert found["y"] >= 0
            assert found["x"] + found["width"] <= width
            assert found["y"] + found["height"] <= height
