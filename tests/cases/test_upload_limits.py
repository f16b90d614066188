"""What one person may let wait: so many uploads, so many bytes; others are free."""

from io import BytesIO
from types import SimpleNamespace

import pytest

from readerstudy.cases.models import Upload
from readerstudy.cases.services import pulling, sending
from readerstudy.imaging.errors import Refused

from .test_tus import Sender

pytestmark = pytest.mark.django_db


@pytest.fixture
def few(monkeypatch, settings) -> None:
    """Three uploads, and 3 × 1 MB that are begun."""
    monkeypatch.setattr(sending, "MOST_WAITING", 3)
    settings.COHORT_UPLOAD_MAX_BYTES = 2**20


@pytest.fixture
def sender(coordinator, few) -> Sender:
    return Sender(coordinator)


def begun(sender: Sender, number: int, size: int = 10) -> list[str]:
    return [sender.create(size, name=f"Cohort {n}")["Location"] for n in range(number)]


def test_who_lets_too_many_uploads_wait_is_told_to_import_or_discard(
    sender, other_coordinator
):
    paths = begun(sender, 3)
    response = sender.create(name="One more")
    assert response.status_code == 422
    assert response.content.decode() == (
        "3 of your uploads wait to be imported. Please import or discard some of them "
        "first."
    )
    assert Upload.objects.count() == 3
    assert Sender(other_coordinator).create().status_code == 201, "another person"
    sender.ask("DELETE", paths[0])
    assert sender.create(name="One more").status_code == 201


def test_what_is_imported_waits_no_more(sender):
    begun(sender, 3)
    Upload.objects.update(state=Upload.State.DONE)
    assert sender.create(name="One more").status_code == 201


def test_what_is_begun_is_limited_in_bytes(sender, monkeypatch):
    monkeypatch.setattr(sending, "MOST_WAITING", 9)
    begun(sender, 2, size=2**20)
    begun(sender, 1, size=2**20 - 5)
    response = sender.create(6, name="One more")
    assert response.status_code == 413
    assert response.content.decode() == (
        "With what you have begun to send, these are more than 3 MB. Please send that "
        "to its end, or discard it, first."
    )
    assert sender.create(5, name="One more").status_code == 201
    Upload.objects.filter(name="One more").update(state=Upload.State.SCANNING)
    assert sender.create(5, name="Whole ones count no more").status_code == 201


def test_a_form_without_scripts_is_held_to_it_before_it_is_read(sender, browser):
    begun(sender, 3)
    files = BytesIO(b"x")
    files.name = "x.dcm"
    page = browser.post("/cohorts/upload/", {"name": "Form", "files": files})
    assert page.status_code == 413
    assert "wait to be imported" in page.content.decode()
    assert Upload.objects.count() == 3


def test_so_is_a_fetch_from_a_pacs(sender, coordinator, monkeypatch):
    monkeypatch.setattr(
        pulling, "server_named", lambda name: SimpleNamespace(name=name)
    )
    begun(sender, 3)
    with pytest.raises(Refused, match="wait to be imported"):
        pulling.pull_open(
            user=coordinator, pacs="archive", studies=["1.2.3"], name="Fetched"
        )
    assert Upload.objects.count() == 3
