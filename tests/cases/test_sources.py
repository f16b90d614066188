"""Folders and zips from outside: read within bounds, never unpacked."""

import os
import zipfile

import pytest

from readerstudy.cases import sources
from readerstudy.cases.services import scanning as ingest
from readerstudy.cases.sources import open_source
from readerstudy.imaging.errors import Refused

pytestmark = pytest.mark.django_db


def zip_with(path, members: dict[str, bytes]):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return path


def reasons(path) -> dict[str, str]:
    return {one.name: one.reason for one in ingest.cohort_scan(path).left_out}


def test_a_member_that_points_outside_is_only_a_name(tmp_path):
    path = zip_with(tmp_path / "a.zip", {"../../evil": b"x", "/etc/passwd": b"y"})
    before = set(tmp_path.rglob("*"))
    assert set(reasons(path)) == {"../../evil", "/etc/passwd"}
    assert set(tmp_path.rglob("*")) == before


def test_too_many_files_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "MAX_FILES", 2)
    path = zip_with(tmp_path / "a.zip", {str(n): b"x" for n in range(3)})
    with pytest.raises(Refused, match="more than 2 files"):
        ingest.cohort_scan(path)


def test_a_zip_bomb_is_refused(tmp_path):
    path = zip_with(tmp_path / "a.zip", {"zeros": bytes(120 * 2**20)})
    with pytest.raises(Refused, match="times its size"):
        ingest.cohort_scan(path)


def test_too_much_in_all_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "MAX_TOTAL_BYTES", 1000)
    path = zip_with(tmp_path / "a.zip", {"a": b"x" * 600, "b": b"y" * 600})
    with pytest.raises(Refused, match="unpack to more"):
        ingest.cohort_scan(path)


def test_a_zip_in_a_zip_is_left_out(tmp_path):
    inner = zip_with(tmp_path / "inner.zip", {"a": b"x"})
    path = zip_with(tmp_path / "outer.zip", {"inner.zip": inner.read_bytes()})
    assert "zip" in reasons(path)["inner.zip"]


def test_a_damaged_member_is_left_out_and_spoils_nothing_else(archive):
    content = bytearray(archive.read_bytes())
    with zipfile.ZipFile(archive) as packed:
        info = packed.getinfo("Abe-1/A")
        start = info.header_offset + 30 + len(info.filename) + 50
    content[start : start + 200] = os.urandom(200)
    archive.write_bytes(bytes(content))
    plan = ingest.cohort_scan(archive)
    left_out = {one.name: one.reason for one in plan.left_out}
    assert len(plan.pairs) == 2
    assert "damaged" in left_out["Abe-1/A"]
    assert "no partner" in left_out["Abe-1/B"]


def test_what_is_neither_folder_nor_zip_is_refused(tmp_path):
    (tmp_path / "text").write_text("hello")
    with pytest.raises(Refused, match="neither a folder nor a zip"):
        ingest.cohort_scan(tmp_path / "text")
    with pytest.raises(Refused, match="no file or folder"):
        ingest.cohort_scan(tmp_path / "nowhere")


def test_a_pipe_in_a_folder_does_not_hang_the_scan(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    with open_source(tmp_path) as source:
        assert source.names == []
        assert {one.name for one in source.left_out} == {"pipe", "dangling"}
