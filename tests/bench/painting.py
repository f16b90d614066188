"""What a reader's browser loads and when it has painted: Chromium, as in the tests."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from .lines import Line, p95
from .profile import Served, served, session_cookie

SLUG = "painted-study"
READS = 40
THOUGHT_MS = 400  # between a painted image and its answer: less than any reader takes

# The time from the press of a key, as the browser stamped it, to the frame in which
# the next read was painted: its successor's first task comes after it.
WATCH = """
    window.paintedAfter = [];
    let pressed = 0;
    window.addEventListener("keydown", (event) => {
      if (event.code === "Enter") pressed = event.timeStamp;
    }, true);
    window.addEventListener("DOMContentLoaded", () => {
      const room = document.getElementById("room");
      let last = null;
      new MutationObserver(() => {
        const painted = room.dataset.painted;
        if (!painted || painted === last) return;
        last = painted;
        const from = pressed;
        pressed = 0;
        requestAnimationFrame(() => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => {
            if (from) window.paintedAfter.push(performance.now() - from);
          };
          port2.postMessage(null);
        });
      }).observe(room, { attributeFilter: ["data-painted"] });
    });
"""


def painting() -> Iterator[Line]:
    from tests.conftest import find_program

    program = find_program("browser")
    if program is None:
        print("Chromium was not found: nothing is painted")
        return
    from playwright.sync_api import sync_playwright

    from tests.cast import make_user
    from tests.factory import make_cohort, make_study

    coordinator = make_user("painting-coordinator", coordinator=True)
    reader = make_user("painting-reader")
    cohort = make_cohort("Painted", cases_wanted=20, coordinators=[coordinator])
    given = {"coordinator": coordinator, "readers": [reader], "slug": SLUG}
    make_study(cohort, sessions=1, repeated="", **given)
    cookie = session_cookie(reader)
    with served() as server, sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        context = browser.new_context(viewport={"width": 1920, "height": 1080})
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": server.url}])
        page = context.new_page()
        page.add_init_script(WATCH)
        yield from first_load(page, server)
        yield from next_images(page)
        browser.close()


def first_load(page: Any, server: Served) -> Iterator[Line]:
    """With nothing in the browser's cache; until the read after the first is there."""
    requests: list[str] = []
    received: list[float] = []
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on(
        "Network.requestWillBeSent", lambda e: requests.append(e["request"]["url"])
    )
    session.on(
        "Network.loadingFinished", lambda e: received.append(e["encodedDataLength"])
    )
    page.goto(f"{server.url}/read/{SLUG}/")
    page.wait_for_selector("#room[data-painted]")
    page.wait_for_load_state("networkidle")
    elsewhere = {
        urlsplit(url).netloc
        for url in requests
        if not url.startswith(("data:", "blob:", f"{server.url}/"))
    }
    session.detach()
    note = "promised: at most"
    yield Line(
        "first load of the reading page", len(requests), "requests", note=f"{note} 12"
    )
    yield Line(
        "first load of the reading page", sum(received) / 1e3, "kB", note=f"{note} 250"
    )
    yield Line(
        "first load, requests to other hosts", len(elsewhere), "hosts", note=f"{note} 0"
    )


def next_images(page: Any) -> Iterator[Line]:
    left, right = (
        page.locator(f"#answer fieldset.{side} input[data-keys]")
        .first.get_attribute("data-keys")
        .split()[0]
        for side in ("right", "left")
    )
    for _ in range(READS):
        shown = page.locator("#room").get_attribute("data-painted")
        page.wait_for_timeout(THOUGHT_MS)
        for key in (left, right, "Enter"):
            page.keyboard.press(key)
        page.wait_for_selector(f'#room[data-painted]:not([data-painted="{shown}"])')
    page.wait_for_timeout(100)
    found = page.evaluate("window.paintedAfter")
    assert len(found) == READS, found
    yield Line(
        "key press to the next image painted, p95",
        p95(found),
        "ms",
        note=f"of {READS} reads at 1920×1080; promised: at most 100",
    )
