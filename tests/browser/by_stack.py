"""A study of whole stacks that is read by hand, and what its tests look at."""

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from readerstudy.reading.models import Answer, Read, Score
from tests.cast import Cast
from tests.factory import STACK, head_of
from tests.stacks import make_stack_study

from .by_hand import canvas, settled

SLICES, ROWS, COLUMNS = STACK


@pytest.fixture
def enter(
    cast: Cast, page_of: Callable[..., Page], live_server: object
) -> Callable[..., Page]:
    """The reader before the first read; keywords are settings of the study."""

    def open_room(
        *, viewport: tuple[int, int] = (1280, 720), **settings: object
    ) -> Page:
        study = make_stack_study(cast, **settings)
        size = {"width": viewport[0], "height": viewport[1]}
        page = page_of(cast.reader, viewport=size)
        page.goto(f"{live_server}/read/{study.slug}/")
        page.wait_for_selector("#room[data-painted]")
        return page

    return open_room


def read_at(position: int) -> Read:
    return Read.objects.get(reader__study__slug="by-hand", position=position)


def given(position: int) -> dict[str, object]:
    """Question → what was answered, last."""
    scores = Answer.objects.filter(read=read_at(position)).latest("version").scores
    return {
        one.question: one.text or one.unassessable or one.value for one in scores.all()
    }


def marks_of(position: int) -> list[dict[str, int]]:
    return Score.objects.get(answer__read=read_at(position), question="fidelity").marks


def expect_slice(page: Page, number: int) -> None:
    expect(page.locator("#sliced")).to_have_text(f"{number}/ {SLICES}")
    settled(page)


def window_said(page: Page, width: int, level: int) -> None:
    expect(page.locator("#windowed")).to_have_text(f"WW {width}  WL {level} HU")


def grey(page: Page, index: int = 0) -> np.ndarray:
    return canvas(page, index)[..., 0].astype(int)


def expected_greys(
    stack: np.ndarray, index: int, *, low: float, high: float
) -> np.ndarray:
    """Of the pixels of one slice, in the middle of each: 0 to 255."""
    return np.rint(np.clip((stack[index] - low) / (high - low), 0, 1) * 255)


def sampled(page: Page, index: int = 0) -> np.ndarray:
    """What is drawn in the middle of each pixel of the image, (rows, columns)."""
    found = grey(page, index)
    height, width = found.shape
    scale = min(height / ROWS, width / COLUMNS)
    down = ((np.arange(ROWS) + 0.5 - ROWS / 2) * scale + height / 2).astype(int)
    across = ((np.arange(COLUMNS) + 0.5 - COLUMNS / 2) * scale + width / 2).astype(int)
    return found[np.ix_(down, across)]


def case_number(read: Read) -> int:
    return int(read.case.code[1:])


def stack_of(read: Read, arm: str) -> np.ndarray:
    noise = 4 + 4 * ("reference", "short", "gaussian").index(arm)
    return head_of(seed=case_number(read), noise=noise).astype(float)


def click_pixel(page: Page, row: int, column: int) -> None:
    """In the middle of a pixel of the image, as it is without zoom."""
    box = page.locator(".slice canvas").bounding_box()
    scale = min(box["height"] / ROWS, box["width"] / COLUMNS)
    x = (column + 0.5 - COLUMNS / 2) * scale + box["width"] / 2
    y = (row + 0.5 - ROWS / 2) * scale + box["height"] / 2
    page.locator(".slice canvas").click(position={"x": x, "y": y})
