"""A workstation sends to the node with dcmtk's own programs."""

import signal
import socket
import subprocess
import time
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from readerstudy.cases.gateways.dicom_node import IDLE_S
from tests.cases.conftest import write_pair
from tests.cases.gateways.conftest import Node, Platform, start_node
from tests.imaging.objects import compressed, head, nuclear_object, write
from tests.servers import wait_until

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
    storescu: str, node: Node, platform: Platform, tmp_path: Path
) -> None:
    """An object sent twice is stored once, in one association or another."""
    first, second = instance(tmp_path, seed=1), instance(tmp_path, seed=2)
    for files in ([first, second, first], [second], [first]):
        answer = send(storescu, node, "SPECT1", *files)
        assert answer.returncode == 0, answer.stderr
    assert send(storescu, node, "SPECT2", first).returncode == 0
    (upload,) = platform.uploads(peer="SPECT1")
    assert upload["state"] == "receiving"
    assert (upload["origin"], upload["by"]) == ("node", None)
    assert len(upload["files"]) == 2
    assert all(file["whole"] for file in upload["files"])
    (other,) = platform.uploads(peer="SPECT2")
    assert len(other["files"]) == 1


def test_nothing_of_a_patient_lies_in_clear_or_is_logged(
    storescu: str, node: Node, platform: Platform, tmp_path: Path
) -> None:
    path = instance(tmp_path, seed=300, patient="Secret-4711", study="1.2.4711.99")
    assert send(storescu, node, "SPECT1", path).returncode == 0
    uid = str(dcmread(path).SOPInstanceUID)
    for upload in platform.uploads(peer="SPECT1"):
        uids = [file["head"]["sop_uid"] for file in upload["files"]]
        assert uid in uids
    kept = [one.read_bytes() for one in platform.folder.rglob("*") if one.is_file()]
    said = "".join(node.lines)
    for canary in ("Secret-4711", "1.2.4711.99", "Yamada^Taro", uid):
        assert canary not in said
        assert not any(canary.encode() in content for content in kept)


def test_two_associations_of_one_sender_share_an_upload(
    storescu: str, node: Node, platform: Platform, tmp_path: Path
) -> None:
    files = [instance(tmp_path, seed=seed) for seed in range(200, 240)]
    command = [storescu, "-aet", "PARALLEL", "-aec", "READERSTUDY", "127.0.0.1"]
    command.append(str(node.port))
    both = [subprocess.Popen([*command, *map(str, files)]) for _ in range(2)]
    assert [one.wait(timeout=60) for one in both] == [0, 0]
    (upload,) = platform.uploads(peer="PARALLEL")
    assert len(upload["files"]) == len(files)

    def counted() -> list[str]:
        return [line for line in node.lines if "PARALLEL: " in line]

    wait_until(lambda: len(counted()) == 2, "what both associations brought")
    stored = sum(int(line.split("PARALLEL: ")[1].split()[0]) for line in counted())
    assert stored == len(files)


def test_a_compressed_object_is_taken_as_it_is(
    storescu: str, node: Node, platform: Platform, tmp_path: Path
) -> None:
    """-xr: dcmtk proposes RLE, and sends these frames as they are packed."""
    ds = compressed(nuclear_object(head()))
    answer = run(
        storescu,
        *("-v", "-xr", "-aet", "PACKED", "-aec", "READERSTUDY"),
        *("127.0.0.1", str(node.port), write(ds, tmp_path / "rle.dcm")),
    )
    assert answer.returncode == 0, answer.stderr
    (upload,) = platform.uploads(peer="PACKED")
    (file,) = upload["files"]
    assert file["head"] == {
        "sop_uid": str(ds.SOPInstanceUID),
        "transfer_syntax": "1.2.840.10008.1.2.5",
    }
    assert file["pixels"] == sha256(ds.PixelData).hexdigest()


def test_a_node_that_is_killed_leaves_no_half_object(
    storescu: str, platform: Platform, tmp_path: Path
) -> None:
    """And a sender that tries again afterwards has each of them stored once."""
    files = [instance(tmp_path, seed=seed) for seed in range(100, 160)]
    doomed, before = start_node(platform), received(platform)
    sending = subprocess.Popen(
        [
            *(storescu, "-aet", "KILLED", "-aec", "READERSTUDY"),
            *("127.0.0.1", str(doomed.port), *map(str, files)),
        ],
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: len(received(platform) - before) >= 10, "some objects")
    doomed.process.kill()
    assert sending.wait(timeout=60) != 0
    (upload,) = platform.uploads(peer="KILLED")
    assert 0 < len(upload["files"]) < len(files)
    assert all(file["whole"] and file["pixels"] for file in upload["files"])

    again = start_node(platform)
    try:
        assert send(storescu, again, "KILLED", *files).returncode == 0
    finally:
        assert again.stop() == 0
    (upload,) = platform.uploads(peer="KILLED")
    sent = {dcmread(file).SOPInstanceUID for file in files}
    assert len(upload["files"]) == len(files)
    assert {file["head"]["sop_uid"] for file in upload["files"]} == sent


def received(platform: Platform) -> set[Path]:
    """All that anybody has sent and nobody has taken."""
    return set((platform.folder / "uploads").glob("*/files/*"))


def test_it_stops_although_somebody_stopped_in_the_middle_of_a_word(
    platform: Platform,
) -> None:
    node = start_node(platform)
    with socket.create_connection(("127.0.0.1", node.port)) as stuck:
        stuck.sendall(b"\x01\x00\x00\x00\x01\x00 and then nothing")
        time.sleep(0.5)
        begun = time.monotonic()
        assert node.stop(signal.SIGINT) == 0
        assert time.monotonic() - begun < IDLE_S / 2  # it waited for no more of it
    assert any("Stopped" in line for line in node.lines)


def test_who_announces_gigabytes_is_hung_up_on(echoscu: str, node: Node) -> None:
    before = most_memory(node)
    with socket.create_connection(("127.0.0.1", node.port)) as flood:
        flood.sendall(b"\x01\x00" + (2**31).to_bytes(4, "big"))
        with pytest.raises(OSError):
            for _ in range(200):
                flood.sendall(bytes(2**20))
    assert most_memory(node) - before < 20 * 2**20
    test_it_answers_to_an_echo(echoscu, node)


def most_memory(node: Node) -> int:
    status = Path(f"/proc/{node.process.pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def test_a_coordinator_makes_a_cohort_of_what_waits_in_the_inbox(
    storescu: str, node: Node, platform: Platform, tmp_path: Path
) -> None:
    for patient in ("Endo-5", "Fujita-6"):
        write_pair(tmp_path, patient)
    files = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert send(storescu, node, "WORKSTATION", *files).returncode == 0
    (upload,) = platform.uploads(peer="WORKSTATION")
    made = platform.ask("take", pk=upload["pk"], name="From the workstation")
    assert made == {
        "scanned": {"state": "ready", "error": ""},
        "state": "done",
        "cases": 2,
    }
    # what comes now is the beginning of another one
    assert send(storescu, node, "WORKSTATION", files[0]).returncode == 0
    waiting = platform.uploads(peer="WORKSTATION", state="receiving")
    assert [len(one["files"]) for one in waiting] == [1]
