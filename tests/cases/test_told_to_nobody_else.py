"""What may name a patient is told to who sent it, and stands nowhere in clear."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.urls import reverse

from readerstudy.cases import services
from readerstudy.cases.models import Upload
from readerstudy.cases.plan import scan_path
from readerstudy.cases.services import receiving, uploads
from readerstudy.cases.storage.sealing import sealed_sentence, unsealed_sentence

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
    with pytest.raises(services.receiving.Refused, match="just taken"):
        services.upload_discard(upload=seen, by=other)
    assert Upload.objects.filter(pk=node.pk).exists()
    assert receiving.upload_folder(node).exists()


def test_no_warning_quotes_an_odd_uid():
    """pydicom's warnings would go to the log, and quote what they warn of."""
    does = (
        "import readerstudy.imaging.dicom_file\n"
        "from readerstudy.cases.gateways.stow import *\n"
        "answer = response_of([Stored('1.2', 'YAMADA^HANAKO')])\n"
        "encoded(answer, 'application/dicom+json')\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "always::UserWarning", "-c", does],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "YAMADA" not in done.stderr


def confirm_page_of(upload: Upload) -> str:
    return reverse("cases:cohort-confirm", args=[upload.pk])
