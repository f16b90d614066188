"""What cannot be backed up or restored is refused in words, and nothing has changed."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage

from readerstudy.imaging.errors import Refused
from readerstudy.operations.backup.archive import Member
from readerstudy.operations.backup.checking import backup_check
from readerstudy.operations.backup.storing import Storing

from .conftest import Original
from .systems import PASSPHRASE, System, first_release, passphrase_file

pytestmark = pytest.mark.sqlite  # the same on both databases

Manifest = dict[str, Any]


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def test_a_system_that_is_not_empty_is_not_touched(original: Original, tmp_path):
    before, files = original.system.rows(), original.system.files()
    said = original.system.refused("restore", str(first_release(tmp_path)))
    assert "This system is not empty: " in said
    assert "nothing was changed" in said
    assert (original.system.rows(), original.system.files()) == (before, files)


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/tmp/evil"])
def test_no_file_is_written_where_an_altered_archive_wants_it(name, tmp_path):
    storage, content = FileSystemStorage(tmp_path / "media"), BytesIO(b"evil")
    storing = Storing()
    with pytest.raises(Refused, match="leads out of the storage"):
        storing.store(storage, name, Member(name, 4, content))
    storing.take_back()
    assert not list(tmp_path.rglob("evil"))
    assert not Path("/tmp/evil").exists()


def test_a_backup_that_cannot_be_written_leaves_nothing(copied: System, tmp_path):
    folder = tmp_path / "backups"
    folder.mkdir()
    said = copied.told("tests.operations.attempts", "backups", str(folder))
    assert "is there already; a backup never replaces another" in said["there"]
    assert "nowhere is not there" in said["folder"]
    assert "too short: 12 characters at least" in said["short"]
    assert "is full. No backup was made, and nothing of it is left" in said["full"]
    assert [path.name for path in folder.iterdir()] == ["there"]
    assert (folder / "there").read_text() == "kept"


def test_whether_a_backup_is_whole_is_said_without_a_system(
    original: Original, tmp_path
):
    nobody, key = System(tmp_path / "var"), tmp_path / "key"
    sealed = f"--passphrase-file={passphrase_file(tmp_path)}"
    wanted = ("verify_backup", str(original.backup), sealed)
    said = nobody.manage(*wanted, "--write-identity-key", str(key))
    assert "The backup is whole: made at 20" in said
    assert "was missing when it was made" in said
    assert key.read_text() == (original.system.folder / "identity-key").read_text()
    assert key.stat().st_mode & 0o777 == 0o600


def test_damage_is_found_wherever_it_is(original: Original, tmp_path):
    clear = first_release(tmp_path).read_bytes()
    sealed = original.backup.read_bytes()
    path = tmp_path / "damaged"

    def said(content: bytes, passphrase: str | None = None) -> str:
        path.write_bytes(content)
        with pytest.raises(Refused) as refused:
            backup_check(path=path, passphrase=passphrase, progress=lambda line: None)
        return str(refused.value)

    for part in (0.1, 0.5, 0.9):
        place = int(part * len(clear))
        assert "damaged or cut off" in said(clear[:place])
        assert "damaged or cut off" in said(flipped(clear, place))
    assert "needs its passphrase" in said(sealed)
    assert "passphrase is not the one" in said(sealed, "not this one, surely")
    place = len(sealed) // 2
    where = "damaged or cut off, some {} MB from its beginning"
    assert where.format(place // 2**20) in said(sealed[:place], PASSPHRASE)
    place = len(sealed) - 100
    assert place // 2**20 > 1
    assert where.format(place // 2**20) in said(flipped(sealed, place), PASSPHRASE)
