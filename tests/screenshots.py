"""Pictures of every page at two sizes, from a simulated study: `make screenshots`.

Starts the site as `make run` does, in a folder of its own, brings studies into every
state that has a look, and writes PNGs to var/screenshots. `--docs` takes those that the
documents show instead, into docs/images; `--only NAME …` takes pages of these names.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.own_database import ROOT

SMALL, LARGE, TABLET = (1280, 720), (1920, 1080), (834, 1194)
PAGE = (1100, 800)  # of coordinators and statisticians, legible in a document's column
JAPANESE = {"locale": "ja-JP"}
CASES = 9
# a file of docs/images → page, size and what else a browser is told
DOCS: dict[str, tuple[str, tuple[int, int], dict[str, str]]] = {
    "home.png": ("demo-home", SMALL, {}),
    "reading-room.png": ("room", SMALL, {}),
    "reading-room-ja.png": ("room", SMALL, JAPANESE),
    "reading-room-tablet.png": ("room", TABLET, {}),
    "unassessable.png": ("room-unassessable", SMALL, {}),
    "keys.png": ("room-keys", SMALL, {}),
    "atlas.png": ("room-atlas", SMALL, {}),
    "room-stack.png": ("room-marked", SMALL, {}),
    "room-criteria.png": ("room-image-quality", SMALL, {}),
    "room-pair.png": ("room-forced-choice", SMALL, {}),
    "conditions.png": ("conditions", SMALL, {}),
    "conduct.png": ("conduct", (1280, 1025), {}),
    "report.png": ("demo-report", (960, 1230), {}),
    # of the tutorials
    "conditions-ja.png": ("conditions", SMALL, JAPANESE),
    "home-ja.png": ("demo-home", SMALL, JAPANESE),
    "session-end.png": ("pause-review", (1280, 480), {}),
    "session-end-ja.png": ("pause-review", (1280, 480), JAPANESE),
    "pairing.png": ("demo-pairing", PAGE, {}),
    "cohort.png": ("demo-cohort", (1280, 900), {}),
    "jobs.png": ("demo-jobs", (1100, 760), {}),
    "study-settings.png": ("study-settings", (1100, 1000), {}),
    "preflight.png": ("study-draft", (1100, 640), {}),
    "progress.png": ("demo-open", (1100, 640), {}),
    "unblinding.png": ("statistician-study", (1100, 640), {}),
    "planning.png": ("planning", (1100, 900), {}),
    "accounts.png": ("admin-accounts", (1100, 640), {}),
    "account-new.png": ("demo-account", (1100, 720), {}),
    "second-factor.png": ("account-plain", (1100, 720), {}),
}


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="screenshots-") as folder:
        os.environ.update(
            VAR_DIR=folder,
            DJANGO_SETTINGS_MODULE="readerstudy.config.settings.embedded",
            LOG_LEVEL="ERROR",
        )
        with _site() as base, sync_playwright() as playwright:
            shown = _prepare()
            found = shutil.which("chromium") or shutil.which("google-chrome")
            from tests.browser.conftest import FLAGS

            browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
            camera = _Camera(browser, base)
            if options.docs:
                options.out = ROOT / "docs" / "images"
                _take_for_docs(camera, shown, options)
            else:
                _take_all(camera, shown, options)
    print(f"The pictures are in {options.out}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Take pictures of every page.")
    parser.add_argument("--out", type=Path, default=ROOT / "var" / "screenshots")
    parser.add_argument("--only", nargs="*", default=())
    parser.add_argument("--docs", action="store_true", help="those of docs/images")
    return parser.parse_args()


@contextmanager
def _site() -> Iterator[str]:
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


def _prepare() -> list[Any]:
    """The table of pages, on the demo's cohort and with the demo's people."""
    import django

    django.setup()
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's loop runs meanwhile
    from django.contrib.auth.models import User

    from readerstudy.cases.models import Cohort
    from readerstudy.reading.models import Study
    from readerstudy.reading.services import session_finish
    from tests.cast import PASSWORD, Cast, make_user, reader_membership
    from tests.eventful import answer_session, see_the_pattern
    from tests.factory import unblind
    from tests.pages import Shown, make_pages

    people = {}
    for name in ("coordinator", "statistician", "reader-a", "reader-b"):
        people[name] = User.objects.get(username=name)
        people[name].set_password(PASSWORD)
        people[name].save()
    _make_gaussian(Cohort.objects.get(), people["coordinator"])
    demo, second = Study.objects.get(slug="demo"), people["reader-b"]
    see_the_pattern(reader_membership(demo, second))
    answer_session(reader_membership(demo, second))
    session_finish(reader=reader_membership(demo, second))
    cast = Cast(
        coordinator=people["coordinator"],
        statistician=people["statistician"],
        reader=people["reader-a"],
        second_reader=second,
        other_reader=make_user("other-reader"),
        other_coordinator=make_user("other-coordinator", coordinator=True),
        stranger=make_user("stranger"),
        administrator=make_user("administrator"),
        cohort=Cohort.objects.get(),
        study=demo,
        other_study=unblind(Study.objects.get(slug="demo-simulated")),
    )
    cast.administrator.is_staff = cast.administrator.is_superuser = True
    cast.administrator.save()
    study = "/studies/demo-simulated/"
    return [
        *make_pages(cast),
        *_first_steps(cast.coordinator),
        Shown("demo-account", "", cast.administrator, "/admin/auth/user/add/"),
        Shown("demo-home", "", second, "/read/"),
        Shown("demo-open", "", cast.coordinator, "/studies/demo/"),
        Shown("demo-study", "", cast.coordinator, study),
        Shown("demo-conduct", "", cast.coordinator, f"{study}conduct/"),
        Shown("demo-report", "", cast.statistician, f"{study}report/"),
    ]


def _make_gaussian(cohort: Any, coordinator: Any) -> None:
    """The arm that the pages' studies have and the demo's have not."""
    from inference.models import Job
    from inference.services import job_request
    from inference.services.running import job_run

    job = job_request(cohort=cohort, method="gaussian", user=coordinator)
    job_run(job_id=job.pk)  # unless a worker was quicker
    while not Job.objects.filter(pk=job.pk, state=Job.State.DONE).exists():
        time.sleep(0.5)


def _first_steps(coordinator: Any) -> list[Any]:
    """A cohort as a coordinator brings it in: its pairs, its page, its jobs."""
    from django.core.management import call_command

    from inference.models import Job
    from inference.services import job_request
    from readerstudy.cases import services
    from readerstudy.cases.models import Cohort
    from tests.pages import Shown

    folder = Path(os.environ["VAR_DIR"]) / "department"
    call_command("simulate_cohort", folder, cases=3, seed=77)
    (folder / "truth.csv").unlink()
    waiting, brought = (_upload(folder, coordinator) for _ in range(2))
    name = "Department 2026"
    services.upload_confirm(upload=brought, name=name, seen="")
    _until(lambda: Cohort.objects.filter(name=name).exists())
    cohort = Cohort.objects.get(name=name)
    for method in ("bilateral", "gaussian"):
        job_request(cohort=cohort, method=method, user=coordinator)
    jobs = Job.objects.filter(cohort=cohort)
    _until(lambda: not jobs.exclude(state=Job.State.DONE).exists())
    page = f"/cohorts/{cohort.pk}/"
    return [
        Shown("demo-pairing", "", coordinator, f"/cohorts/uploads/{waiting.pk}/"),
        Shown("demo-cohort", "", coordinator, page),
        Shown("demo-jobs", "", coordinator, f"{page}jobs/"),
    ]


def _upload(folder: Path, coordinator: Any) -> Any:
    """As the form sends it; a worker of the site looks through the files."""
    from django.test import Client

    from readerstudy.cases.models import Upload

    client = Client(headers={"host": "localhost"})
    client.force_login(coordinator)
    with ExitStack() as stack:
        files = [stack.enter_context(p.open("rb")) for p in sorted(folder.iterdir())]
        client.post("/cohorts/upload/", {"name": "Department", "files": files})
    upload = Upload.objects.latest("pk")
    _until(lambda: Upload.objects.filter(pk=upload.pk, state="ready").exists())
    return Upload.objects.get(pk=upload.pk)


def _until(is_so: Callable[[], bool]) -> None:
    for _ in range(600):
        if is_so():
            return
        time.sleep(0.5)
    raise TimeoutError("The site's worker did not do it.")


class _Camera:
    """A browser that logs in as whoever is to see a page."""

    def __init__(self, browser: Browser, base: str) -> None:
        self.browser, self.base = browser, base

    def take(
        self,
        shown: Sequence[Any],
        size: tuple[int, int],
        files: Sequence[Path],
        *,
        whole: bool = True,
        **options: Any,
    ) -> None:
        """whole: all of a page that is longer than the window."""
        from tests.browser.conftest import log_in
        from tests.pages import settle

        contexts: dict[object, BrowserContext] = {}
        for one, file in zip(shown, files, strict=True):
            if one.who not in contexts:
                viewport = {"width": size[0], "height": size[1]}
                context = self.browser.new_context(viewport=viewport, **options)
                context.set_default_timeout(120_000)
                contexts[one.who] = context
                page = context.new_page()
                if one.who is not None:
                    log_in(page, self.base, one.who.username)
            page = contexts[one.who].pages[0]
            page.goto(f"{self.base}{one.path}")
            settle(page, one)
            if not page.locator("#room").count():
                page.wait_for_load_state("networkidle")  # images that load late
            file.parent.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=file, full_page=whole and not one.opens)
        for context in contexts.values():
            context.close()


def _take_all(camera: _Camera, shown: list[Any], options: argparse.Namespace) -> None:
    if options.only:
        shown = [one for one in shown if one.name in options.only]
    rooms = [one for one in shown if one.name.startswith(("room", "home"))]
    for folder, pages, size, told in (
        ("1280x720", shown, SMALL, {}),
        ("1920x1080", shown, LARGE, {}),
        ("tablet", rooms, TABLET, {}),
        ("japanese", shown, SMALL, JAPANESE),
    ):
        files = [options.out / folder / f"{one.name}.png" for one in pages]
        camera.take(pages, size, files, **told)


def _take_for_docs(
    camera: _Camera, shown: list[Any], options: argparse.Namespace
) -> None:
    named = {one.name: one for one in shown}
    for file, (name, size, told) in DOCS.items():
        if options.only and name not in options.only:
            continue
        camera.take([named[name]], size, [options.out / file], whole=False, **told)


if __name__ == "__main__":
    main()
