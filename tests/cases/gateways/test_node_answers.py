"""What a sender is told, and what the node refuses to hold in memory."""

import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from pydicom import dcmread
from pydicom.uid import (
    EnhancedPETImageStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    SecondaryCaptureImageStorage,
)
from pynetdicom import AE

from readerstudy.cases.gateways import dicom_node
from readerstudy.cases.gateways.dicom_node import Arrived, DicomNode
from readerstudy.imaging.errors import Refused
from tests.cases.gateways.test_dicom_node import run
from tests.imaging.objects import nuclear_object, write

pytestmark = pytest.mark.pure

Starting = Callable[..., DicomNode]


@pytest.fixture
def starting() -> Iterator[Starting]:
    """Starts nodes in this process; SENDER may send to them."""
    nodes: list[DicomNode] = []
    threads: list[threading.Thread] = []

    def start(receive: Callable[[Arrived], bool]) -> DicomNode:
        node = DicomNode(
            host="127.0.0.1", port=0, aet="NODE", allowed=["SENDER"], receive=receive
        )
        threads.append(threading.Thread(target=node.run))
        threads[-1].start()
        nodes.append(node)
        return node

    yield start
    for node in nodes:
        node.stop()
    for thread in threads:
        thread.join(timeout=10)


class Box:
    """Takes what arrives."""

    def __init__(self, error: Exception | None = None) -> None:
        self.files: list[bytes] = []
        self.error = error

    def __call__(self, arrived: Arrived) -> bool:
        if self.error:
            raise self.error
        self.files.append(b"".join(arrived.chunks))
        return True


def scan(folder: Path, *, size: int = 72) -> Path:
    frames = np.random.default_rng(size).integers(0, 900, (12, size, size), np.uint16)
    return write(nuclear_object(frames), folder / f"{size}.dcm")


def send(storescu: str, node: DicomNode, *files: Path) -> str:
    """What storescu says; it stops at the first that is refused."""
    answer = run(
        storescu,
        *("-v", "-aet", "SENDER", "-aec", "NODE", "127.0.0.1", str(node.port)),
        *files,
    )
    return answer.stderr + answer.stdout


def test_an_object_arrives_as_a_dicom_file_with_its_data_set_as_it_was(
    starting: Starting, storescu: str, tmp_path: Path
) -> None:
    box, path = Box(), scan(tmp_path)
    assert "(Success)" in send(storescu, starting(box), path)
    (tmp_path / "arrived.dcm").write_bytes(box.files[0])
    arrived, sent = dcmread(tmp_path / "arrived.dcm"), dcmread(path)
    assert arrived == sent
    assert arrived.file_meta.TransferSyntaxUID == sent.file_meta.TransferSyntaxUID


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (Refused("There is no room."), "OutOfResources"),
        (OSError(28, "No space left on device"), "OutOfResources"),
        (RuntimeError("Yamada^Taro"), "CannotUnderstand"),
    ],
)
def test_a_sender_is_told_that_it_was_not_stored(
    starting: Starting, storescu: str, tmp_path: Path, caplog, error, told: str
) -> None:
    caplog.set_level(logging.INFO)
    assert told in send(storescu, starting(Box(error)), scan(tmp_path))
    assert "Yamada" not in caplog.text


def test_an_object_that_fills_the_memory_is_hung_up_on(
    starting: Starting, storescu: str, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(dicom_node, "MOST_BYTES", 500_000)
    box = Box()
    node = starting(box)
    fitting, too_large = scan(tmp_path, size=72), scan(tmp_path, size=200)
    assert too_large.stat().st_size > 500_000
    # many that fit are no more than one that fits
    assert send(storescu, node, *[fitting] * 8).count("(Success)") == 8
    assert "(Success)" not in send(storescu, node, too_large)
    assert "(Success)" in send(storescu, node, fitting)
    assert len(box.files) == 9


@pytest.mark.parametrize(
    ("offered", "taken"),
    [
        ([JPEGBaseline8Bit, ExplicitVRLittleEndian], ExplicitVRLittleEndian),
        ([ImplicitVRLittleEndian, ExplicitVRLittleEndian], ExplicitVRLittleEndian),
        ([JPEGBaseline8Bit, JPEGLSLossless], JPEGLSLossless),
        ([JPEGBaseline8Bit], JPEGBaseline8Bit),
    ],
)
@pytest.mark.parametrize(
    "sop_class", [EnhancedPETImageStorage, SecondaryCaptureImageStorage]
)
def test_of_several_syntaxes_none_is_taken_that_loses_something(
    starting: Starting, sop_class: str, offered: list[str], taken: str
) -> None:
    node = starting(Box())
    sender = AE(ae_title="SENDER")
    sender.add_requested_context(sop_class, offered)
    association = sender.associate("127.0.0.1", node.port, ae_title="NODE")
    try:
        (context,) = association.accepted_contexts
        assert context.transfer_syntax == [taken]
    finally:
        association.release()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Nobody could send anything"),
        (["--allow="], "is not an AE title"),
        (["--allow=SEVENTEEN-LETTERS"], "is not an AE title"),
        (["--allow=日本"], "is not an AE title"),
        (["--allow=A", "--aet=A\\B"], "is not an AE title"),
    ],
)
def test_what_is_wrong_with_the_command_is_said_plainly(
    arguments: list[str], said: str
) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("dicom_node", *arguments)


def test_a_port_in_use_is_said_plainly(starting: Starting) -> None:
    port = starting(Box()).port
    with pytest.raises(CommandError, match="in use"):
        call_command("dicom_node", "--allow=A", f"--port={port}")


def test_nobody_may_not_mean_everybody() -> None:
    with pytest.raises(ValueError, match="everybody"):
        DicomNode(host="127.0.0.1", port=0, aet="NODE", allowed=[], receive=Box())
