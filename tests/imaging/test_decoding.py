"""Somebody else's file may hang, crash or fill the process that decodes it, no more."""

import os
import signal
import time
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from readerstudy.imaging import decoding
from readerstudy.imaging.decoding import Decoder, child, decoder, decoders, wire
from readerstudy.imaging.decoding.board import new_board
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.scans import prepared
from readerstudy.imaging.tomogram import assemble, read_image
from tests.imaging.objects import as_file, compressed, head, nuclear_object
from tests.imaging.test_tomogram import single_slices

pytestmark = pytest.mark.pure


@pytest.fixture
def one() -> Decoder:
    with decoders(1) as (decoder,):
        yield decoder


def content(**options: object) -> bytes:
    return as_file(nuclear_object(head()[::-1], **options)).getvalue()


def equal(one: object, other: object) -> bool:
    """Of two dataclasses of one kind, their arrays included."""
    return all(
        np.array_equal(value, getattr(other, name)) for name, value in vars(one).items()
    )


def test_a_scan_comes_over_the_pipes_as_it_was_read(one):
    file = content()
    scan = one.read(file)
    here = prepared(assemble([read_image(as_file(nuclear_object(head()[::-1])))]))
    assert scan.voxels.dtype == np.uint16
    np.testing.assert_array_equal(scan.voxels, here.voxels)
    assert scan.patient_id == "Yamada-4711"
    assert scan.candidates == here.candidates
    assert equal(one.read(file), scan)


def test_slices_are_read_one_by_one_and_put_together(one):
    frames = head()[::-1]
    images = []
    for ds in single_slices(frames):
        image = one.read(as_file(ds).getvalue())
        images.append(replace(image, frames=image.frames.copy()))
    scan = one.assemble(images)
    np.testing.assert_array_equal(scan.voxels, head())
    assert len(scan.sop_uids) == 12


def test_compressed_pixels_are_decoded_there_too(one):
    file = as_file(compressed(nuclear_object(head()[::-1]))).getvalue()
    np.testing.assert_array_equal(one.read(file).voxels, head())


def test_a_refusal_is_told_in_its_own_words(one):
    with pytest.raises(Refused, match="It is empty"):
        one.read(b"")


def test_a_file_that_takes_too_long_is_given_up_and_the_next_one_is_read(one):
    one.read(content())
    os.kill(one.pid, signal.SIGSTOP)  # as if it hung
    start = time.monotonic()
    with pytest.raises(Refused, match=r"within 0\.5 seconds"):
        one.read(content(), limit_s=0.5)
    assert time.monotonic() - start < 5
    assert one.read(content()).patient_id == "Yamada-4711"


def test_a_file_that_crashes_the_decoder_disturbs_no_other(one, caplog, monkeypatch):
    one.read(content())
    os.kill(one.pid, signal.SIGSTOP)  # so that it does not answer before
    receive = wire.receive

    def crashing(*given: object) -> object:
        os.kill(one.pid, signal.SIGKILL)  # once the file was sent
        return receive(*given)

    with monkeypatch.context() as patch:
        patch.setattr(wire, "receive", crashing)
        with pytest.raises(Refused, match="not foreseen"):
            one.read(content())
    assert one.read(content()).patient_id == "Yamada-4711"
    assert "Yamada" not in caplog.text


def test_memory_has_a_limit(monkeypatch):
    monkeypatch.setattr(child, "read", lambda *_given: [0] * 2**62)
    assert child.answer({"content": b""}) == {"failed": "MemoryError"}


def test_the_process_may_write_no_file_and_leave_no_core(one):
    one.read(content())
    lines = Path(f"/proc/{one.pid}/limits").read_text().splitlines()[1:]
    told = {line[:25].strip(): line[25:].split()[0] for line in lines}
    assert told["Max file size"] == told["Max core file size"] == "0"
    assert told["Max address space"] == str(child.MEMORY_BYTES)


def test_the_process_is_told_no_key(one, monkeypatch):
    one.stop()
    monkeypatch.setenv("IDENTITY_KEY", "a-secret")
    one.read(content())
    environment = Path(f"/proc/{one.pid}/environ").read_text()
    assert "a-secret" not in environment
    assert "DJANGO" not in environment


def test_a_decoder_that_says_something_else_is_not_believed(one, monkeypatch):
    for answer in ({"found": 1}, {"found": {"a": b"x"}}, {}, {"failed": "X" * 10}):
        monkeypatch.setattr(one, "_exchange", lambda *_, told=answer: told or {})
        monkeypatch.setattr(one, "_greeted", True)
        with pytest.raises(Refused):
            one.read(b"")


@pytest.mark.parametrize(
    "head",
    [
        b"not json",
        b'{"~": "array", "length": 8, "dtype": "object", "shape": [1]}',
        b'{"~": "array", "length": 8, "dtype": "complex64", "shape": [1]}',
        b'{"~": "Path", "told": {}}',
        b'{"~": "Geometry", "told": {}}',
        b'{"~": "array", "length": 2, "dtype": "uint16", "shape": [9, 9]}',
        b'{"~": "moment", "iso": "yesterday"}',
        b'{"~": "bytes", "length": 7}',  # and what is the eighth?
        b'{"~": "bytes", "length": 9}',
        b'{"~": "bytes", "length": -1}',
        b'{"~": "bytes", "length": 8.0}',
        b"{}",
    ],
)
@pytest.mark.parametrize("on_board", [False, True])
def test_only_what_is_named_is_unpacked(head, on_board):
    message = wire.LENGTHS.pack(len(head), 8, on_board) + head + bytes(8)
    with pytest.raises(ValueError):
        wire.receive(BytesIO(message), memoryview(bytes(8)))


@pytest.mark.parametrize(
    "lengths", [(2**40, 0, False), (2, 2**40, False), (2, 9, True)]
)
def test_a_message_that_is_too_long_is_not_waited_for(lengths):
    file = BytesIO(wire.LENGTHS.pack(*lengths) + b"{}")
    with pytest.raises(ValueError, match="too long"):
        wire.receive(file, memoryview(bytes(8)))


@pytest.mark.parametrize(("room", "on_board"), [(0, False), (99, False), (100, True)])
def test_what_fits_goes_over_the_board_and_the_rest_through_the_pipe(room, on_board):
    message = {"a": np.arange(40, dtype=np.uint16), "b": (b"x" * 20, 1)}
    file, board = BytesIO(), memoryview(bytearray(room))
    wire.send(file, message, board)
    assert (b"x" * 20 in bytes(board)) == on_board
    assert (b"x" * 20 in file.getvalue()) != on_board
    file.seek(0)
    found = wire.receive(file, board)
    np.testing.assert_array_equal(found["a"], message["a"])
    assert found["b"] == message["b"]
    assert file.read() == b""


def test_the_board_cannot_be_cut_off_by_who_has_the_other_end():
    """Reading beyond its end would end the process that reads."""
    descriptor = new_board()
    for size in (0, 1, 2**30):
        with pytest.raises(PermissionError):
            os.ftruncate(descriptor, size)
    os.close(descriptor)


def test_where_there_is_no_shared_memory_all_goes_through_the_pipe(monkeypatch):
    monkeypatch.delattr(os, "memfd_create")
    one = Decoder()
    np.testing.assert_array_equal(one.read(content()).voxels, head())
    one.stop()


def test_boards_are_given_back():
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        one = Decoder()
        one.read(content())
        one.stop()
        del one
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


def test_decoders_are_kept_for_a_while_and_then_end(monkeypatch):
    monkeypatch.setattr(decoder, "IDLE_S", 0.2)
    with decoders(2) as several:
        for each in several:
            each.read(content())
        processes = [each._process for each in several]
    for process in processes:
        assert process.wait(timeout=20)  # less than they are kept for by themselves


def test_ten_seconds_is_the_limit():
    assert decoding.LIMIT_S == 10
