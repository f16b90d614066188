"""Training in Chromium: the reading screen, the key beside each answer, the gate."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from playwright.sync_api import Locator, Page, expect

from readerstudy.reading.models import Score, Study, TrainingAttempt, TrainingRead
from tests.cast import Cast
from tests.factory import TRAINING, make_study

pytestmark = [
    pytest.mark.browser,
    # the group of coordinators, made by a migration, comes back after each flush
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]

KEYS = {
    "right": {1: "Digit1", 2: "Digit2", 3: "Digit3", 4: "Digit4"},
    "left": {1: "Digit7", 2: "Digit8", 3: "Digit9", 4: "Digit0"},
}


@pytest.fixture
def trained(cast: Cast) -> Study:
    """A study whose first session waits for a gate."""
    return make_study(
        cast.cohort,
        slug="trained",
        coordinator=cast.coordinator,
        readers=[cast.reader],
        training=TRAINING,
        gate="kappa",
        gate_minimum=Decimal("0.60"),
    )


@pytest.fixture
def room(
    cast: Cast, trained: Study, page_of: Callable[..., Page], live_server: object
) -> Page:
    """The reader before the first training image, by the button of the pause page."""
    page = page_of(cast.reader)
    page.goto(f"{live_server}/read/{trained.slug}/")
    page.wait_for_url("**/pause/")
    page.get_by_role("button", name="Start the training").press("Enter")
    page.wait_for_url("**/training/")
    return page


def painted(page: Page, read: TrainingRead) -> None:
    page.wait_for_selector(f'#room[data-painted="{read.token}"]')


def reads() -> list[TrainingRead]:
    """Of the attempt under way, in its order."""
    attempt = TrainingAttempt.objects.order_by("-number")[0]
    return list(attempt.reads.select_related("item").order_by("position"))


def answer(page: Page, read: TrainingRead, grades: dict[str, int]) -> None:
    painted(page, read)
    for side, value in grades.items():
        page.keyboard.press(KEYS[side][value])
    page.keyboard.press("Enter")
    expect(page.locator("#proceed")).to_be_visible()


def key_of(read: TrainingRead) -> dict[str, int]:
    return dict(read.item.key["grade"])


def opposite_of(read: TrainingRead) -> dict[str, int]:
    return {side: 5 - value for side, value in key_of(read).items()}


def side(page: Page, name: str) -> Locator:
    return page.locator(f'fieldset[data-side="{name}"]')


def test_a_reader_trains_by_keyboard_fails_tries_again_and_starts_session_1(
    room: Page, trained: Study
) -> None:
    for number, read in enumerate(reads(), start=1):
        painted(room, read)
        expect(room.locator("#place")).to_have_text(f"Training image {number} of 3")
        answer(room, read, opposite_of(read))
        room.keyboard.press("Enter")
    room.wait_for_url("**/training/result/")
    expect(room.locator("h1")).to_have_text("The training is not passed yet")
    expect(room.locator("#reached")).to_have_text("-1.000")
    expect(room.locator("#go")).to_have_count(0)
    room.locator("#again").press("Enter")
    room.wait_for_url("**/training/")
    for read in reads():
        answer(room, read, key_of(read))
        room.keyboard.press("Enter")
    room.wait_for_url("**/training/result/")
    expect(room.locator("h1")).to_have_text("The training is passed")
    room.locator("#go").press("Enter")
    room.wait_for_url(f"**/read/{trained.slug}/")
    room.wait_for_selector("#room[data-painted]")
    expect(room.locator("#place")).to_have_text("1 of 6")
    assert [a.passed for a in TrainingAttempt.objects.order_by("number")] == [
        False,
        True,
    ]
    assert not Score.objects.exists()


def test_the_key_stands_beside_each_sides_answer(room: Page) -> None:
    read = reads()[0]
    key = key_of(read)
    near = key["right"] - 1 or 2
    answer(room, read, {"right": near, "left": key["left"]})
    right, left = side(room, "right"), side(room, "left")
    expect(right.locator(".verdict")).to_have_text("≈ one grade from the key")
    expect(left.locator(".verdict")).to_have_text("= equal to the key")
    for group, value, said in (
        (right, near, "your grade"),
        (right, key["right"], "the key's grade"),
        (left, key["left"], "your grade and the key's"),
    ):
        label = group.locator("label", has=room.locator(f'[value="{value}"]'))
        expect(label.locator("em")).to_have_text(said)
    expect(room.locator("label em")).to_have_count(3)
    # the image stays, to be looked at with the key in mind
    assert room.locator("#room").get_attribute("data-painted") == read.token


def test_grades_far_from_the_key_are_counted(room: Page) -> None:
    read = next(read for read in reads())
    far = {s: 4 if value <= 2 else 1 for s, value in key_of(read).items()}
    answer(room, read, far)
    off = abs(far["right"] - key_of(read)["right"])
    said = side(room, "right").locator(".verdict")
    expect(said).to_have_text(f"≠ {off} grades from the key")


def test_nothing_moves_when_the_key_appears(room: Page) -> None:
    read = reads()[0]
    painted(room, read)

    def places() -> list[dict[str, float]]:
        found = [*room.locator(".slice").all(), *room.locator("fieldset label").all()]
        return [one.bounding_box() for one in found]

    before = places()
    answer(room, read, opposite_of(read))
    assert places() == before


def test_an_answer_cannot_be_changed_while_its_key_is_shown(room: Page) -> None:
    first, second, _ = reads()
    answer(room, first, opposite_of(first))
    given = opposite_of(first)["right"]
    other = side(room, "right").locator(f'input:not([value="{given}"])').first
    room.keyboard.press(other.get_attribute("data-keys").split()[0])
    expect(other).to_be_disabled()
    expect(other).not_to_be_checked()
    room.locator("#proceed").click()
    painted(room, second)
    expect(room.locator("#answer :checked")).to_have_count(0)
    expect(room.locator("label em")).to_have_count(0)
    expect(room.locator("#proceed")).to_be_hidden()
    expect(room.locator("#submit")).to_be_visible()


def test_training_goes_on_where_it_stopped(
    room: Page, cast: Cast, page_of: Callable[..., Page]
) -> None:
    first, second, _ = reads()
    answer(room, first, key_of(first))
    room.close()
    again = page_of(cast.reader)
    again.get_by_role("button", name="Go on with the training").click()
    painted(again, second)
    expect(again.locator("#place")).to_have_text("Training image 2 of 3")


def test_a_second_device_says_that_the_image_is_answered(
    room: Page,
    cast: Cast,
    page_of: Callable[..., Page],
    expected_errors: list[str],
) -> None:
    expected_errors.append("409 (Conflict)")
    first = reads()[0]
    painted(room, first)
    device = page_of(cast.reader)
    device.goto(room.url)
    answer(device, first, key_of(first))
    for name, value in opposite_of(first).items():
        room.keyboard.press(KEYS[name][value])
    room.keyboard.press("Enter")
    expect(room.locator("#trouble")).to_contain_text("already answered")


def test_training_asks_for_grades_only(room: Page) -> None:
    painted(room, reads()[0])
    expect(room.locator("[value=none]")).to_have_count(0)
    expect(room.locator("textarea, #undo, [name=auto_advance]:visible")).to_have_count(
        0
    )
    room.keyboard.press("KeyB")
    room.keyboard.press("KeyM")
    expect(room.locator("dialog[open]")).to_have_count(0)
    room.keyboard.press("KeyH")
    expect(room.locator("#keys")).to_be_visible()


@pytest.mark.parametrize(
    ("width", "height"), [(1280, 720), (1920, 1080), (820, 1180), (768, 1024)]
)
def test_the_key_is_on_the_screen_with_the_image(
    cast: Cast,
    trained: Study,
    page_of: Callable[..., Page],
    live_server: object,
    width: int,
    height: int,
) -> None:
    page = page_of(cast.reader, viewport={"width": width, "height": height})
    page.goto(f"{live_server}/read/{trained.slug}/pause/")
    page.get_by_role("button", name="Start the training").click()
    page.wait_for_url("**/training/")
    read = reads()[0]
    answer(page, read, opposite_of(read))
    for selector in (".slice", "#proceed", "label em", ".verdict", "#place"):
        for one in page.locator(selector).all():
            box = one.bounding_box()
            assert box["x"] >= 0
            assert box["y"] >= 0
            assert box["x"] + box["width"] <= width
            assert box["y"] + box["height"] <= height
