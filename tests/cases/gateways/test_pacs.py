"""A coordinator fetches studies from a real Orthanc, by its DICOMweb plugin."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from readerstudy.cases import services
from readerstudy.cases.gateways import pacs
from readerstudy.cases.gateways.part10 import read_head
from readerstudy.cases.models import Cohort, Upload
from readerstudy.cases.services import pulling
from readerstudy.cases.services.receiving import file_path
from readerstudy.cases.storage.sealing import sealed_open
from readerstudy.config.pacs import pacs_of
from readerstudy.imaging.errors import Refused
from tests.cases.conftest import write_pair
from tests.cases.gateways.conftest import Orthanc
from tests.imaging.objects import compressed, head, nuclear_object, write

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

PATIENTS = ("Hara-1", "Ishii-2", "Jinnai-3")


@pytest.fixture(scope="session")
def filled(orthanc: Orthanc, tmp_path_factory: pytest.TempPathFactory) -> Orthanc:
    """Three patients' pairs, and a fourth's single scan, packed."""
    folder = tmp_path_factory.mktemp("archive")
    for patient in PATIENTS:
        write_pair(folder, patient)
    packed = compressed(nuclear_object(head(), patient="Kondo-4", study="1.2.44"))
    write(packed, folder / "packed")
    orthanc.put(*(path for path in sorted(folder.rglob("*")) if path.is_file()))
    return orthanc


@pytest.fixture
def archive(filled: Orthanc, settings) -> Orthanc:
    settings.PACS = pacs_of({"PACS": filled.setting()})
    return filled


def asked(**more: str) -> dict[str, str]:
    return {"pacs": "Archive", "patient_id": "*", "modality": "", **more}


def studies_of(*patients: str) -> list[str]:
    with pacs.Remote(pacs.server_named("Archive")) as remote:
        return [
            study.uid
            for patient in patients
            for study in remote.studies(pacs.Query(patient_id=patient))[0]
        ]


@pytest.fixture
def ordered(archive, coordinator, django_capture_on_commit_callbacks) -> Upload:
    """Two patients' studies, chosen; no worker has taken them up."""
    with django_capture_on_commit_callbacks():
        return pulling.pull_open(
            user=coordinator,
            pacs="Archive",
            studies=studies_of("Hara-1", "Ishii-2"),
            name="Fetched",
        )


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, {*PATIENTS, "Kondo-4"}),
        ({"patient_id": "Hara-1"}, {"Hara-1"}),
        ({"patient_id": "?????-2"}, {"Ishii-2"}),
        ({"patient_id": "Nobody"}, set()),
        ({"modality": "OT", "patient_id": "I*"}, {"Ishii-2"}),
        ({"modality": "MR"}, set()),
    ],
)
def test_a_search_finds_what_the_archive_has(
    archive: Orthanc, browser: Client, wanted: dict[str, str], found: set[str]
) -> None:
    answer = browser.post(reverse("cases:pacs-search"), asked(**wanted))
    assert {study.patient_id for study in answer.context["studies"]} == found
    assert answer.headers["Cache-Control"].count("no-store")
    assert b"Yamada" not in answer.content  # a name is not needed to choose


def test_a_search_for_everything_is_not_sent(archive: Orthanc, browser: Client) -> None:
    answer = browser.post(reverse("cases:pacs-search"), asked(patient_id=""))
    assert "studies" not in answer.context
    assert "Please give a patient ID" in answer.text


def test_chosen_studies_become_a_cohort(
    archive: Orthanc, browser: Client, django_capture_on_commit_callbacks
) -> None:
    form = asked(patient_id="*", name="From the archive")
    with django_capture_on_commit_callbacks(execute=True):
        answer = browser.post(
            reverse("cases:pacs-search"),
            form | {"fetch": "chosen", "study": studies_of("Hara-1", "Jinnai-3")},
        )
    upload = Upload.objects.get()
    assert answer.url == reverse("cases:cohort-confirm", args=[upload.pk])
    assert (upload.state, upload.error, upload.peer) == ("ready", "", "Archive")
    with django_capture_on_commit_callbacks(execute=True):
        services.upload_confirm(upload=upload, name=upload.name)
    assert Cohort.objects.get().cases.count() == 2


def test_all_that_are_shown_can_be_fetched_at_once(
    archive: Orthanc, browser: Client, django_capture_on_commit_callbacks
) -> None:
    shown = studies_of("*")
    with django_capture_on_commit_callbacks(execute=True):
        browser.post(
            reverse("cases:pacs-search"),
            asked(name="All of them") | {"fetch": "all", "shown": " ".join(shown)},
        )
    plan = services.uploads.upload_plan(Upload.objects.get())
    assert (len(plan.pairs), len(plan.singles)) == (3, 1)


def test_a_form_of_as_many_as_are_shown_is_not_too_large(
    archive: Orthanc, browser: Client
) -> None:
    many = [f"1.2.{number}" for number in range(pacs.MOST_STUDIES)]
    form = asked(name="Many") | {"shown": " ".join(many), "study": many}
    answer = browser.post(reverse("cases:pacs-search"), form | {"fetch": "chosen"})
    assert answer.status_code == 302


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"study": []}, "Please choose at least one examination."),
        ({"study": ["1.2/../../instances"]}, "That is not an examination."),
        ({"name": "Taken", "study": ["1.2.3"]}, "There is a cohort named"),
    ],
)
def test_what_cannot_be_fetched_is_said_beside_the_studies(
    archive: Orthanc, browser: Client, more: dict, said: str
) -> None:
    Cohort.objects.create(name="Taken")
    form = asked(name="New") | {"fetch": "chosen"} | more
    answer = browser.post(reverse("cases:pacs-search"), form)
    assert said in answer.text
    assert len(answer.context["studies"]) == 4
    assert not Upload.objects.exists()


def test_packed_pixels_come_as_they_are_stored(
    archive: Orthanc, coordinator, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks():
        upload = pulling.pull_open(
            user=coordinator,
            pacs="Archive",
            studies=studies_of("Kondo-4"),
            name="Packed",
        )
        pulling.upload_pull(upload_id=upload.pk)
    with sealed_open(file_path(upload.files.get())) as file:
        assert read_head(file).transfer_syntax == "1.2.840.10008.1.2.5"


def test_what_was_chosen_lies_nowhere_in_clear(
    ordered: Upload, tmp_path: Path, settings
) -> None:
    uids = [uid.encode() for uid in studies_of("Hara-1", "Ishii-2")]
    kept = [path for path in Path(settings.VAR_DIR).rglob("*") if path.is_file()]
    assert kept
    assert not any(uid in path.read_bytes() for uid in uids for path in kept)


def test_a_broken_fetch_goes_on_where_it_was(
    ordered: Upload, monkeypatch, django_capture_on_commit_callbacks
) -> None:
    asked_for: list[pacs.Place] = []
    content = pacs.Remote.content

    def breaking(self: pacs.Remote, place: pacs.Place) -> Iterator[bytes]:
        asked_for.append(place)
        if len(asked_for) == 3:
            raise pacs.PacsError("The connection to Archive was lost.")
        return content(self, place)

    monkeypatch.setattr(pacs.Remote, "content", breaking)
    pulling.upload_pull(upload_id=ordered.pk)
    ordered.refresh_from_db()
    assert ordered.state == Upload.State.RECEIVING
    assert ordered.error == "The connection to Archive was lost."
    assert ordered.files.count() == 2
    with django_capture_on_commit_callbacks(execute=True):
        pulling.pull_retry(upload=ordered)
    ordered.refresh_from_db()
    assert (ordered.state, ordered.error) == ("ready", "")
    assert len(asked_for) == 5  # four instances, and one of them twice


def test_a_fetch_whose_worker_died_is_taken_up_again(
    ordered: Upload, django_capture_on_commit_callbacks
) -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    Upload.objects.update(claim="dead", heartbeat_at=long_ago, called_at=long_ago)
    with django_capture_on_commit_callbacks(execute=True):
        assert pulling.pulls_recover() == 1
    ordered.refresh_from_db()
    assert ordered.state == Upload.State.READY


def test_a_fetch_that_ends_its_worker_three_times_is_given_up(ordered: Upload) -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    Upload.objects.update(attempts=3, heartbeat_at=long_ago, called_at=long_ago)
    assert pulling.pulls_recover() == 0
    ordered.refresh_from_db()
    assert "three times" in ordered.error


def test_a_fetch_that_a_living_worker_is_at_is_not_begun_again(
    ordered: Upload,
) -> None:
    Upload.objects.update(claim="alive", heartbeat_at=timezone.now())
    pulling.upload_pull(upload_id=ordered.pk)
    assert not ordered.files.exists()
    with pytest.raises(Refused, match="busy"):
        pulling.pull_retry(upload=ordered)


def test_a_fetch_that_is_discarded_meanwhile_ends(
    ordered: Upload, monkeypatch, caplog
) -> None:
    content = pacs.Remote.content

    def discarding(self: pacs.Remote, place: pacs.Place) -> Iterator[bytes]:
        Upload.objects.all().delete()
        return content(self, place)

    monkeypatch.setattr(pacs.Remote, "content", discarding)
    pulling.upload_pull(upload_id=ordered.pk)
    assert not Upload.objects.exists()
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_the_page_tells_how_far_it_is(ordered: Upload, browser: Client) -> None:
    Upload.objects.update(done=3, total=8, claim="alive", heartbeat_at=timezone.now())
    address = reverse("cases:pacs-progress", args=[ordered.pk])
    page = browser.get(reverse("cases:cohort-confirm", args=[ordered.pk]))
    part = browser.get(address, headers={"HX-Request": "true"})
    for shown in (page, part):
        assert "3 of 8" in shown.text
    Upload.objects.update(error="The connection to Archive was lost.")
    assert browser.get(address, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    page = browser.get(reverse("cases:cohort-confirm", args=[ordered.pk]))
    assert "The connection to Archive was lost." in page.text


def test_only_configured_servers_are_asked(
    archive: Orthanc, browser: Client, coordinator
) -> None:
    answer = browser.post(reverse("cases:pacs-search"), asked(pacs="http://evil/"))
    assert "studies" not in answer.context
    with pytest.raises(Refused, match="no PACS of that name"):
        pulling.pull_open(
            user=coordinator, pacs="http://evil/", studies=["1.2"], name="New"
        )


def test_without_a_pacs_the_page_says_so(browser: Client, settings) -> None:
    settings.PACS = {}
    page = browser.get(reverse("cases:pacs-search"))
    assert "No PACS is configured" in page.text


def test_a_study_of_many_pages_is_listed_whole(archive: Orthanc, monkeypatch) -> None:
    monkeypatch.setattr(pacs, "PAGE", 1)
    (study,) = studies_of("Hara-1")
    with pacs.Remote(pacs.server_named("Archive")) as remote:
        assert len({place.instance for place in remote.instances(study)}) == 2
