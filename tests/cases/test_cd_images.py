"""CD images, as another program writes them and as no program would."""

import io
import os
import struct
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readerstudy.cases import services
from readerstudy.cases.sources import (
    iso,
)
from readerstudy.imaging.errors import Refused

from .packing import contents, iso_bytes, left_out

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("joliet", [True, False])
def test_a_cd_image_holds_what_was_put_on_it(tmp_path, joliet):
    files = {
        "DICOMDIR": b"d" * 10,
        "IMAGES/PAT1/A": os.urandom(5000),
        "IMAGES/PAT1/B": os.urandom(2048),
        "IMAGES/PAT2/C": b"",
    }
    if joliet:
        files["IMAGES/long name with spaces and 山田.dcm"] = b"long"
    path = tmp_path / "cd.iso"
    path.write_bytes(iso_bytes(files, joliet=joliet))
    assert contents(path) == files


def test_a_folder_of_many_files_on_a_cd_is_read_to_its_end(tmp_path):
    files = {f"IMAGES/I{number:04}": b"%d" % number for number in range(300)}
    path = tmp_path / "cd.iso"
    path.write_bytes(iso_bytes(files))
    assert contents(path) == files


def test_a_cd_image_that_was_cut_off_loses_what_lay_behind(tmp_path):
    files = {"A": b"a" * 4000, "B": os.urandom(9000)}
    content = iso_bytes(files)
    (tmp_path / "cd.iso").write_bytes(content[: content.index(files["B"]) + 4000])
    found = left_out(tmp_path / "cd.iso")
    assert contents(tmp_path / "cd.iso") == {"A": files["A"]}
    assert "truncated" in found["B"]


def test_a_cd_whose_files_share_their_bytes_is_a_bomb(tmp_path, monkeypatch):
    monkeypatch.setattr(iso, "SHARING_MATTERS_FROM_BYTES", 1000)
    content = bytearray(iso_bytes({"A": bytes(100_000)}, joliet=False))
    at = content.index(b"\x04A.;1") - 32  # its record
    record = content[at : at + content[at]]
    content[at : at + 30 * len(record)] = record * 30
    (tmp_path / "cd.iso").write_bytes(content)
    with pytest.raises(Refused, match="more than 10 times its size"):
        contents(tmp_path / "cd.iso")


def test_a_folder_of_a_cd_that_lies_in_itself_ends(tmp_path):
    content = bytearray(iso_bytes({"F/A": b"x"}, joliet=False))
    image = iso._Image(io.BytesIO(content))
    volume = iso._volume(image)
    root = volume.root[0]
    at = content.index(b"\x01F", root) - 32  # the record of folder F in the root
    struct.pack_into("<I", content, at + 2, root // iso.SECTOR)
    record = content[at : at + content[at]]
    content[at : at + 20 * len(record)] = record * 20
    (tmp_path / "cd.iso").write_bytes(content)
    assert contents(tmp_path / "cd.iso") == {}


ISO = iso_bytes({"F/A": b"x" * 3000, "B": b"y"})


@settings(
    max_examples=300,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(st.tuples(st.integers(0, 14 * 2048 - 1), st.integers(0, 255))))
def test_a_damaged_cd_image_is_read_or_refused(tmp_path, changes):
    content = bytearray(ISO)
    for at, value in changes:
        content[(iso.FIRST_DESCRIPTOR * iso.SECTOR + at) % len(content)] = value
    (tmp_path / "cd.iso").write_bytes(content)
    with suppress(Refused):
        contents(tmp_path / "cd.iso")


def test_a_cohort_on_a_cd_image_is_the_cohort_in_the_folder(folder, tmp_path):
    files = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    (tmp_path / "cd.iso").write_bytes(iso_bytes(files))
    one = services.cohort_scan(folder)
    other = services.cohort_scan(tmp_path / "cd.iso")
    assert one.to_json() == other.to_json()
    assert len(one.pairs) == 3
