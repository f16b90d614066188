"""The upload page in Chromium: folders travel in pieces that outlive a good deal."""

import base64
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, Request, Route, expect

from readerstudy.cases import services
from readerstudy.cases.models import Cohort, Upload, UploadFile
from readerstudy.cases.plan import CohortPlan
from tests.cases.conftest import write_pair
from tests.cast import make_user

from .by_hand import until
from .conftest import log_in

pytestmark = [
    pytest.mark.browser,
    # rows that migrations made, such as the coordinators group, come back each time
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]

DROP = """
(files) => {
  const dropped = new DataTransfer();
  for (const [name, content] of files) {
    const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
    dropped.items.add(new File([bytes], name));
  }
  document.getElementById("drop-zone").dispatchEvent(
    new DragEvent("drop", { dataTransfer: dropped, bubbles: true, cancelable: true })
  );
}
"""
# Pieces so small that there are many of them.
SMALL = 'document.getElementById("cohort-upload").dataset.pieceBytes = 50000'
# What the browser remembers of sendings.
KEPT = "() => Object.keys(localStorage).filter((key) => key.startsWith('tus::'))"
FILES = "**/cohorts/uploads/files/**"
# what Chromium itself says of requests that failed
BROKEN = ["net::ERR_", "Failed to load resource"]


@pytest.fixture(autouse=True)
def own_folders(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.VAR_DIR = tmp_path / "var"


@pytest.fixture
def coordinator(db) -> User:
    return make_user("coordinator", coordinator=True)


@pytest.fixture
def folder(tmp_path) -> Path:
    """Two patients: half a megabyte."""
    found = tmp_path / "dicom"
    for patient in ("Abe-1", "Baba-2"):
        write_pair(found, patient)
    return found


@pytest.fixture
def page(page_of, live_server, coordinator) -> Page:
    page = page_of(coordinator)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"{live_server}/cohorts/upload/")
    return page


def choose(page: Page, folder: Path, *, name: str | None = "Dropped") -> None:
    page.evaluate(SMALL)
    if name:
        page.fill("#id_name", name)
    page.set_input_files("#folder", folder)
    expect(page.locator("#chosen")).to_contain_text("4 files")


def pieces(page: Page) -> list[tuple[str, int]]:
    """Method and Upload-Offset of each request of the protocol, as they come."""
    seen: list[tuple[str, int]] = []

    def note(request: Request) -> None:
        if "/cohorts/uploads/files/" in request.url and request.method != "GET":
            seen.append((request.method, int(request.headers.get("upload-offset", 0))))

    page.on("request", note)
    return seen


def break_off(page: Page, *, after: int, act: Callable[[Route], None]) -> list[Route]:
    """Do `act` with the piece that comes after so many; later ones pass again.

    What is given back holds that piece once it has come: before, another could
    take its place.
    """
    passed = 0
    broken: list[Route] = []

    def pass_or_act(route: Route) -> None:
        nonlocal passed
        passed += route.request.method == "PATCH"
        if passed == after + 1:
            passed += 1
            broken.append(route)
            act(route)
        else:
            route.continue_()

    page.route(FILES, pass_or_act)
    return broken


def hang(route: Route) -> None:
    """It never gets through, and nobody is told."""


def found() -> CohortPlan:
    return services.uploads.upload_plan(Upload.objects.get())


def received() -> int:
    return sum(file.received for file in UploadFile.objects.all())


def test_dropped_files_are_paired_shown_and_imported(page, tmp_path):
    write_pair(tmp_path, "Abe-1")
    (tmp_path / "truth.csv").write_text("case,grade\n")
    page.fill("#id_name", "Dropped")
    files = [
        ("日本 A.dcm", tmp_path / "Abe-1" / "A"),
        ("short", tmp_path / "Abe-1" / "B"),
        ("truth.csv", tmp_path / "truth.csv"),
    ]
    page.evaluate(
        DROP,
        [[name, base64.b64encode(path.read_bytes()).decode()] for name, path in files],
    )
    expect(page.locator("#chosen")).to_contain_text("3 files")
    page.click("#send")
    expect(page.locator("main")).to_contain_text("日本 A.dcm")
    expect(page.locator("main")).to_contain_text("25.0 min")
    expect(page.locator("#left-out")).to_contain_text("truth.csv")
    page.click("text=Import 1 case")
    page.wait_for_url("**/cohorts/*/")
    expect(page.locator("h1")).to_contain_text("Dropped")


def test_a_dropped_folder_is_sent_with_all_that_is_below_it(page, folder):
    (folder / "Abe-1" / "notes").mkdir()
    (folder / "Abe-1" / "notes" / "later.txt").write_text("no image")
    page.fill("#id_name", "Dropped")
    box = page.locator("#drop-zone").bounding_box()
    at = {"x": box["x"] + 20, "y": box["y"] + 20}
    data = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
    hand = page.context.new_cdp_session(page)
    for moment in ("dragEnter", "dragOver", "drop"):
        hand.send("Input.dispatchDragEvent", {"type": moment, **at, "data": data})
    expect(page.locator("#chosen")).to_contain_text("5 files")
    page.click("#send")
    page.wait_for_url("**/cohorts/uploads/*/")
    assert len(found().pairs) == 2
    left_out = [one.name for one in found().left_out]
    assert left_out == ["dicom/Abe-1/notes/later.txt"]


def test_a_folder_of_thousands_of_files_needs_few_requests(page, folder, tmp_path):
    slices = folder / "slices"
    slices.mkdir()
    for number in range(2000):
        (slices / f"IM{number:05}").write_bytes(b"no image, but a file" * 20)
    asked = pieces(page)
    page.fill("#id_name", "Many")
    page.set_input_files("#folder", folder)
    expect(page.locator("#chosen")).to_contain_text("2004 files")
    page.click("#send")
    page.wait_for_url("**/cohorts/uploads/*/")
    assert [method for method, _ in asked] == ["POST", "PATCH"]
    plan = found()
    assert plan.file_count == 2004
    assert {pair.reference.name for pair in plan.pairs} == {
        "dicom/Abe-1/A",
        "dicom/Baba-2/A",
    }


def test_progress_is_told_in_bytes_and_time(page, folder):
    broken = break_off(page, after=5, act=hang)
    choose(page, folder)
    page.click("#send")
    told = page.locator("#upload-told")
    expect(told).to_have_text("0.2 MB of 0.5 MB sent, less than a minute left")
    expect(page.locator("#upload-progress progress")).not_to_have_js_property(
        "value", 0
    )
    until(page, lambda: broken and received() == 250_000)
    page.click("#pause")
    expect(page.locator("#upload-news")).to_have_text("Paused.")
    assert 0 < received() < UploadFile.objects.get().size
    page.click("#resume")
    page.wait_for_url("**/cohorts/uploads/*/")
    expect(page.locator("main")).to_contain_text("2 cases were found")


def test_after_a_reload_the_same_files_go_on_where_they_stopped(page, folder):
    broken = break_off(page, after=5, act=hang)
    choose(page, folder, name="Reloaded")
    page.click("#send")
    expect(page.locator("#upload-told")).to_contain_text("sent")
    until(page, lambda: broken and received() == 250_000)
    page.reload()
    expect(page.locator("main")).to_contain_text("“Reloaded” was broken off")
    asked = pieces(page)
    choose(page, folder, name=None)
    expect(page.locator("#again")).to_be_visible()
    expect(page.locator("#id_name")).to_have_value("Reloaded")
    page.click("#send")
    page.wait_for_url("**/cohorts/uploads/*/")
    assert asked[:2] == [("HEAD", 0), ("PATCH", 250_000)]
    assert Upload.objects.get().state == Upload.State.READY
    assert len(found().pairs) == 2
    until(page, lambda: page.evaluate(KEPT) == [])


def test_files_that_were_sent_for_another_end_begin_anew(
    page, live_server, coordinator, folder
):
    """What was announced of them then, cohort or study type, would hold unseen."""
    cohort = Cohort.objects.create(name="Another")
    cohort.coordinators.add(coordinator)
    broken = break_off(page, after=5, act=hang)
    choose(page, folder, name="Broken")
    page.click("#send")
    until(page, lambda: broken and received() == 250_000)
    page.reload()
    page.select_option("#id_study_type", "image-to-image")
    choose(page, folder, name="Stacks")
    expect(page.locator("#again")).to_be_hidden()
    page.goto(f"{live_server}/cohorts/{cohort.pk}/images/")
    choose(page, folder, name="Mine")
    expect(page.locator("#again")).to_be_hidden()
    page.click("#send")
    page.wait_for_url("**/cohorts/uploads/*/")
    sent = Upload.objects.order_by("pk").values_list("name", "cohort")
    assert list(sent) == [("Broken", None), ("result-mine", cohort.pk)]


def test_a_lost_network_is_waited_for(page, folder, expected_errors):
    expected_errors.extend(BROKEN)
    break_off(page, after=3, act=lambda route: go_offline(page, route))
    choose(page, folder)
    page.click("#send")
    expect(page.locator("#upload-news")).to_contain_text("The connection is lost")
    assert received() == 150_000
    asked = pieces(page)
    page.context.set_offline(False)
    page.wait_for_url("**/cohorts/uploads/*/")
    assert ("PATCH", 150_000) in asked
    assert ("POST", 0) not in asked
    assert len(found().pairs) == 2


def go_offline(page: Page, route: Route) -> None:
    page.context.set_offline(True)
    route.abort("internetdisconnected")


def test_a_line_that_is_dead_without_a_word_is_given_up(page, folder):
    """As a wireless network that is left: no error comes, and nothing else."""
    page.clock.install()
    hung: list[Route] = []
    break_off(page, after=3, act=hung.append)
    choose(page, folder)
    page.click("#send")
    until(page, lambda: bool(hung))
    page.clock.fast_forward(90_000)
    page.wait_for_url("**/cohorts/uploads/*/")
    assert len(found().pairs) == 2


def test_who_was_logged_out_logs_in_elsewhere_and_goes_on(
    page, folder, coordinator, live_server, expected_errors
):
    expected_errors.extend(BROKEN)
    cookies = page.context.cookies()

    def log_out(route: Route) -> None:
        page.context.clear_cookies(name="sessionid")
        route.continue_(headers={**route.request.headers, "cookie": ""})

    break_off(page, after=3, act=log_out)
    choose(page, folder)
    page.click("#send")
    expect(page.locator("#upload-error")).to_contain_text("log in")
    page.context.add_cookies(cookies)
    page.click("#resume")
    page.wait_for_url("**/cohorts/uploads/*/")
    assert len(found().pairs) == 2


def test_what_is_given_up_is_removed_from_the_server(page, folder, settings):
    broken = break_off(page, after=3, act=hang)
    choose(page, folder)
    page.click("#send")
    until(page, lambda: broken and received() == 150_000)
    page.click("#cancel")  # and the question is answered with yes
    expect(page.locator("#cancelled")).to_be_visible()
    assert not Upload.objects.exists()
    assert not list((settings.VAR_DIR / "uploads").iterdir())
    page.click("#send")  # the files are still chosen
    page.wait_for_url("**/cohorts/uploads/*/")
    assert len(found().pairs) == 2


def test_a_file_that_is_gone_meanwhile_is_told_as_such(page, folder, expected_errors):
    expected_errors.extend(BROKEN)

    def move(route: Route) -> None:
        shutil.move(folder / "Baba-2" / "B", folder.parent)
        route.abort()

    break_off(page, after=3, act=move)
    choose(page, folder)
    page.click("#send")
    expect(page.locator("#upload-error")).to_contain_text("could not be read")


def test_a_refusal_is_told_before_anything_is_sent(page, folder, expected_errors):
    expected_errors.extend(BROKEN)
    Cohort.objects.create(name="Taken")
    choose(page, folder, name="Taken")
    asked = pieces(page)
    page.click("#send")
    expect(page.locator("#upload-error")).to_contain_text("already")
    assert asked == [("POST", 0)]
    page.click("#cancel")
    page.fill("#id_name", "Free")
    page.click("#send")
    page.wait_for_url("**/cohorts/uploads/*/")


def test_files_that_were_chosen_before_the_script_had_come_are_sent_in_pieces(
    page, folder
):
    held: list[Route] = []
    page.route("**/js/cohort-upload*.js", lambda route: held.append(route))
    page.reload(wait_until="commit")
    page.fill("#id_name", "Early")
    page.set_input_files("#files", sorted(folder.glob("Abe-1/*")))
    until(page, lambda: bool(held))
    expect(page.locator("#chosen")).to_be_empty()
    held[0].continue_()
    expect(page.locator("#chosen")).to_contain_text("2 files")
    page.click("#send")
    page.wait_for_url("**/cohorts/uploads/*/")


def test_without_scripts_the_form_sends_the_files(
    new_context, live_server, coordinator, folder
):
    page = new_context(java_script_enabled=False).new_page()
    log_in(page, str(live_server), coordinator.username)
    page.goto(f"{live_server}/cohorts/upload/")
    page.fill("#id_name", "Plain")
    expect(page.locator("#folder")).to_be_hidden()
    page.set_input_files("#files", sorted(folder.glob("Abe-1/*")))
    page.click("#send")
    page.wait_for_url("**/cohorts/uploads/*/")
    assert len(found().pairs) == 1
