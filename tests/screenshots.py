"""Pictures of every page at two sizes, from a simulated study: `make screenshots`.

Starts the site as `make run` does, in a folder of its own, brings studies into every
state that has a look, and writes PNGs to var/screenshots (or the folder given).
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.own_database import ROOT

SIZES = {"1280x720": (1280, 720), "1920x1080": (1920, 1080)}
TABLET = (834, 1194)
CASES = 9
OWN_SCREEN = ("room", "atlas", "guess", "training", "conditions")  # not scrolled
SETTINGS = "readerstudy.config.settings.embedded"


def main() -> None:
    out = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "var" / "screenshots")
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="screenshots-") as folder:
        os.environ["VAR_DIR"], os.environ["DJANGO_SETTINGS_MODULE"] = folder, SETTINGS
        os.environ["LOG_LEVEL"] = "ERROR"
        with _site(Path(folder)) as base:
            shown = _prepare()
            with sync_playwright() as playwright:
                browser = _launch(playwright)
                for name, size in SIZES.items():
                    _take(browser, base, shown, size, out / name)
                rooms = [one for one in shown if one.name.startswith(("room", "home"))]
                _take(browser, base, rooms, TABLET, out / "tablet")
                japanese = {"locale": "ja-JP"}
                _take(browser, base, shown, (1280, 720), out / "japanese", **japanese)
    print(f"The pictures are in {out}")


@contextmanager
def _site(folder: Path) -> Iterator[str]:
    """The site with the demo cohort and its two studies."""
    from tests.config.test_serve import free_port

    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "manage.py", "serve", f"--port={port}"]
        + [f"--demo-cases={CASES}"],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    for line in server.stdout or ():
        print(line, end="")
        if "Ctrl-C stops" in line:
            break
    try:
        yield f"http://localhost:{port}"
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=60)


def _prepare() -> list:
    """The table of pages, on the demo's cohort and with the demo's people."""
    import django

    django.setup()
    from django.contrib.auth.models import User

    from readerstudy.cases.models import Cohort
    from readerstudy.reading.models import Study
    from tests.cast import PASSWORD, Cast, make_user
    from tests.factory import unblind
    from tests.pages import Shown, make_pages

    people = {}
    for name in ("coordinator", "statistician", "reader-a", "reader-b"):
        people[name] = User.objects.get(username=name)
        people[name].set_password(PASSWORD)
        people[name].save()
    simulated = unblind(Study.objects.get(slug="demo-simulated"))
    cast = Cast(
        coordinator=people["coordinator"],
        statistician=people["statistician"],
        reader=people["reader-a"],
        second_reader=people["reader-b"],
        other_reader=make_user("other-reader"),
        other_coordinator=make_user("other-coordinator", coordinator=True),
        stranger=make_user("stranger"),
        administrator=make_user("administrator"),
        cohort=Cohort.objects.get(),
        study=Study.objects.get(slug="demo"),
        other_study=simulated,
    )
    return [
        *make_pages(cast),
        Shown("demo-home", "", cast.second_reader, "/read/"),
        Shown("demo-study", "", cast.coordinator, "/studies/demo-simulated/"),
        Shown("demo-conduct", "", cast.coordinator, "/studies/demo-simulated/conduct/"),
        Shown("demo-report", "", cast.statistician, "/studies/demo-simulated/report/"),
    ]


def _launch(playwright) -> Browser:
    import shutil

    from tests.browser.conftest import FLAGS

    found = shutil.which("chromium") or shutil.which("google-chrome")
    return playwright.chromium.launch(executable_path=found, args=FLAGS)


def _take(browser: Browser, base: str, shown: list, size, folder: Path, **options):
    from tests.browser.conftest import log_in
    from tests.pages import settle

    folder.mkdir(parents=True, exist_ok=True)
    width, height = size
    contexts: dict[object, BrowserContext] = {}
    for one in shown:
        if one.who not in contexts:
            viewport = {"width": width, "height": height}
            contexts[one.who] = browser.new_context(viewport=viewport, **options)
            page = contexts[one.who].new_page()
            if one.who is not None:
                log_in(page, base, one.who.username)
        page = contexts[one.who].pages[0]
        page.goto(f"{base}{one.path}")
        try:
            settle(page, one)
        except Exception as error:
            print(f"{folder.name}/{one.name}: {error}")
        whole = not one.name.startswith(OWN_SCREEN)
        page.screenshot(path=folder / f"{one.name}.png", full_page=whole)
    for context in contexts.values():
        context.close()


if __name__ == "__main__":
    main()
