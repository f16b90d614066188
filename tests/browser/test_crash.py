"""No answer is lost: the browser crashes, or lets nothing be stored."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from readerstudy.reading.models import Read, Score
from tests.cast import Cast
from tests.conftest import find_program

from .by_hand import next_is_there, until
from .conftest import FLAGS, PATIENCE, log_in, wait_for_the_server
from .test_offline import (
    LEFT,
    OFFLINE,
    address,
    answer,
    assert_stored_once,
    kept,
    reads,
)
from .test_reading_room import painted

__all__ = ["address", "reads"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]


def test_where_the_browser_stores_nothing_the_answer_waits_in_its_window(
    cast: Cast,
    page_of: Callable[..., Page],
    address: str,
    reads: list[Read],
    expected_errors: list[str],
) -> None:
    expected_errors.extend(OFFLINE)
    page = page_of(cast.reader)
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', "
        "{ get() { throw new DOMException('denied', 'SecurityError'); } });"
    )
    page.goto(address)
    painted(page, reads[0])
    next_is_there(page)
    page.context.set_offline(True)
    answer(page, reads[0])
    expect(page.locator("#kept")).to_contain_text("do not close this window")
    page.context.set_offline(False)
    answer(page, reads[1])
    painted(page, reads[2])
    assert_stored_once(reads[:2])


def test_a_browser_that_has_no_more_room_sends_what_it_has_and_what_it_has_not(
    cast: Cast,
    page_of: Callable[..., Page],
    address: str,
    reads: list[Read],
    expected_errors: list[str],
) -> None:
    expected_errors.extend(OFFLINE)
    page = page_of(cast.reader)
    page.goto(address)
    painted(page, reads[0])
    next_is_there(page)
    page.context.set_offline(True)
    answer(page, reads[0])
    painted(page, reads[1])
    page.evaluate(
        "() => { Storage.prototype.setItem = () => "
        "{ throw new DOMException('full', 'QuotaExceededError'); }; }"
    )
    answer(page, reads[1])
    expect(page.locator("#kept")).to_contain_text("do not close this window")
    assert [a["token"] for a in kept(page)] == [reads[0].token]
    page.context.set_offline(False)
    answer(page, reads[2])
    painted(page, reads[3])
    assert_stored_once(reads[:3])
    assert kept(page) == []


@pytest.fixture
def profile(
    chromium: Browser, tmp_path: Path
) -> Iterator[Callable[[], BrowserContext]]:
    """A browser that keeps its profile, as readers' own do; killed, it starts again."""
    opened: list[BrowserContext] = []

    def start() -> BrowserContext:
        context = chromium.browser_type.launch_persistent_context(
            str(tmp_path), executable_path=find_program("browser"), args=FLAGS
        )
        context.set_default_timeout(PATIENCE)
        opened.append(context)
        return context

    yield start
    opened[-1].close()
    wait_for_the_server()


def is_on_disk(folder: Path, read: Read) -> bool:
    """Chromium writes what pages store to disk every now and then."""
    logs = (folder / "Default" / "Local Storage" / "leveldb").glob("*.log")
    return any(read.token.encode() in log.read_bytes() for log in logs)


def kill_browser(folder: Path) -> None:
    """As a power cut would: no process of this profile may clean anything up."""
    own = f"--user-data-dir={folder}"
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_text().split("\0")
            if entry.name.isdigit() and own in words:
                os.kill(int(entry.name), signal.SIGKILL)
        except (OSError, UnicodeDecodeError):
            continue
    for left in folder.glob("Singleton*"):
        left.unlink(missing_ok=True)


def test_after_a_crash_what_was_not_sent_is_sent_and_reading_goes_on(
    profile: Callable[[], BrowserContext],
    tmp_path: Path,
    reads: list[Read],
    live_server: object,
    address: str,
) -> None:
    context = profile()
    page = context.new_page()
    log_in(page, str(live_server), "reader")
    page.goto(address)
    answer(page, reads[0])
    painted(page, reads[1])
    next_is_there(page)
    context.set_offline(True)
    answer(page, reads[1])
    painted(page, reads[2])
    page.keyboard.press(LEFT[0])  # in the middle of the third
    cookies = context.cookies()
    until(page, lambda: is_on_disk(tmp_path, reads[1]))
    kill_browser(tmp_path)

    context = profile()
    context.add_cookies(cookies)  # of the session, which a crash does not end
    page = context.new_page()
    page.goto(address)
    painted(page, reads[2])
    expect(page.locator("#answer :checked")).to_have_count(0)
    assert_stored_once(reads[:2])
    answer(page, reads[2])
    painted(page, reads[3])
    assert_stored_once(reads[:3])
    assert Score.objects.filter(answer__read=reads[2]).count() == 2
