"""From an empty `var/` to the first report, as the README promises it."""

import csv
import io
import os
import re
import signal
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import log_in
from tests.config.test_serve import free_port

ROOT = Path(__file__).resolve().parents[2]
CASES = 9  # the demo has twelve; as many as sessions walk the same way
ARMS = 8
METRICS = ("psnr_range_255", "ssim_range_255")
FILES = {
    "reads.csv",
    "kappa.csv",
    "intra_reader.csv",
    "image_quality.csv",
    "image_quality_summary.csv",
    "guesses.csv",
    "deviations.csv",
    "data_dictionary.csv",
}

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@dataclass(frozen=True)
class Site:
    base: str
    passwords: dict[str, str]
    database: Path

    def log_in(self, page: Page, name: str) -> None:
        log_in(page, self.base, name, self.passwords[name])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """What `make run` starts, with its demo made from nothing."""
    var_dir, port = tmp_path_factory.mktemp("var"), free_port()
    server = subprocess.Popen(
        [sys.executable, "manage.py", "serve", f"--port={port}"]
        + [f"--demo-cases={CASES}"],
        cwd=ROOT,
        env={
            **os.environ,
            "VAR_DIR": str(var_dir),
            "DJANGO_SETTINGS_MODULE": "readerstudy.config.settings.embedded",
            "PYTHONUNBUFFERED": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    said = []
    for line in server.stdout or ():
        said.append(line)
        if "Ctrl-C stops" in line:
            break
    assert "The demo study is ready" in "".join(said), "".join(said)
    lines = (var_dir / "demo-logins.txt").read_text().splitlines()
    yield Site(
        base=f"http://localhost:{port}",
        passwords={name: word for _, name, word in map(str.split, lines)},
        database=var_dir / "db.sqlite3",
    )
    server.send_signal(signal.SIGINT)
    output, _ = server.communicate(timeout=60)
    assert server.returncode == 0, output


def test_from_nothing_to_the_first_report(
    site: Site, new_context: Callable[..., BrowserContext]
) -> None:
    coordinator, reader, statistician = (new_context().new_page() for _ in range(3))
    site.log_in(coordinator, "coordinator")
    look_at_the_cohort(coordinator)
    site.log_in(reader, "reader-a")
    tell_the_viewing_conditions(reader, site)
    read_with_the_keyboard(reader)
    watch_progress(coordinator, site)
    close_and_agree(coordinator, site)
    site.log_in(statistician, "statistician")
    agree_and_unblind(statistician, site)
    read_the_report(statistician)
    check_the_tables(statistician)
    coordinator.reload()
    expect(coordinator.get_by_role("link", name="Report", exact=True)).to_be_visible()
    read_the_log(coordinator)


def look_at_the_cohort(page: Page) -> None:
    page.get_by_role("link", name="Cohorts").click()
    page.get_by_role("link", name=re.compile("Demo: simulated")).click()
    previews = page.locator("table img")
    expect(previews).to_have_count(CASES * ARMS)
    for preview in previews.all():
        preview.scroll_into_view_if_needed()
        expect(preview).not_to_have_js_property("naturalWidth", 0)
        expect(preview).to_have_js_property("complete", True)


def tell_the_viewing_conditions(page: Page, site: Site) -> None:
    page.get_by_role("link", name="Start session 1").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/conditions/")
    for digit in f"12{seen_in_the_pattern(site)}":
        page.keyboard.press(f"Digit{digit}")
    page.keyboard.press("Enter")


def seen_in_the_pattern(site: Site) -> str:
    """The numbers that a person would make out; the test has no such eyes."""
    with closing(sqlite3.connect(site.database)) as rows:
        shown = "SELECT dark_number || bright_number FROM reading_viewingcheck"
        (numbers,) = rows.execute(f"{shown} WHERE passed IS NULL").fetchone()
    return str(numbers)


def read_with_the_keyboard(page: Page) -> None:
    token = ""
    for number in range(1, 4):
        token = next_read(page, token)
        expect(page.locator("#number")).to_have_text(str(number))
        expect(page.locator("#answer fieldset input:checked")).to_have_count(0)
        for key in ("Digit3", "Digit0", "Enter"):
            page.keyboard.press(key)
    next_read(page, token)
    expect(page.locator("#number")).to_have_text("4")


def next_read(page: Page, before: str) -> str:
    """Token of the next read, once it is painted; a guess that is asked is given."""
    token = painted(page, before)
    if page.locator("[name=guess]").count():
        for key in ("Digit3", "Enter"):  # can't tell
            page.keyboard.press(key)
        token = painted(page, token)
    return token


def painted(page: Page, before: str) -> str:
    room = page.locator(f'#room[data-painted]:not([data-painted="{before}"])')
    return str(room.get_attribute("data-painted"))


def watch_progress(page: Page, site: Site) -> None:
    page.goto(f"{site.base}/studies/demo/")
    expect(page.locator("#progress tbody tr").first).to_contain_text(
        f"3 / {CASES * (ARMS + 1)}"
    )
    expect(page.get_by_role("button", name="unblind")).to_have_count(0)
    page.get_by_role("link", name="Conduct").click()
    expect(page.locator("#conditions tbody tr")).to_contain_text("medical display")


def close_and_agree(page: Page, site: Site) -> None:
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"{site.base}/studies/demo-simulated/")
    everything = f"{CASES * (ARMS + 1)} / {CASES * (ARMS + 1)}"
    expect(page.get_by_text(everything, exact=True)).to_have_count(3)
    page.get_by_role("button", name="Close the study").click()
    page.get_by_role("button", name="Agree to unblind").click()
    expect(page.get_by_text("The statistician has not agreed yet.")).to_be_visible()
    expect(page.get_by_role("link", name="Report", exact=True)).to_have_count(0)


def agree_and_unblind(page: Page, site: Site) -> None:
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"{site.base}/studies/demo-simulated/")
    expect(page.get_by_text("The coordinator has agreed")).to_be_visible()
    page.get_by_role("button", name="Agree to unblind").click()
    page.get_by_role("link", name="Report", exact=True).click()


def read_the_log(page: Page) -> None:
    page.get_by_role("link", name="Log", exact=True).click()
    agreed = page.get_by_role("row").filter(has_text="agreed to unblind")
    expect(agreed).to_have_count(2)
    expect(agreed.first).to_contain_text("statistician")
    expect(agreed.last).to_contain_text("coordinator")


def read_the_report(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text("Report")
    computed = page.get_by_text("Simulated readers.")
    expect(computed).to_be_visible(timeout=60_000)  # the page waits for it, too
    for title in ("5 minutes", "5 minutes, V-Net", "5 minutes, U-Net(L4)"):
        expect(page.get_by_role("rowheader", name=title).first).to_be_visible()


def check_the_tables(page: Page) -> None:
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download CSV").click()
    archive = zipfile.ZipFile(downloading.value.path())
    assert {Path(name).name for name in archive.namelist()} >= FILES
    tables = {
        Path(name).name: list(csv.DictReader(io.StringIO(archive.read(name).decode())))
        for name in archive.namelist()
        if name.endswith(".csv")
    }
    reads = tables["reads.csv"]
    assert len(reads) == 3 * CASES * (ARMS + 1) * 2  # readers, reads, sides
    quality: dict[str, dict[str, list[float]]] = {}
    for row in tables["image_quality.csv"]:
        for metric in METRICS:
            values = quality.setdefault(row["arm"], {}).setdefault(metric, [])
            values.append(float(row[metric]))
    for metric in METRICS:
        network = sum(quality["unet-l4"][metric]) / len(quality["unet-l4"][metric])
        short = sum(quality["short"][metric]) / len(quality["short"][metric])
        assert network > short, metric
    described = {(row["file"], row["column"]) for row in tables["data_dictionary.csv"]}
    for name, rows in tables.items():
        assert {(name, column) for row in rows[:1] for column in row} <= described
