"""Files become a cohort without a browser: sent, looked through, changed, confirmed."""

import base64
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from readerstudy.cases import services
from readerstudy.cases.gateways.pacs import FoundStudy, Remote
from readerstudy.cases.models import Cohort, Upload, UploadFile
from readerstudy.cases.plan import CohortPlan
from tests.api.programs import API, PROBLEM, Program, token_of
from tests.cases.conftest import write_pair
from tests.cases.packing import zip_bytes
from tests.cases.waiting import make_upload
from tests.cast import Cast, make_user

pytestmark = pytest.mark.django_db
OFFSET = "application/offset+octet-stream"
TUS = {"Tus-Resumable": "1.0.0"}


@pytest.fixture(autouse=True)
def own_folders(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.VAR_DIR = tmp_path / "var"


@pytest.fixture
def coordinator(db):
    return make_user("coordinator", coordinator=True)


@pytest.fixture
def program(coordinator) -> Program:
    return Program(coordinator)


@pytest.fixture
def archive(tmp_path: Path) -> bytes:
    """Two patients, each with a long and a short scan."""
    folder = tmp_path / "dicom"
    for index, patient in enumerate(("Abe-1", "Baba-2")):
        write_pair(folder, patient, hot_slice=4 + index)
    return zip_bytes(
        {
            str(one.relative_to(folder)): one.read_bytes()
            for one in sorted(folder.rglob("*"))
            if one.is_file()
        }
    )


@pytest.fixture
def waiting(cast: Cast) -> Upload:
    """Of the cast's coordinator: one pair is uncertain, one scan is alone."""
    return make_upload(cast)


def send_form(client: Client, content: bytes, **fields: Any) -> Any:
    """As a program sends a form; a worker looks through the files at once."""
    headers = fields.pop("headers", {})
    file = SimpleUploadedFile("cohort.zip", content)
    data = {"name": "First", "files": [file]} | fields
    # not Program.post, which sends JSON
    return Client.post(client, API + "uploads/", data, headers=headers)


def metadata(**values: str) -> str:
    pairs = ((key, base64.b64encode(v.encode()).decode()) for key, v in values.items())
    return ",".join(" ".join(pair) for pair in pairs)


def begin(program: Program, length: int, **more: str) -> Any:
    told = metadata(**{"name": "First", "filename": "cohort.zip", **more})
    headers = {**TUS, "Upload-Length": str(length), "Upload-Metadata": told}
    return program.generic("POST", "uploads/files/", headers=headers)


def more(program: Program, path: str, at: int, body: bytes, **headers: str) -> Any:
    headers = {**TUS, "Upload-Offset": str(at), **headers}
    return program.generic("PATCH", path, body, content_type=OFFSET, headers=headers)


def test_a_cohort_is_made_without_a_browser(
    program, archive, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        response = send_form(program, archive)
    assert response.status_code == 201
    upload = f"uploads/{response.json()['id']}/"
    assert program.get(upload).json()["state"] == "ready"
    plan = program.get(upload + "plan/").json()
    assert (plan["pairs"], plan["uncertain"]) == (2, 0)
    pair = program.get(upload + "plan/pairs/").json()["results"][0]
    assert pair["reference"]["duration_s"] == 1500
    assert pair["reference"]["files"][0].endswith("/A")
    with django_capture_on_commit_callbacks(execute=True):
        given = {"name": "First", "seen": plan["seen"]}
        response = program.post(upload + "confirm/", given)
    assert response.status_code == 202
    done = program.get(upload).json()
    assert (done["state"], done["cohort"]) == ("done", Cohort.objects.get().pk)
    found = program.get(f"cohorts/{done['cohort']}/cases/").json()
    assert [one["code"] for one in found["results"]] == ["C001", "C002"]
    gone = program.get(upload + "plan/")
    assert (gone.status_code, gone.json()["detail"]) == (
        409,
        "These files were imported already.",
    )


def test_a_form_that_is_sent_again_is_taken_once(program, archive):
    key = {"Idempotency-Key": "one"}
    first = send_form(program, archive, headers=key)
    again = send_form(program, archive, headers=key)
    assert first.json() == again.json()
    assert again["Idempotent-Replayed"] == "true"
    assert Upload.objects.count() == 1
    other = send_form(program, archive + b" ", headers=key)
    assert other.status_code == 422
    assert Upload.objects.count() == 1


def test_a_programs_files_never_lie_in_clear(program, settings, monkeypatch):
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0
    settings.FILE_UPLOAD_TEMP_DIR = temporary = settings.VAR_DIR / "tmp"
    temporary.mkdir(parents=True)
    seen = []
    finish = services.receiving.Parcel.finish

    def looked_at(parcel):
        seen.extend(path for path in settings.VAR_DIR.rglob("*") if path.is_file())
        finish(parcel)

    monkeypatch.setattr(services.receiving.Parcel, "finish", looked_at)
    response = send_form(program, b"PN^CANARY" * 100_000)
    assert response.status_code == 201
    assert seen
    assert not any(b"CANARY" in path.read_bytes() for path in seen)


@pytest.mark.parametrize("fields", [{"name": ""}, {"colour": "red"}])
def test_what_cannot_be_used_of_a_form_leaves_nothing(program, archive, fields):
    response = send_form(program, archive, **fields)
    assert response.status_code == 400
    assert [e["field"] for e in response.json()["errors"]] == list(fields)
    assert not Upload.objects.exists()
    assert not UploadFile.objects.exists()


def test_too_large_a_form_is_refused_before_it_is_read(
    program, archive, settings, monkeypatch
):
    settings.COHORT_UPLOAD_MAX_BYTES = 1000

    def read(*args):
        raise AssertionError("it was read")

    monkeypatch.setattr(services.receiving.Parcel, "write", read, raising=False)
    monkeypatch.setattr("readerstudy.cases.api.sending.DigestingHandler", read)
    response = send_form(program, archive)
    assert (response.status_code, response["Content-Type"]) == (413, PROBLEM)
    assert "larger than" in response.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "uploads/"), ("PATCH", "uploads/files/x/"), ("POST", "networks/")],
)
def test_large_files_are_let_through_to_who_may_send_them(program, method, path):
    """And read by nobody before it is known who sends them."""

    def announced(client: Program, size: int) -> int:
        claim = {"CONTENT_LENGTH": str(size), "content_type": "multipart/form-data"}
        return client.generic(method, path, b"", **claim).status_code

    size = 60 * 2**20
    assert announced(program, size) not in (401, 403, 413)
    assert announced(Program(None), size) == 401
    assert announced(Program(make_user("reader")), size) in (403, 404)
    if path == "networks/":
        assert announced(program, 66 * 2**20) == 413


def test_all_else_that_a_program_sends_is_small(program):
    response = program.generic(
        "POST", "uploads/1/confirm/", b"", CONTENT_LENGTH=str(7 * 2**20)
    )
    assert (response.status_code, response["Content-Type"]) == (413, PROBLEM)


def test_too_many_files_are_refused_in_words(program, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 2
    files = [SimpleUploadedFile(f"{n}.dcm", b"x") for n in range(3)]
    response = send_form(program, b"", files=files)
    assert response.status_code == 413
    assert "Please make a zip file of them." in response.json()["detail"]
    assert not Upload.objects.exists()


def test_a_page_of_the_site_shows_its_csrf_token_in_a_header(coordinator, archive):
    """In the form it would be found only after the files were read."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(coordinator)
    browser.get("/cohorts/upload/")
    token = browser.cookies["csrftoken"].value
    in_form = send_form(browser, archive, csrfmiddlewaretoken=token)
    assert in_form.status_code == 403
    assert not Upload.objects.exists()
    in_header = send_form(browser, archive, headers={"X-CSRFToken": token})
    assert in_header.status_code == 201


def test_a_file_comes_in_pieces_with_a_token(
    program, archive, django_capture_on_commit_callbacks
):
    made = begin(program, len(archive))
    assert made.status_code == 201
    path = made["Location"].removeprefix("http://testserver")
    assert made.json()["url"] == made["Location"]
    middle = len(archive) // 2
    sent = more(program, path, 0, archive[:middle])
    assert (sent.status_code, sent["Upload-Offset"]) == (204, str(middle))
    asked = program.generic("HEAD", path, headers=TUS)
    assert (asked.status_code, asked["Upload-Offset"]) == (200, str(middle))
    assert program.get(path).json()["received_bytes"] == middle
    with django_capture_on_commit_callbacks(execute=True):
        more(program, path, middle, archive[middle:])
    upload = program.get(f"uploads/{made.json()['upload']}/").json()
    assert upload["state"] == "ready"


def test_what_tus_refuses_is_told_as_all_else(program, archive):
    path = begin(program, len(archive))["Location"].removeprefix("http://testserver")
    wrong = more(program, path, 5, b"x")
    assert (wrong.status_code, wrong["Content-Type"]) == (409, PROBLEM)
    assert wrong.json()["detail"] == "The file goes on at byte 0."
    silent = program.generic("PATCH", path, b"x", content_type=OFFSET)
    assert (silent.status_code, silent["Tus-Version"]) == (412, "1.0.0")
    over = more(program, path, 0, b"x" * (len(archive) + 1))
    assert (over.status_code, over["Content-Type"]) == (413, PROBLEM)
    assert program.generic("DELETE", path, headers=TUS).status_code == 204
    gone = more(program, path, 0, b"x")
    assert (gone.status_code, gone["Content-Type"]) == (404, PROBLEM)


def test_no_other_method_hides_in_a_header(coordinator, archive):
    """A token for reading does not discard by saying that it only asks."""
    program = Program(coordinator)
    path = begin(program, 10)["Location"].removeprefix("http://testserver")
    reading = {"Authorization": f"Bearer {token_of(coordinator, 'cohorts:read')}"}
    for method in ("GET", "HEAD", "POST", "PATCH"):
        hidden = {**TUS, **reading, "X-HTTP-Method-Override": "DELETE"}
        program.generic(method, path, headers=hidden)
    assert UploadFile.objects.count() == 1


def test_pairs_are_changed_until_somebody_confirms(cast, waiting):
    program = Program(cast.coordinator)
    plan = f"uploads/{waiting.pk}/plan/"
    (uncertain,) = program.get(plan + "pairs/?show=uncertain").json()["results"]
    assert uncertain["code"] == "C002"
    assert uncertain["parity"]["findings"][0]["sentence"] == "They lie apart."
    refused = program.post(f"uploads/{waiting.pk}/confirm/", {"name": "New"})
    assert (refused.status_code, "C002" in refused.json()["detail"]) == (409, True)
    two = {"reference": 2, "short": 3}
    accepted = program.post(plan + "pairs/accept/", {"pairs": [two]}).json()
    assert accepted["uncertain"] == 0
    seen = program.get(plan).json()["seen"]
    swapped = program.post(plan + "pairs/2-3/swap/").json()
    assert swapped["seen"] != seen
    stale = {"name": "New", "seen": seen}
    refused = program.post(f"uploads/{waiting.pk}/confirm/", stale)
    assert "The pairs have changed" in refused.json()["detail"]
    assert program.delete(plan + "pairs/3-2/").json()["pairs"] == 1
    assert program.delete(plan + "pairs/3-2/").status_code == 409
    assert program.post(plan + "pairs/", two).json()["pairs"] == 2
    assert program.patch(plan, {"resampling": True}).json()["resampling"] is True


def test_scans_and_files_without_a_place_say_why(cast, waiting):
    program = Program(cast.coordinator)
    plan = f"uploads/{waiting.pk}/plan/"
    (single,) = program.get(plan + "singles/").json()["results"]
    assert single["scan"]["number"] == 4
    assert single["scan"]["resampled_from"]["shape"] == [9, 64, 64]
    (left_out,) = program.get(plan + "left-out/").json()["results"]
    assert left_out == {"name": "3.dcm", "reason": "It is not an ordinary file."}
    picture = program.get(f"uploads/{waiting.pk}/scans/2.png?slice=7")
    assert picture["Content-Type"] == "image/png"


def test_reasons_are_told_in_the_askers_language(cast, waiting):
    program = Program(cast.coordinator, headers={"Accept-Language": "ja"})
    (left_out,) = program.get(f"uploads/{waiting.pk}/plan/left-out/").json()["results"]
    assert left_out["reason"] == "通常のファイルではありません。"


def test_the_inbox_is_every_coordinators_until_one_takes_it(cast, tmp_path):
    upload = services.receiving_open(user=None, origin="node", peer="GAMMA_1")
    services.file_add(upload=upload, name="a", content=b"x", sop_uid="1.2")
    first, second = Program(cast.coordinator), Program(cast.other_coordinator)
    (found,) = first.get("inbox/").json()["results"]
    assert (found["peer"], found["files"]) == ("GAMMA_1", 1)
    taken = first.post(f"uploads/{upload.pk}/take/", {"name": "From the node"})
    assert taken.status_code == 200
    late = second.post(f"uploads/{upload.pk}/take/", {"name": "Mine"})
    assert late.status_code == 404
    assert Upload.objects.get().uploaded_by == cast.coordinator


def test_an_upload_is_forgotten_when_its_sender_says_so(program):
    upload = begin(program, 10).json()["upload"]
    assert program.delete(f"uploads/{upload}/").status_code == 204
    assert program.get(f"uploads/{upload}/").status_code == 404


def test_a_step_that_lost_its_worker_is_asked_for_again(cast, waiting):
    program = Program(cast.coordinator)
    busy = program.post(f"uploads/{waiting.pk}/retry/")
    assert busy.status_code == 409
    Upload.objects.filter(pk=waiting.pk).update(
        state="scanning", called_at="2020-01-01T00:00Z", error=""
    )
    assert program.get(f"uploads/{waiting.pk}/").json()["can_retry"] is True
    assert program.post(f"uploads/{waiting.pk}/retry/").status_code == 202


def test_more_uploads_are_not_more_queries(program, django_assert_max_num_queries):
    for name in ("One", "Two", "Three"):
        begin(program, 10, name=name)
    with django_assert_max_num_queries(6):
        assert program.get("uploads/").json()["count"] == 3


def test_what_is_looked_for_in_a_pacs_is_checked_as_on_the_page(program, settings):
    settings.PACS = {"MAIN": {"url": "https://pacs.test", "username": ""}}
    assert program.get("pacs/").json()["results"] == [{"name": "MAIN"}]
    for asked, said in (
        ({"pacs": "MAIN"}, "Please give a patient ID, a description or a day."),
        (
            {"pacs": "MAIN", "first": "2026-02-02", "last": "2026-02-01"},
            "The last day is before the first.",
        ),
    ):
        response = program.post("pacs/search/", asked)
        assert response.status_code == 400
        assert response.json()["errors"][0]["detail"] == said


def test_examinations_are_found_in_a_pacs_and_fetched(
    coordinator, program, settings, monkeypatch
):
    settings.PACS = {
        "MAIN": {"url": "https://p.test", "username": "", "ca_file": ""},
    }
    study = FoundStudy("1.2.3", "A-1", "2026-02-01", "DaT", "NM", "2")
    asked = []

    def studies(remote, query):
        asked.append((remote.server.name, query.patient_id))
        return [study], False

    monkeypatch.setattr(Remote, "studies", studies)
    wanted = {"pacs": "MAIN", "patient_id": "A*"}
    found = program.post("pacs/search/", wanted).json()
    assert asked == [("MAIN", "A*")]
    assert (found["studies"][0]["uid"], found["cut"]) == ("1.2.3", False)
    given = {"pacs": "MAIN", "name": "Fetched", "studies": ["1.2.3"]}
    response = program.post("pacs/fetch/", given)
    assert response.status_code == 202
    upload = response.json()
    assert (upload["state"], upload["origin"]) == ("receiving", "pull")
    early = program.post(f"uploads/{upload['id']}/take/", {"name": "Fetched"})
    assert early.status_code == 409
    Upload.objects.update(error="MAIN cannot be reached.")
    failed = program.get(f"uploads/{upload['id']}/").json()
    assert (failed["can_retry"], failed["error"]) == (True, "MAIN cannot be reached.")
    assert program.post(f"uploads/{upload['id']}/retry/").json()["error"] == ""
    wrong = program.post("pacs/fetch/", {**given, "studies": ["1.2/../3"]})
    assert wrong.json()["errors"][0]["field"] == "studies.0"


def test_a_plan_of_many_pairs_comes_in_pages(cast, waiting, monkeypatch):
    plan = services.uploads.upload_plan(waiting)
    many = CohortPlan(
        folder=plan.folder, pairs=plan.pairs * 60, singles=(), left_out=()
    )
    services.uploads.plan_keep(waiting, many)
    found = Program(cast.coordinator).get(f"uploads/{waiting.pk}/plan/pairs/").json()
    assert (found["count"], len(found["results"])) == (120, 100)
    assert found["next"].endswith("?page=2")
