"""What may name a patient is told to who sent it, and stands nowhere in clear."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.urls import reverse

from readerstudy.cases import services
from readerstudy.cases.models import Upload
from readerstudy.cases.plan import scan_path
from readerstudy.cases.services import pairing, receiving, uploads
from readerstudy.cases.storage.sealing import sealed_sentence, unsealed_sentence
from readerstudy.imaging.errors import Refused

from .conftest import send_files
from .packing import zip_with

NAME = "Yamada Hanako"
MANIFEST = f"file,case\n{NAME}/long.dcm,C001\n".encode()


def kept(upload: Upload) -> str:
    return str(Upload.objects.filter(pk=upload.pk).values().get())


@pytest.mark.django_db
def test_a_name_in_a_manifest_is_told_to_its_sender_and_kept_sealed(
    client, coordinator, tmp_path: Path, django_capture_on_commit_callbacks
):
    sent = zip_with(tmp_path / "cohort.zip", {"manifest.csv": MANIFEST, "a": b"x"})
    with django_capture_on_commit_callbacks(execute=True):
        upload = send_files(coordinator, "First", sent)
    upload.refresh_from_db()
    assert upload.state == Upload.State.FAILED
    assert NAME in upload.reason
    assert NAME not in kept(upload)
    client.force_login(coordinator)
    assert NAME in client.get(confirm_page_of(upload)).content.decode()


@pytest.mark.django_db
def test_the_name_of_a_scan_that_changed_is_kept_sealed(
    archive, coordinator, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        upload = send_files(coordinator, "First", archive)
    plan = uploads.upload_plan(upload)
    scan = plan.pairs[0].reference
    scan_path(plan.folder, scan.number).write_bytes(b"something else")
    with django_capture_on_commit_callbacks(execute=True):
        services.upload_confirm(upload=upload, name="First")
    upload.refresh_from_db()
    assert scan.name in upload.reason
    assert scan.name not in kept(upload)


def test_a_sentence_sealed_under_another_key_says_so(settings):
    sealed = sealed_sentence(f"{NAME}.zip has changed.")
    assert NAME not in sealed
    assert unsealed_sentence(sealed) == f"{NAME}.zip has changed."
    assert unsealed_sentence("as it stands") == "as it stands"
    settings.IDENTITY_KEY = "another" * 10
    assert "IDENTITY_KEY has changed" in unsealed_sentence(sealed)


@pytest.mark.django_db
def test_after_a_change_of_the_key_the_page_asks_for_the_files_again(
    client, archive, coordinator, settings, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        upload = send_files(coordinator, "First", archive)
    settings.IDENTITY_KEY = "another" * 10
    client.force_login(coordinator)
    page = client.get(confirm_page_of(upload))
    assert page.status_code == 200
    assert "Please send the files again" in page.content.decode()


@pytest.mark.django_db
def test_what_another_has_just_taken_from_the_inbox_is_not_discarded(
    coordinator, django_user_model
):
    node = services.receiving_open(user=None, origin=Upload.Origin.NODE, peer="PACS")
    services.file_add(upload=node, name="a", content=b"x")
    seen = Upload.objects.get(pk=node.pk)  # by one who is about to discard it
    services.upload_take(upload=node, name="Taken", by=coordinator)
    other = django_user_model.objects.create_user("other")
    with pytest.raises(Refused, match="just taken"):
        services.upload_discard(upload=seen, by=other)
    assert Upload.objects.filter(pk=node.pk).exists()
    assert receiving.upload_folder(node).exists()


@pytest.mark.django_db
def test_what_a_worker_is_still_fetching_is_not_taken_by_half(coordinator):
    pull = services.receiving_open(user=coordinator, origin=Upload.Origin.PULL)
    services.file_add(upload=pull, name="a", content=b"x")
    with pytest.raises(Refused, match="not come to their end"):
        services.upload_take(upload=pull, name="First", by=coordinator)


@pytest.mark.django_db
def test_pairs_that_another_window_changed_are_not_imported_unseen(
    client, archive, coordinator, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        upload = send_files(coordinator, "First", archive)
    client.force_login(coordinator)
    page = client.get(confirm_page_of(upload))
    [seen] = re.findall(r'name="seen" value="(\w+)"', page.content.decode())
    pair = uploads.upload_plan(upload).pairs[0]
    reference, short = pair.numbers
    pairing.pair_swap(upload=upload, reference=reference, short=short)
    data = {"name": "First", "seen": seen}
    page = client.post(confirm_page_of(upload), data, follow=True)
    assert "The pairs have changed since" in page.content.decode()
    upload.refresh_from_db()
    assert upload.state == Upload.State.READY
    data["seen"] = uploads.upload_plan(upload).seen
    client.post(confirm_page_of(upload), data)
    upload.refresh_from_db()
    assert upload.state == Upload.State.IMPORTING


def test_the_lines_of_the_worker_go_the_way_of_all_others():
    """Celery would set up a log of its own, that lets UIDs pass."""
    does = (
        "import logging\n"
        "from readerstudy.config.celery import app\n"
        "app.loader.init_worker()\n"
        "app.log.setup(loglevel='INFO')\n"
        "logging.getLogger('celery.worker').error('GET /studies/1.2.392.1.1.1.7')\n"
    )
    said = said_by(does)
    assert "celery.worker: GET /…" in said
    assert "1.2.392" not in said


def test_no_warning_quotes_an_odd_uid():
    """pydicom's warnings would go to the log, and quote what they warn of."""
    does = (
        "import readerstudy.imaging.dicom_file\n"
        "from readerstudy.cases.gateways.stow import *\n"
        "answer = response_of([Stored('1.2', 'YAMADA^HANAKO')])\n"
        "encoded(answer, 'application/dicom+json')\n"
    )
    assert "YAMADA" not in said_by(does)


def said_by(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "always::UserWarning", "-c", program],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stderr


def confirm_page_of(upload: Upload) -> str:
    return reverse("cases:cohort-confirm", args=[upload.pk])
