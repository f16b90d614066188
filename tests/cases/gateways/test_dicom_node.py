"""A workstation sends to the node with dcmtk's own programs."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.cases.conftest import write_pair
from tests.cases.gateways.conftest import Node, Platform, start_node
from tests.imaging.objects import compressed, head, nuclear_object, write

pytestmark = pytest.mark.slow


def run(*command: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def send(
    storescu: str, node: Node, calling: str, *files: str | Path
) -> "subprocess.CompletedProcess[str]":
    return run(
        storescu,
        *("-v", "-aet", calling, "-aec", "READERSTUDY"),
        *("127.0.0.1", str(node.port), *files),
    )


def test_it_answers_to_an_echo(echoscu: str, node: Node) -> None:
    answer = run(
        echoscu, "-aet", "SPECT1", "-aec", "READERSTUDY", "127.0.0.1", str(node.port)
    )
    assert answer.returncode == 0, answer.stderr


def test_who_is_not_allowed_is_rejected(echoscu: str, node: Node) -> None:
    answer = run(
        echoscu, "-aet", "SOMEBODY", "-aec", "READERSTUDY", "127.0.0.1", str(node.port)
    )
    assert answer.returncode != 0
    assert "Calling AE Title Not Recognized" in answer.stderr


def instance(folder: Path, *, seed: int = 1, **more: object) -> Path:
    """One small tomogram as a file that no other test sends."""
    frames = np.random.default_rng(seed).integers(0, 900, (12, 72, 72), np.uint16)
    return write(nuclear_object(frames, **more), folder / f"{seed}.dcm")


def test_who_asks_for_another_node_is_rejected(echoscu: str, node: Node) -> None:
    answer = run(
        echoscu, "-aet", "SPECT1", "-aec", "ELSEWHERE", "127.0.0.1", str(node.port)
    )
    assert answer.returncode != 0
    assert "Called AE Title Not Recognized" in answer.stderr


def test_a_stranger_leaves_nothing_in_the_inbox(
    storescu: str, node: Node, platform: Platform, tmp_path: Path
) -> None:
    answer = send(storescu, node, "SOMEBODY", instance(tmp_path))
    assert answer.returncode != 0
    assert platform.uploads(peer="SOMEBODY") == []


def test_what_a_workstation_sends_waits_in_one_inbox_upload_of_its_own(
    storescu: str, platform: Platform, tmp_path: Path
) -> None:
    """An object sent twice is stored once, in one association or another."""
    node = start_node(platform, "--allow=ONCE1", "--allow=ONCE2")
    try:
        first, second = instance(tmp_path, seed=1), instance(tmp_path, seed=2)
        for files in ([first, second, first], [second], [first]):
            answer = send(storescu, node, "ONCE1", *files)
            assert answer.returncode == 0, answer.stderr
        assert send(storescu, node, "ONCE2", first).returncode == 0
    finally:
        assert node.stop() == 0
    (upload,) = platform.uploads(peer="ONCE1")
    assert (upload["state"], upload["origin"], upload["by"]) == (
        "receiving",
        "node",
        None,
    )
    assert len(upload["files"]) == 2
    assert all(file["whole"] for file in upload["files"])
    (other,) = platform.uploads(peer="ONCE2")
    assert len(other["files"]) == 1
    assert any("there already" in line for line in node.lines)


def test_a_compressed_object_is_taken_as_it_is(
    storescu: str, platform: Platform, tmp_path: Path
) -> None:
    """-xr: dcmtk proposes RLE and nothing but RLE has these pixels."""
    node = start_node(platform, "--allow=RLE")
    ds = compressed(nuclear_object(head()))
    path = write(ds, tmp_path / "rle.dcm")
    try:
        answer = run(
            storescu,
            *("-v", "-xr", "-aet", "RLE", "-aec", "READERSTUDY"),
            *("127.0.0.1", str(node.port), path),
        )
    finally:
        node.stop()
    assert answer.returncode == 0, answer.stderr
    (upload,) = platform.uploads(peer="RLE")
    assert upload["files"][0]["head"] == {
        "sop_uid": str(ds.SOPInstanceUID),
        "transfer_syntax": "1.2.840.10008.1.2.5",
    }


