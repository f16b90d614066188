"""CT slices from their import through a forced choice to the report, in Chromium.

The reader of this test always prefers the image with less noise, as seen on the
screen; the report has to find exactly that, whichever side each image stood on.
"""

import csv
import io
import os
import signal
import subprocess
import sys
import zipfile
from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from readerstudy.simulation.ct import Scanner, write_ct_cohort
from tests.browser.by_hand import PIXELS_OF, settled
from tests.browser.conftest import log_in
from tests.cast import PASSWORD
from tests.config.test_serve import free_port
from tests.migrated import put_database

ROOT = Path(__file__).resolve().parents[2]
CASES, PIXELS = 3, 96
PAIRS = 3 * CASES  # of reference, input and Gaussian filter
PEOPLE = {"carol": "coordinator", "rita": "", "stan": ""}
MAKE_ACCOUNTS = f"""
import os
from django.core.management import call_command
password = f"--password-file={{os.environ['VAR_DIR']}}/password"
for name, role in {PEOPLE}.items():
    roles = [f"--role={{role}}"] if role else []
    call_command("account", "create", name, password, *roles)
"""

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def chests(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ct")
    write_ct_cohort(
        folder,
        cases=CASES,
        seed=11,
        slices=3,
        pixels=PIXELS,
        scanner=Scanner(views=90),
    )
    return folder


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An empty site with three people, its web server and its workers."""
    var_dir, port = tmp_path_factory.mktemp("var"), free_port()
    put_database(var_dir)
    environment = {
        **os.environ,
        "VAR_DIR": str(var_dir),
        "DJANGO_SETTINGS_MODULE": "readerstudy.config.settings.embedded",
        "PYTHONUNBUFFERED": "1",
    }
    server = subprocess.Popen(
        [sys.executable, "manage.py", "serve", f"--port={port}", "--no-demo"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    for line in server.stdout or ():
        if "Ctrl-C stops" in line:
            break
    (var_dir / "password").write_text(PASSWORD)
    subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", MAKE_ACCOUNTS],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
    )
    yield f"http://localhost:{port}"
    server.send_signal(signal.SIGINT)
    output, _ = server.communicate(timeout=60)
    assert server.returncode == 0, output


def test_from_ct_files_through_a_forced_choice_to_the_report(
    base: str, chests: Path, new_context: Callable[..., BrowserContext]
) -> None:
    coordinator, reader, statistician = (new_context().new_page() for _ in PEOPLE)
    for page, name in zip((coordinator, reader, statistician), PEOPLE, strict=True):
        page.on("dialog", lambda dialog: dialog.accept())
        log_in(page, base, name)
    bring_in(coordinator, base, chests)
    make_an_arm(coordinator)
    write_and_open(coordinator, base)
    choose_the_smoother(reader, base)
    close_and_agree(coordinator, statistician, base)
    read_the_report(statistician, base)


def bring_in(page: Page, base: str, chests: Path) -> None:
    page.goto(f"{base}/cohorts/upload/")
    page.fill("#id_name", "Chests")
    page.select_option("[name=study_type]", "image-to-image")
    page.set_input_files("#folder", chests)
    page.get_by_role("button", name="Send").click()
    page.get_by_role("button", name="Import").click(timeout=60_000)
    expect(page.get_by_role("heading", name=f"{CASES} cases")).to_be_visible(
        timeout=60_000
    )
    for preview in page.locator("table img").all():
        preview.scroll_into_view_if_needed()
        expect(preview).not_to_have_js_property("naturalWidth", 0)
        expect(preview).to_have_js_property("complete", True)


def make_an_arm(page: Page) -> None:
    page.get_by_role("link", name="Make images with filters and networks").click()
    page.select_option("[name=method]", label="Gaussian filter")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text(f"{CASES} / {CASES}").first).to_be_visible(timeout=60_000)


def write_and_open(page: Page, base: str) -> None:
    page.goto(f"{base}/studies/new/")
    page.get_by_role("link", name="Chests").click()
    page.wait_for_url("**/studies/new/?cohort=*")
    for field, value in {
        "title": "Low dose",
        "slug": "low-dose",
        "readers": "rita",
        "statisticians": "stan",
        "spacing": "1",
    }.items():
        page.fill(f"[name={field}]", value)
    for section in page.locator("main details > summary").all():
        section.click()
    page.select_option("[name=question_set]", "forced-choice")
    page.uncheck("[name=asks_conditions]")
    page.get_by_role("button", name="Save the draft").click()
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_text("Its protocol is frozen")).to_be_visible()


def choose_the_smoother(page: Page, base: str) -> None:
    page.goto(f"{base}/read/")
    page.get_by_role("link", name="Start session 1").click()
    before = ""
    for number in range(1, PAIRS + 1):
        room = page.locator(f'#room[data-painted]:not([data-painted="{before}"])')
        before = str(room.get_attribute("data-painted"))
        expect(page.locator("#number")).to_have_text(str(number))
        page.keyboard.press("KeyW")  # soft tissue
        settled(page)  # both sides in one window
        left, right = (noise_on_the_screen(page, side) for side in (0, 1))
        page.keyboard.press("ArrowLeft" if left < right else "ArrowRight")
        page.keyboard.press("Enter")
    page.get_by_role("button", name="End").click()
    expect(page.get_by_role("heading", name="You have read everything")).to_be_visible()


def noise_on_the_screen(page: Page, side: int) -> float:
    """Mean difference of neighbours in soft tissue, in grey levels."""
    width, height, text = page.evaluate(PIXELS_OF, ["#room .stage", side])
    grey = np.frombuffer(b64decode(text), np.uint8).reshape(height, width, 4)[..., 0]
    step = max(1, width // PIXELS)
    grey = grey[::step, ::step].astype(float)
    tissue = (grey > 60) & (grey < 200)
    return float(np.abs(np.diff(grey, axis=1))[tissue[:, 1:] & tissue[:, :-1]].mean())


def close_and_agree(coordinator: Page, statistician: Page, base: str) -> None:
    coordinator.goto(f"{base}/studies/low-dose/")
    coordinator.get_by_role("button", name="Close the study").click()
    coordinator.get_by_role("button", name="Agree to unblind").click()
    expect(coordinator.get_by_text("The statistician has not agreed")).to_be_visible()
    statistician.goto(f"{base}/studies/low-dose/")
    statistician.get_by_role("button", name="Agree to unblind").click()


def read_the_report(page: Page, base: str) -> None:
    page.get_by_role("link", name="Report", exact=True).click()
    table = page.locator("#preferences table").nth(1)
    expect(table.get_by_role("row")).to_have_count(1 + 3, timeout=60_000)
    expect(page.get_by_text("HU").first).to_be_visible()
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download CSV").click()
    archive = zipfile.ZipFile(downloading.value.path())
    name = next(n for n in archive.namelist() if n.endswith("/reads.csv"))
    reads = list(csv.DictReader(io.StringIO(archive.read(name).decode())))
    assert len(reads) == PAIRS
    for read in reads:
        shown = [read["arm"], read["second_arm"]]
        chosen = shown[int(read["value"]) - 1]
        # the reference and the filtered input are about as smooth as each other
        assert chosen != "short", read
    assert len({read["arm"] for read in reads}) > 1, "one arm stood always on the left"
