"""A restore is all or nothing, whatever ends it."""

import io
import json
import signal
import sqlite3
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.object_store import BUCKET, object_store_server

from .systems import System, first_release
from .test_refusals import flipped

pytestmark = pytest.mark.faults

KEY = "--other-identity-key"
Manifest = dict[str, Any]


def is_empty(system: System) -> bool:
    return not system.files() and not any(
        rows for name, rows in system.rows().items() if name != "sqlite_sequence"
    )


def test_a_restore_that_was_killed_leaves_an_empty_system_that_takes_the_next(tmp_path):
    system, backup = System(tmp_path / "var"), first_release(tmp_path)
    killed = system.run("-m", "tests.operations.dying", str(backup))
    assert killed.returncode == -signal.SIGKILL
    assert len(system.files()) == 7  # under names that no row has
    # as if the last one had been written half
    torn = next((system.folder / "media" / "renditions").iterdir())
    torn.write_bytes(torn.read_bytes()[:1000])
    assert not any(system.rows().values())
    system.manage("restore", str(backup), KEY)
    with sqlite3.connect(system.folder / "db.sqlite3") as database:
        (scores,) = database.execute("SELECT COUNT(*) FROM reading_score").fetchone()
    assert scores == 78
    assert len(system.files()) == 15


def with_manifest(archive: Path, target: Path, change: Callable[[Manifest], None]):
    """A copy of an archive that is not sealed, as somebody else would write it."""
    with tarfile.open(archive) as old, tarfile.open(target, "w") as new:
        for member in old.getmembers():
            content = old.extractfile(member).read()
            if member.name == "manifest.json":
                manifest = json.loads(content)
                change(manifest)
                content = json.dumps(manifest).encode()
                member.size = len(content)
            new.addfile(member, io.BytesIO(content))


@pytest.fixture
def archives(tmp_path: Path) -> Path:
    folder = tmp_path / "archives"
    folder.mkdir()
    first = first_release(tmp_path)
    clear = first.read_bytes()

    def newer(manifest: Manifest) -> None:
        manifest["migrations"].append(["reading", "0999_of_tomorrow"])

    def other_format(manifest: Manifest) -> None:
        manifest["format"] = 2

    with_manifest(first, folder / "newer.backup", newer)
    with_manifest(first, folder / "format.backup", other_format)
    for name, content in {
        "flipped": flipped(clear, len(clear) // 2),
        "narrow": clear,
        "keyless": clear,
        "empty": b"",
        "picture": b"\x89PNG" * 1000,
    }.items():
        (folder / f"{name}.backup").write_bytes(content)
    return folder


def test_no_bad_archive_and_no_full_disk_leaves_anything_behind(
    archives: Path, tmp_path
):
    system = System(tmp_path / "var")
    said = system.told("tests.operations.attempts", "restores", str(archives))
    for name, sentence in {
        "newer": "has seen the migration reading.0999_of_tomorrow, which is not known",
        "format": "The backup has the format 2; this version of the program reads",
        "flipped": "The archive is damaged or cut off: the file renditions/",
        "narrow": "Nothing was restored",
        "keyless": "patients who are in it would not be recognised again",
        "empty": "The file is no backup of this program.",
        "picture": "The file is no backup of this program.",
    }.items():
        assert sentence in said.pop(name)
    assert said == {}
    assert is_empty(system)


def test_files_go_into_an_object_store_and_come_out_of_it(tmp_path):
    backup = first_release(tmp_path)
    with object_store_server() as store:
        system = System(tmp_path / "var", environment=store.environment())
        system.manage("restore", str(backup), KEY)
        assert len(store.names()) == 15
        assert system.files() == {}
        lost = next(name for name in store.names() if name.startswith("renditions"))
        store.client.delete_object(Bucket=BUCKET, Key=lost)
        again = tmp_path / "again.backup"
        said = system.manage("backup", str(again))
    assert f"{lost} is missing" in said

    def files(path: Path) -> dict[str, bytes]:
        with tarfile.open(path) as tar:
            return {
                member.name: tar.extractfile(member).read()
                for member in tar.getmembers()
                if member.name.startswith("files/")
            }

    kept = files(backup)
    del kept[f"files/{lost}"]
    assert files(again) == kept
