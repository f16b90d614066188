"""Folders, zips and archives from outside: read within bounds, never unpacked."""

import os
import stat
import struct
import zipfile
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readerstudy.cases import services
from readerstudy.cases.sources import (
    Opener,
    archives,
    collection,
    entries,
    open_source,
    sealed_source,
)
from readerstudy.cases.storage.sealing import sealed_append, sealed_open
from readerstudy.imaging.errors import Refused

from .conftest import reasons
from .packing import contents, iso_bytes, left_out, zip_bytes, zip_with

pytestmark = pytest.mark.django_db
DAMAGED = zip_bytes({"a/1": b"x" * 300, "b": b"y", "inner.zip": zip_bytes({"c": b"z"})})


def refused_in(path: Path) -> dict[str, str]:
    return reasons(services.cohort_scan(path))


# names


def test_a_member_whose_path_climbs_is_left_out_and_written_nowhere(tmp_path):
    climbing = ("../../evil", "/etc/passwd", "a/../../b", "..\\c", "C:\\d", "\\\\h\\e")
    path = zip_with(tmp_path / "a.zip", dict.fromkeys(climbing, b"x"))
    before = set(tmp_path.rglob("*"))
    found = left_out(path)
    assert len(found) == len(climbing)
    assert set(found.values()) == {"Its path leads out of what was sent."}
    assert contents(path) == {}
    assert set(tmp_path.rglob("*")) == before


def test_what_systems_leave_behind_is_named_and_not_read(tmp_path):
    junk = (
        "Thumbs.db",
        "a/.DS_Store",
        "__MACOSX/a/._1.dcm",
        "a/._1.dcm",
        "DESKTOP.INI",
        "AUTORUN.INF",
        "$RECYCLE.BIN/x",
    )
    path = zip_with(tmp_path / "a.zip", {**dict.fromkeys(junk, b"x"), "a/1.dcm": b"y"})
    assert contents(path) == {"a/1.dcm": b"y"}
    found = left_out(path)
    assert set(found) == set(junk)
    assert set(found.values()) == {
        "It is a file of the operating system, not an image."
    }


def test_names_that_no_page_could_hold_are_shown_as_far_as_they_can_be(tmp_path):
    folder = tmp_path / "odd"
    folder.mkdir()
    for name in (b"\xff\xfe", b"a\nb", "\u202efdp".encode(), "山田　太郎".encode()):
        Path(os.fsdecode(bytes(folder) + b"/" + name)).write_bytes(b"x")
    names = set(contents(folder))
    assert names == {"\ufffd\ufffd", "a\ufffdb", "\ufffdfdp", "山田　太郎"}
    assert set(refused_in(folder)) == names


def test_names_of_zips_from_japanese_windows_are_readable(tmp_path):
    content = zip_bytes({"XXXX/1": b"x"})  # four bytes of cp932 for two letters
    path = tmp_path / "a.zip"
    path.write_bytes(content.replace(b"XXXX", "山田".encode("cp932")))
    assert list(contents(path)) == ["山田/1"]


# links and what is no file


def test_links_are_named_and_not_followed(tmp_path):
    folder, outside = tmp_path / "folder", tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("x")
    folder.mkdir()
    (folder / "link").symlink_to(outside / "secret")
    (folder / "linked").symlink_to(outside)
    (folder / "dangling").symlink_to(tmp_path / "nowhere")
    assert contents(folder) == {}
    found = left_out(folder)
    assert set(found) == {"link", "linked", "dangling"}
    assert all("link to another place" in reason for reason in found.values())


def test_a_link_that_takes_the_place_of_a_file_is_not_followed(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "1").write_text("x")
    with open_source(folder) as source:
        (folder / "1").unlink()
        (folder / "1").symlink_to("/etc/passwd")
        with pytest.raises(OSError, match="symbolic"):
            source.open("1")


def test_a_link_in_a_zip_is_left_out(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as packed:
        info = zipfile.ZipInfo("link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        packed.writestr(info, "/etc/passwd")
    assert "link to another place" in left_out(path)["link"]
    assert contents(path) == {}


def test_a_pipe_in_a_folder_does_not_hang_the_scan(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert left_out(tmp_path) == {"pipe": "It is not an ordinary file."}


# bounds


def test_too_many_files_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(entries, "MAX_FILES", 2)
    members = {str(number): b"x" for number in range(3)}
    (tmp_path / "folder").mkdir()
    for name in members:
        (tmp_path / "folder" / name).write_bytes(b"x")
    (tmp_path / "a.iso").write_bytes(iso_bytes(members))
    zip_with(tmp_path / "a.zip", members)
    for name in ("folder", "a.iso", "a.zip"):
        with pytest.raises(Refused, match="more than 2 files"):
            contents(tmp_path / name)


def test_a_zip_bomb_is_refused(tmp_path):
    path = zip_with(tmp_path / "a.zip", {"zeros": bytes(120 * 2**20)})
    with pytest.raises(Refused, match="times its size"):
        contents(path)


def test_members_that_share_their_bytes_are_a_bomb_too(tmp_path, monkeypatch):
    """Each claims a fair share of the zip, and it is the same share for all."""
    monkeypatch.setattr(archives, "RATIO_MATTERS_FROM_BYTES", 1000)
    path = zip_with(tmp_path / "a.zip", {"a": os.urandom(20_000)})
    with zipfile.ZipFile(path) as packed:
        (info,) = packed.infolist()
    content = path.read_bytes()
    start = content.index(b"PK\1\2")
    record, end = content[start : content.index(b"PK\5\6")], b"PK\5\6"
    many = b"".join(record[:46] + b"%c" % (97 + n) + record[47:] for n in range(26))
    many *= 20
    tail = struct.pack("<4H2IH", 0, 0, 520, 520, len(many), start, 0)
    path.write_bytes(content[:start] + many + end + tail)
    monkeypatch.setattr(archives, "MAX_RATIO", 200)
    with pytest.raises(Refused, match="times its size"):
        contents(path)
    assert info.compress_size > 19_000


def test_too_much_in_all_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(entries, "MAX_TOTAL_BYTES", 1000)
    path = zip_with(tmp_path / "a.zip", {"a": b"x" * 600, "b": b"y" * 600})
    with pytest.raises(Refused, match="unpack to more"):
        contents(path)


# damage and encryption


def test_encrypted_members_are_left_out_and_the_others_read(tmp_path):
    path = zip_with(tmp_path / "a.zip", {"a": b"x", "b": b"y"})
    content = bytearray(path.read_bytes())
    for magic, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(magic) + offset] |= 1  # "a" is said to be encrypted
    path.write_bytes(content)
    assert left_out(path) == {"a": "It is encrypted inside the zip file."}
    assert contents(path) == {"b": b"y"}


def test_a_damaged_member_is_left_out_and_spoils_nothing_else(archive):
    content = bytearray(archive.read_bytes())
    with zipfile.ZipFile(archive) as packed:
        info = packed.getinfo("Abe-1/A")
        start = info.header_offset + 30 + len(info.filename) + 50
    content[start : start + 200] = os.urandom(200)
    archive.write_bytes(bytes(content))
    plan = services.cohort_scan(archive)
    assert len(plan.pairs) == 2
    assert "damaged" in reasons(plan)["Abe-1/A"]
    assert (
        "partner" in reasons(plan)["Abe-1/B"] or "missing" in reasons(plan)["Abe-1/B"]
    )


def test_a_member_without_a_name_is_left_out_and_the_others_read(tmp_path):
    content = zip_bytes({"a": b"x", "b": b"y"})
    (tmp_path / "a.zip").write_bytes(content.replace(b"a", b"\0"))
    assert left_out(tmp_path / "a.zip") == {"": "Its path leads out of what was sent."}
    assert contents(tmp_path / "a.zip") == {"b": b"y"}


def test_what_is_neither_folder_nor_archive_is_refused(tmp_path):
    (tmp_path / "text").write_text("hello")
    with pytest.raises(Refused, match="text is no folder, and no zip file or CD image"):
        contents(tmp_path / "text")
    with pytest.raises(Refused, match="no file or folder"):
        contents(tmp_path / "nowhere")


changed = st.lists(st.tuples(st.integers(0, 600), st.integers(0, 255)), min_size=1)
thorough = settings(
    max_examples=400,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def damaged_at(changes: list[tuple[int, int]]) -> bytes:
    content = bytearray(DAMAGED)
    for at, value in changes:
        content[at % len(content)] = value
    return bytes(content)


def read_as_far_as_it_goes(path: Path) -> dict[str, bytes | None]:
    """name → content; None where it is damaged."""
    found: dict[str, bytes | None] = {}
    with suppress(Refused), open_source(path) as source:
        for name in source.names:
            found[name] = None
            with suppress(*entries.UNREADABLE), source.open(name) as file:
                found[name] = file.read()
    return found


@thorough
@given(changed)
def test_a_damaged_zip_is_read_or_refused(tmp_path, changes):
    (tmp_path / "a.zip").write_bytes(damaged_at(changes))
    read_as_far_as_it_goes(tmp_path / "a.zip")


@thorough
@given(changed)
def test_unpacked_at_once_a_member_is_what_zipfile_makes_of_it(tmp_path, changes):
    path = tmp_path / "a.zip"
    path.write_bytes(damaged_at(changes))
    at_once = read_as_far_as_it_goes(path)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(archives, "MOST_AT_ONCE", 0)
        assert read_as_far_as_it_goes(path) == at_once


@pytest.mark.parametrize("claimed", [0, 1, 299])
def test_a_member_that_unpacks_to_more_than_it_claims_is_damaged(tmp_path, claimed):
    content = bytearray(zip_bytes({"a": b"x" * 300}))
    directory = content.index(b"PK\1\2")
    struct.pack_into("<L", content, directory + 24, claimed)
    (tmp_path / "a.zip").write_bytes(content)
    assert read_as_far_as_it_goes(tmp_path / "a.zip") == {"a": None}


# archives inside


def test_an_archive_inside_is_opened_one_inside_that_is_not(tmp_path):
    third = zip_bytes({"deep": b"3"})
    second = zip_bytes({"1": b"2", "third.zip": third})
    path = zip_with(tmp_path / "a.zip", {"1": b"1", "x/second.ZIP": second})
    assert contents(path) == {"1": b"1", "x/second.ZIP/1": b"2"}
    assert list(left_out(path)) == ["x/second.ZIP/third.zip"]
    assert "so much packing" in left_out(path)["x/second.ZIP/third.zip"]


def test_archives_in_a_folder_are_opened_and_one_inside_each(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    zip_with(folder / "a.zip", {"1": b"a", "b.zip": zip_bytes({"1": b"b"})})
    (folder / "c.iso").write_bytes(iso_bytes({"1": b"c"}))
    (folder / "d.rar").write_bytes(b"Rar!")
    (folder / "e.zip").write_bytes(b"not a zip")
    assert contents(folder) == {"a.zip/1": b"a", "a.zip/b.zip/1": b"b", "c.iso/1": b"c"}
    found = left_out(folder)
    assert set(found) == {"d.rar", "e.zip"}
    assert "kind that is not opened" in found["d.rar"]
    assert "no zip file" in found["e.zip"]


def test_a_packed_archive_is_sealed_where_it_is_kept_and_gone_afterwards(
    tmp_path, settings
):
    inner = zip_bytes({"1": b"canary" * 100})
    path = zip_with(tmp_path / "a.zip", {"inner.zip": inner})
    with open_source(path) as source:
        assert source.open("inner.zip/1").read() == b"canary" * 100
        kept = [one for one in settings.VAR_DIR.rglob("*") if one.is_file()]
        assert kept
        assert all(inner[:20] not in one.read_bytes() for one in kept)
    assert [one for one in settings.VAR_DIR.rglob("*") if one.is_file()] == []


def test_a_bomb_inside_is_left_out_alone(tmp_path):
    bomb = zip_bytes({"zeros": bytes(120 * 2**20)})
    path = zip_with(tmp_path / "a.zip", {"1": b"1", "bomb.zip": bomb})
    assert contents(path) == {"1": b"1"}
    assert "times its size" in left_out(path)["bomb.zip"]


def test_so_many_archives_are_not_opened(tmp_path, monkeypatch):
    monkeypatch.setattr(collection, "MAX_ARCHIVES", 2)
    inner = {f"{number}.zip": zip_bytes({"1": b"x"}) for number in range(3)}
    path = zip_with(tmp_path / "a.zip", inner)
    assert set(contents(path)) == {"0.zip/1", "1.zip/1"}
    assert "more than 2 archives" in left_out(path)["2.zip"]


# what was received


def sealed(folder: Path, name: str, content: bytes) -> tuple[str, Opener]:
    folder.mkdir(exist_ok=True)
    path = folder / str(len(list(folder.iterdir())))
    with sealed_append(path) as writer:
        writer.write(content)
    return name, partial(sealed_open, path)


def test_sealed_files_are_read_by_the_names_of_their_sender(tmp_path):
    files = [
        sealed(tmp_path / "s", "b/2", b"two"),
        sealed(tmp_path / "s", "a/1", b"one"),
        sealed(tmp_path / "s", "more.zip", zip_bytes({"3": b"three"})),
        sealed(tmp_path / "s", "a/1", b"one more"),
    ]
    with sealed_source(files) as source:
        assert source.names == ["a/1", "a/1 (2)", "b/2", "more.zip/3"]
        assert source.open("a/1 (2)").read() == b"one more"
        assert source.open("more.zip/3").read() == b"three"


@pytest.mark.parametrize("pack", [zip_bytes, iso_bytes])
def test_a_sealed_archive_alone_is_what_lies_in_it(tmp_path, pack):
    """Whatever its sender calls it."""
    files = [sealed(tmp_path / "s", "blob", pack({"A": b"one" * 1000}))]
    with sealed_source(files) as source:
        assert source.names == ["A"]
        assert source.open("A").read() == b"one" * 1000
