"""Small cohorts as DICOM files: heads of 12 slices of 72×72 pixels."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from readerstudy.cases import services
from readerstudy.cases.models import Upload
from readerstudy.cases.plan import CohortPlan
from tests.cast import make_user
from tests.imaging.objects import head, nuclear_object, write

REFERENCE_MS, SHORT_MS = 25_000, 5_000  # of 60 projections: 25 and 5 minutes


def write_pair(folder: Path, patient: str, *, hot_slice: int = 6) -> None:
    """Both scans of one patient; stored, as real systems do, highest slice first."""
    for name, frame_ms, scale in (
        ("A", REFERENCE_MS, 5.0),
        ("B", SHORT_MS, 1.0),
    ):
        # a little of the patient in the counts: no two heads are alike
        frames = head(hot_slice=hot_slice, scale=scale)
        frames[:, 0, 0] = sum(patient.encode()) % 97
        ds = nuclear_object(
            frames[::-1],
            patient=patient,
            study=f"1.2.{sum(patient.encode())}",
            frame_ms=frame_ms,
        )
        write(ds, folder / patient / name)


def send_files(user: User, name: str, *paths: Path) -> Upload:
    """The files, as if they had come; a worker is called to look through them."""
    upload = services.receiving_open(user=user, origin=Upload.Origin.BROWSER, name=name)
    for path in paths:
        services.file_add(upload=upload, name=path.name, content=path.read_bytes())
    services.receiving_finish(upload=upload, name=name, by=user)
    upload.refresh_from_db()
    return upload


def reasons(plan: CohortPlan) -> dict[str, str]:
    """Why each file is in no case, by its name."""
    found = {one.name: one.reason for one in plan.left_out}
    for single in plan.singles:
        found |= dict.fromkeys(single.series.files, single.reason)
    return found


def stored_files() -> list[Path]:
    """Every file that the storage holds."""
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


@pytest.fixture(autouse=True)
def own_folders(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.VAR_DIR = tmp_path / "var"


@pytest.fixture
def coordinator(db):
    return make_user("coordinator", coordinator=True)


@pytest.fixture
def other_coordinator(db):
    return make_user("other-coordinator", coordinator=True)


@pytest.fixture
def browser(coordinator) -> Client:
    client = Client()
    client.force_login(coordinator)
    return client


@pytest.fixture
def other(other_coordinator) -> Client:
    """The other coordinator's browser."""
    client = Client()
    client.force_login(other_coordinator)
    return client


@pytest.fixture
def folder(tmp_path) -> Path:
    """Three patients and two files that belong to nobody."""
    found = tmp_path / "dicom"
    for index, patient in enumerate(("Abe-1", "Baba-2", "Chiba-3")):
        write_pair(found, patient, hot_slice=4 + index)
    (found / "truth.csv").write_text("case,grade\n")
    write(
        nuclear_object(np.ones((12, 72, 72), np.uint16), patient="Doi-4"),
        found / "single",
    )
    return found


@pytest.fixture
def archive(folder, tmp_path) -> Path:
    path = tmp_path / "cohort.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                packed.write(file, file.relative_to(folder))
    return path


@pytest.fixture
def upload(archive, coordinator, django_capture_on_commit_callbacks) -> Upload:
    """A zip of three pairs, looked through by the worker."""
    with django_capture_on_commit_callbacks(execute=True):
        upload = send_files(coordinator, "First", archive)
    upload.refresh_from_db()
    return upload
