"""A study that is read by hand, and what its tests look at."""

import json
import time
from base64 import b64decode
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page

from readerstudy.reading.models import Answer, Preferences, Read, Study
from tests.cast import Cast
from tests.factory import make_study

from .conftest import PATIENCE

# as text: a list of a million numbers takes Playwright seconds to bring over
PIXELS_OF = """([within, index]) => {
  const canvas = document.querySelectorAll(`${within} canvas`)[index];
  const { data } = canvas.getContext("2d").getImageData(
    0, 0, canvas.width, canvas.height);
  let bytes = "";
  for (let from = 0; from < data.length; from += 8192) {
    bytes += String.fromCharCode(...data.subarray(from, from + 8192));
  }
  return [canvas.width, canvas.height, btoa(bytes)];
}"""


@pytest.fixture
def study(cast: Cast) -> Study:
    return make_study(
        cast.cohort,
        slug="by-hand",
        coordinator=cast.coordinator,
        readers=[cast.reader],
        answer_changes="session",
    )


@pytest.fixture
def reads(study: Study) -> list[Read]:
    return list(Read.objects.filter(reader__study=study).order_by("position"))


@pytest.fixture
def room_of(
    cast: Cast, study: Study, page_of: Callable[..., Page], live_server: object
) -> Callable[..., Page]:
    """The reader before a read; keywords are the browser's options."""

    def open_room(**options: object) -> Page:
        page = page_of(cast.reader, **options)
        page.goto(f"{live_server}/read/{study.slug}/")
        page.wait_for_selector("#room[data-painted]")
        return page

    return open_room


@pytest.fixture
def room(room_of: Callable[..., Page]) -> Page:
    return room_of()


@pytest.fixture
def make_room(
    cast: Cast, page_of: Callable[..., Page], live_server: object
) -> Callable[..., Page]:
    """The reader before the first read of a new study; keywords are its settings."""

    def make(*, viewport: tuple[int, int] = (1280, 720), **settings: object) -> Page:
        study = make_study(
            cast.cohort,
            slug="by-hand",
            coordinator=cast.coordinator,
            readers=[cast.reader],
            **{"window_adjustable": True, **settings},
        )
        size = {"width": viewport[0], "height": viewport[1]}
        page = page_of(cast.reader, viewport=size)
        page.goto(f"{live_server}/read/{study.slug}/")
        page.wait_for_selector("#room[data-painted]")
        return page

    return make


def likes(cast: Cast, **settings: object) -> None:
    Preferences.objects.update_or_create(user=cast.reader, defaults=settings)


def painted(page: Page, position: int) -> None:
    token = Read.objects.get(reader__study__slug="by-hand", position=position).token
    page.wait_for_selector(f'#room[data-painted="{token}"]')


def until(page: Page, condition: str | Callable[[], object]) -> None:
    """Asked from here, for the page's own policy forbids it to evaluate texts."""
    deadline = time.monotonic() + PATIENCE / 1000
    while not (condition() if callable(condition) else page.evaluate(condition)):
        assert time.monotonic() < deadline, f"never: {condition}"
        page.wait_for_timeout(50)


# What is said is soon taken back where the next attempt succeeds.
NOTE = """() => {
  window.noted = [];
  const note = document.getElementById("kept");
  const look = () => noted.push([Date.now(), note.hidden ? "" : note.textContent]);
  const all = { subtree: true, childList: true, characterData: true, attributes: true };
  new MutationObserver(look).observe(note, all);
}"""


def note(page: Page) -> None:
    page.evaluate(NOTE)


def was_said(page: Page, text: str) -> None:
    """Since the page was told to note it."""
    until(page, f"noted.some(([at, said]) => said.includes({json.dumps(text)}))")


def next_is_there(page: Page) -> None:
    """The images of the read after the one that is painted."""
    until(page, "ahead.isThere")


def pressed(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def settled(page: Page) -> None:
    """Until what was asked for is drawn: views are painted once a frame."""
    page.evaluate(
        "() => new Promise((go) => requestAnimationFrame(() => setTimeout(go)))"
    )


def latest(position: int) -> Answer:
    return Answer.objects.filter(
        read__reader__study__slug="by-hand", read__position=position
    ).latest("version")


def stored(position: int) -> dict[str, int | str]:
    """Patient's side → the grade, or why there is none."""
    return {
        score.side: score.unassessable if score.value is None else score.value
        for score in latest(position).scores.all()
    }


def canvas(page: Page, index: int, *, within: str = ".slice") -> np.ndarray:
    """Red, green, blue of a slice as Chromium holds it: (rows, columns, 3)."""
    width, height, data = page.evaluate(PIXELS_OF, [within, index])
    flat = np.frombuffer(b64decode(data), np.uint8)
    return flat.reshape(height, width, 4)[..., :3]
