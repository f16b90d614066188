"""Patients come in by every way there is, and nothing that is kept names them.

Each is named in every text attribute of the standard, in private ones, in sequences
and in the names of files; `canaries` has the marks, `searching` looks for them.
"""

import json
import subprocess
import sys
import zlib
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import log_in
from tests.cases.gateways.conftest import Orthanc
from tests.cast import PASSWORD
from tests.own_database import ROOT

from .canaries import (
    AGE,
    BORN,
    KANJI,
    MARK,
    UMLAUT,
    patient_id,
    traces,
    uid,
    write_oddities,
    write_patient,
)
from .conftest import Site
from .searching import Search, Watch

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.sqlite]


@pytest.fixture
def page(new_context: Callable[..., BrowserContext], site: Site) -> Page:
    page = new_context().new_page()
    log_in(page, site.base, "coordinator")
    return page


@pytest.fixture
def sent(tmp_path: Path) -> Callable[[int], Path]:
    """A patient's files in a folder, and some beside them that cannot be used."""

    def write(number: int) -> Path:
        write_patient(tmp_path / "sent", number)
        write_oddities(tmp_path / "sent", number)
        return tmp_path / "sent"

    return write


def take(page: Page, name: str) -> None:
    page.fill("#id_name", name)
    page.get_by_role("button", name="Take these files").click()


def import_it(site: Site, page: Page, *, cases: int = 1) -> None:
    """From the page of files that are looked through to the page of the cohort."""
    page.wait_for_url("**/cohorts/uploads/*/")
    pk = int(page.url.rstrip("/").rpartition("/")[2])
    site.wait_for(pk, "ready")
    expect(page.locator("#import")).to_be_visible()  # it goes there by itself
    # who pairs has to see what was sent: that is shown, and not kept
    expect(page.locator("main")).to_contain_text(MARK)
    assert site.leaks() == []
    seen = page.locator("#import [name=seen]")  # of the pairs that the page shows
    before = seen.input_value()
    for button in page.get_by_role("button", name="Swap reference and short").all():
        for _ in range(2):
            button.click()
            expect(seen).not_to_have_value(before)
            before = seen.input_value()
    page.locator("#import button").click()
    site.wait_for(pk, "done")
    page.wait_for_url("**/cohorts/*/")
    expect(page.locator("table img").first).to_be_attached()
    assert_no_page_tells(page, site)
    assert site.leaks() == []


def assert_no_page_tells(page: Page, site: Site) -> None:
    """Of the cohort, its first case, its table as CSV, and the log."""
    cohort = page.url
    case = page.locator("main a[href*='/cases/C']").first.get_attribute("href")
    for address in (cohort, site.base + str(case), f"{cohort}cases.csv"):
        answer = page.request.get(address)
        assert answer.ok, address
        assert list(site.search.bytes(answer.body())) == [], address


def test_from_a_browser(site: Site, page: Page, sent: Callable[[int], Path]) -> None:
    page.goto(f"{site.base}/cohorts/upload/")
    page.fill("#id_name", "From a browser")
    page.set_input_files("#folder", sent(1))
    page.locator("#send").click()
    import_it(site, page)
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert list(site.search.bytes(kept.encode())) == []


def test_from_a_browser_without_scripts(
    site: Site,
    page: Page,
    new_context: Callable[..., BrowserContext],
    sent: Callable[[int], Path],
) -> None:
    plain = new_context(java_script_enabled=False).new_page()
    log_in(plain, site.base, "coordinator")
    plain.goto(f"{site.base}/cohorts/upload/")
    plain.fill("#id_name", "From a form")
    files = [path for path in sent(2).rglob("*") if path.is_file()]
    plain.set_input_files("#files", files)
    plain.locator("#send").click()
    plain.wait_for_url("**/cohorts/uploads/*/")
    page.goto(plain.url)
    import_it(site, page)


def by_command(
    site: Site, folder: Path, *, name: str
) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(
        [sys.executable, "manage.py", "import_cohort", str(folder), f"--name={name}"],
        cwd=ROOT,
        env=site.platform.environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done


def test_from_a_folder_by_the_command(site: Site, sent: Callable[[int], Path]) -> None:
    """What it says to the administrator's terminal names files, and is not kept."""
    done = by_command(site, sent(3), name="By hand")
    assert MARK in done.stdout.decode()
    assert list(site.search.bytes(done.stderr)) == []
    assert site.leaks() == []


def test_from_a_camera(
    site: Site, page: Page, storescu: str, sent: Callable[[int], Path]
) -> None:
    folder = sent(4)
    files = [*folder.rglob(f"{MARK}-4-*.dcm"), *folder.glob("*wrong-dates.dcm")]
    address = ("127.0.0.1", str(site.node_port))
    done = subprocess.run(
        [storescu, "-aet", "CAMERA", "-aec", "READERSTUDY", *address, *map(str, files)],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert site.leaks() == []
    page.goto(f"{site.base}/cohorts/")
    waits = page.locator("#inbox tr", has_text="CAMERA")
    waits.get_by_role("link", name="Take").click()
    take(page, "From a camera")
    import_it(site, page)


def test_from_a_program_by_stow(
    site: Site, page: Page, sent: Callable[[int], Path]
) -> None:
    folder = sent(5)
    heading = b"--cut\r\nContent-Type: application/dicom\r\n\r\n"
    parts = [heading + path.read_bytes() + b"\r\n" for path in folder.rglob("*.dcm")]
    answer = requests.post(
        f"{site.base}/dicom-web/studies",
        data=b"".join(parts) + b"--cut--\r\n",
        headers={
            "Content-Type": 'multipart/related; type="application/dicom"; boundary=cut'
        },
        auth=("coordinator", PASSWORD),
        timeout=60,
    )
    assert answer.status_code == 202, answer.text  # without what is no object
    assert site.leaks() == []
    page.goto(f"{site.base}/cohorts/")
    page.locator("main a[href*='/cohorts/uploads/']").first.click()
    take(page, "By STOW-RS")
    import_it(site, page)


def test_from_a_pacs(
    site: Site, page: Page, orthanc: Orthanc, sent: Callable[[int], Path]
) -> None:
    orthanc.put(*sorted(sent(6).rglob(f"{MARK}-6-*.dcm")))
    page.goto(f"{site.base}/cohorts/pacs/")
    page.fill("#id_patient_id", patient_id(6))
    page.fill("#id_modality", "")
    page.get_by_role("button", name="Search").click()
    page.locator("#pacs-fetch input[name=study]").first.check()
    page.fill("#pacs-fetch [name=name]", "From a PACS")
    page.locator("#pacs-fetch [name=fetch][value=chosen]").click()
    import_it(site, page)


def test_files_that_are_discarded_leave_nothing(
    site: Site, page: Page, sent: Callable[[int], Path]
) -> None:
    page.goto(f"{site.base}/cohorts/upload/")
    page.fill("#id_name", "Discarded")
    page.set_input_files("#folder", sent(7))
    page.locator("#send").click()
    page.wait_for_url("**/cohorts/uploads/*/")
    pk = int(page.url.rstrip("/").rpartition("/")[2])
    site.wait_for(pk, "ready")
    before = set((site.folder / "uploads").iterdir())
    expect(page.locator("#import")).to_be_visible()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Discard the files").click()
    page.wait_for_url("**/cohorts/")
    assert len(before - set((site.folder / "uploads").iterdir())) == 1
    assert site.leaks() == []


@pytest.mark.parametrize(
    ("auth", "status"), [(None, 401), (("coordinator", PASSWORD), 415)]
)
def test_a_uid_in_an_address_comes_into_no_log(
    site: Site, auth: tuple[str, str] | None, status: int
) -> None:
    """Which is where DICOMweb wants it."""
    address = f"{site.base}/dicom-web/studies/{uid(1)}"
    answer = requests.post(address, data=b"no object", auth=auth, timeout=30)
    assert answer.status_code == status
    told = site.folder / "log" / "web.log"
    site.wait_until(lambda: "/dicom-web/studies/<str:study_uid>" in told.read_text())
    assert site.leaks() == []


def test_who_is_older_than_ninety_is_ninety_and_days_are_an_interval(
    site: Site, sent: Callable[[int], Path]
) -> None:
    """Of this import, and of what others have imported before."""
    by_command(site, sent(8), name="Of age")
    cases = site.rows("SELECT age_years, sex, patient_digest FROM cases_case")
    assert cases
    assert {(age, sex) for age, sex, _ in cases} == {(90, "F")}
    assert int(AGE[:3]) > 90
    assert all(len(digest) == 64 for _, _, digest in cases)
    intervals = site.rows("SELECT started_after_s FROM cases_series")
    assert {seconds for (seconds,) in intervals} <= {0, None}  # both at one moment


def test_the_key_that_could_lead_back_is_not_in_the_database(site: Site) -> None:
    key = (site.folder / "identity-key").read_bytes()
    assert len(key) >= 32
    assert key not in site.database.read_bytes()
    assert (site.folder / "identity-key").stat().st_mode & 0o077 == 0


def test_the_watch_has_seen_files_come_and_go(site: Site) -> None:
    assert site.watch.search.files > 100
    assert site.watch.is_alive()


@pytest.mark.parametrize("word", [MARK, MARK.lower(), KANJI, UMLAUT, BORN])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_a_mark_would_be_found(word: str, encoding: str, tmp_path: Path) -> None:
    (tmp_path / "any").write_bytes(b"\0\1" + f"x{word}x".encode(encoding))
    assert Search(traces()).below(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        UMLAUT.encode("latin-1"),
        KANJI.encode("shift-jis"),
        json.dumps(KANJI).encode(),
        quote(KANJI).encode(),
        zlib.compress(f"for {MARK}".encode()),
        sha256(patient_id(1).encode()).hexdigest().encode(),
    ],
)
def test_a_mark_would_be_found_in_another_form(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "any").write_bytes(b"\0\1" + content + b"\0")
    assert Search(traces()).below(tmp_path)


def test_the_watch_would_find_a_file_that_is_there_for_a_moment(tmp_path: Path) -> None:
    written, watched = tmp_path / "written", tmp_path / "watched"
    written.write_text(f"for {MARK}")
    watched.mkdir()
    with Watch(Search(traces()), watched) as watch:
        there = written.rename(watched / "any")  # at once with all that it holds
        while not watch.search.files:
            watch.join(0.01)
        there.unlink()
    assert watch.found
