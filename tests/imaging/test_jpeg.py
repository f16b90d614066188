"""JPEG as workstations write it: of every precision, sign and predictor, and damaged.

Written and read again by DCMTK's dcmcjpeg and dcmdjpeg, which are not our decoder.
"""

import os
import shutil
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path
from random import Random

import numpy as np
import pydicom
import pytest
from imagecodecs import jpeg8_encode
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames

from readerstudy.imaging import decoding, dicom_file, pixels
from readerstudy.imaging.decoding import LIMIT_S, Decoder, decoders
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.scans import Scan
from readerstudy.imaging.tomogram import read_tomogram

from . import oracle
from .objects import as_file, nuclear_object, write
from .test_transfer_syntaxes import encapsulated, frames

pytestmark = pytest.mark.pure

PRECISIONS = [8, 10, 12, 13, 16]
DAMAGED = 400


@pytest.fixture(scope="module")
def dcmtk() -> None:
    if not shutil.which("dcmcjpeg") and not os.environ.get("REQUIRE_ALL"):
        pytest.skip("dcmcjpeg was not found on this machine")


def plain(bits: int, signed: bool) -> Dataset:
    """Values that use all `bits`, below 0 too where they may be."""
    values = frames(signed) >> (16 - bits)
    ds = nuclear_object(values)
    ds.BitsAllocated = 8 if bits <= 8 else 16
    ds.BitsStored, ds.HighBit = bits, bits - 1
    ds.PixelData = values.astype(f"<i{ds.BitsAllocated // 8}").tobytes()
    ds["PixelData"].VR = "OB" if bits <= 8 else "OW"
    return ds


def by_dcmtk(ds: Dataset, folder: Path, *options: str) -> Path:
    path, coded = write(ds, folder / "plain.dcm"), folder / "coded.dcm"
    subprocess.run(["dcmcjpeg", "-q", *options, path, coded], check=True)
    return coded


def as_we_read(path: Path) -> np.ndarray:
    with dicom_file.lenient():
        return pixels.decode_frames(dicom_file.read_dataset(path))


def as_dcmtk_reads(path: Path) -> np.ndarray:
    read = path.with_name("read.dcm")
    subprocess.run(["dcmdjpeg", "-q", path, read], check=True)
    return pydicom.dcmread(read).pixel_array


@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize("bits", PRECISIONS)
def test_every_predictor_gives_back_what_went_in(tmp_path, dcmtk, bits, signed):
    ds = plain(bits, signed)
    wanted = ds.pixel_array
    assert (wanted.min() < 0) == signed
    predictors = [("+el", "+sv", str(number)) for number in range(1, 8)]
    for options in [("+e1",), *predictors]:
        path = by_dcmtk(ds, tmp_path, *options)
        np.testing.assert_array_equal(as_we_read(path), wanted, str(options))
    for options in [("+e1", "+pt", "2"), ("+el", "+sv", "4", "+pt", "1")]:
        path = by_dcmtk(ds, tmp_path, *options)
        np.testing.assert_array_equal(as_we_read(path), as_dcmtk_reads(path))


@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize("bits", [8, 9, 10, 12, 13, 15])
def test_a_frame_of_no_more_bits_than_are_stored_keeps_its_signs(
    tmp_path, bits, signed
):
    """dcmcjpeg codes all 16 bits; others code those that are stored."""
    ds = plain(bits, signed)
    wanted = ds.pixel_array
    raw = (wanted.astype(int) & (2**bits - 1)).astype(f"u{ds.BitsAllocated // 8}")
    coded = [jpeg8_encode(one, lossless=True, bitspersample=bits) for one in raw]
    path = write(encapsulated(ds, coded, uid.JPEGLosslessSV1), tmp_path / "a.dcm")
    np.testing.assert_array_equal(as_we_read(path), wanted)
    np.testing.assert_array_equal(
        oracle.voxels(oracle.read(path))[::-1], wanted, "SimpleITK's reading"
    )


@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize(
    ("bits", "process"), [(8, "+eb"), (8, "+ee"), (10, "+ee"), (12, "+ee")]
)
def test_jpeg_with_loss_is_as_dcmtk_reads_it(tmp_path, dcmtk, bits, process, signed):
    path = by_dcmtk(plain(bits, signed), tmp_path, process)
    np.testing.assert_array_equal(as_we_read(path), as_dcmtk_reads(path))


def lossless(frame: np.ndarray) -> bytes:
    return jpeg8_encode(frame, lossless=True, bitspersample=16)


def extended(frame: np.ndarray) -> bytes:
    return jpeg8_encode(frame >> 4, bitspersample=12)


CODERS = [(uid.JPEGLosslessSV1, lossless), (uid.JPEGExtended12Bit, extended)]


def holding(coded: list[bytes], syntax: uid.UID) -> BytesIO:
    ds = nuclear_object(frames(signed=False)[: len(coded)])
    if syntax == uid.JPEGExtended12Bit:
        ds.BitsStored, ds.HighBit = 12, 11
    return as_file(encapsulated(ds, coded, syntax))


@pytest.mark.parametrize(("syntax", "coder"), CODERS, ids=["lossless", "extended"])
def test_a_frame_that_is_cut_off_is_refused_and_not_made_up(syntax, coder):
    """libjpeg-turbo would go on with made-up pixels, its end marked or not."""
    first, second = (coder(frame) for frame in frames(signed=False)[:2])
    whole = read_tomogram(holding([first, second], syntax)).volume.counts
    filled = second[:-2] + b"\xff\xff\xd9"
    for same in (second + b"\0\0", second + b"\xff\xff", filled):
        padded = holding([first, same], syntax)
        np.testing.assert_array_equal(read_tomogram(padded).volume.counts, whole)
    for length in (len(second) // 2, len(second) - 40, len(second) - 6):
        for end in (b"", b"\xff\xd9"):
            with pytest.raises(Refused, match=r"compressed image .*JPEG"):
                read_tomogram(holding([first, second[:length] + end], syntax))


@pytest.mark.parametrize("marker", [0xC9, 0xCB, 0xC5], ids=hex)
def test_a_kind_of_jpeg_that_is_not_read_is_refused(marker):
    """Arithmetic coding and hierarchies, which nobody uses."""
    coded = lossless(frames(signed=False)[0])
    other = coded.replace(b"\xff\xc3\x00", bytes([0xFF, marker, 0]), 1)
    assert coded != other
    with pytest.raises(Refused, match="compressed image cannot be read"):
        read_tomogram(holding([coded, other], uid.JPEGLosslessSV1))


def test_a_frame_of_another_precision_than_its_image_is_refused():
    eight = jpeg8_encode((frames(signed=False)[0] >> 8).astype(np.uint8), lossless=True)
    with pytest.raises(Refused, match="compressed image cannot be read"):
        read_tomogram(holding([eight, eight], uid.JPEGLosslessSV1))


@pytest.fixture(scope="module")
def damaged() -> list[bytes]:
    """Files of which one frame has bytes that are others, gone, or there twice."""
    random, files = Random(5), []
    for number in range(DAMAGED):
        syntax, coder = CODERS[number % 2]
        good = coder(frames(signed=False)[0])
        bad = bytearray(good)
        for _ in range(random.randint(1, 6)):
            at = random.randrange(200 if random.random() < 0.7 else len(bad))
            change, length = random.randrange(3), random.choice([1, 1, 2, 30])
            if change == 0:
                bad[at : at + length] = random.randbytes(length)
            elif change == 1:
                del bad[at : at + length]
            else:
                bad[at:at] = bad[at : at + length]
        files.append(holding([good, bytes(bad)], syntax).getvalue())
    return files


def test_damaged_jpeg_is_read_or_refused_and_the_next_file_is_read(damaged):
    whole = holding([lossless(one) for one in frames(False)[:2]], uid.JPEGLosslessSV1)
    refused = 0
    with decoders(1) as (decoder,):
        for content in damaged:
            start = time.monotonic()
            try:
                found = decoder.read(content)
                assert isinstance(found, Scan)
                assert found.voxels.shape == (2, 40, 44)
            except Refused as error:
                assert "not foreseen" not in str(error)  # its process has not died
                refused += 1
            assert time.monotonic() - start < LIMIT_S
        assert decoder.read(whole.getvalue()).voxels.max() > 20_000
    assert DAMAGED / 4 < refused < DAMAGED


def test_a_decoder_that_crashes_costs_its_process_and_its_file_alone(monkeypatch):
    """What no damaged file has done to it: here it is made to."""
    coded = [lossless(one) for one in frames(False)[:2]]
    content = holding(coded, uid.JPEGLosslessSV1).getvalue()
    crashing = (
        "import ctypes, imagecodecs;"
        "imagecodecs.jpeg8_decode = lambda *a, **k: ctypes.string_at(0);"
        "from readerstudy.imaging.decoding.child import main; main()"
    )
    popen = subprocess.Popen
    monkeypatch.setattr(
        decoding.decoder.subprocess,
        "Popen",
        lambda arguments, **more: popen(
            [sys.executable, "-c", crashing, arguments[-1]], **more
        ),
    )
    decoder = Decoder()
    with pytest.raises(Refused, match="not foreseen"):
        decoder.read(content)
    monkeypatch.undo()
    assert isinstance(decoder.read(content), Scan)
    decoder.stop()


def test_the_jpeg_library_is_loaded_only_for_such_a_file(tmp_path):
    coded = [lossless(one) for one in frames(False)[:2]]
    packed = holding(coded, uid.JPEGLosslessSV1).getvalue()
    (tmp_path / "packed.dcm").write_bytes(packed)
    write(nuclear_object(frames(signed=False)), tmp_path / "plain.dcm")
    script = (
        "import sys; from pathlib import Path;"
        "from readerstudy.imaging.decoding.child import read;"
        "said = [];"
        "[(read((Path(sys.argv[1]) / name).read_bytes()),"
        " said.append('imagecodecs' in sys.modules))"
        " for name in ('plain.dcm', 'packed.dcm')];"
        "print(said)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path], capture_output=True, check=True
    )
    assert done.stdout.split(b"\n")[0] == b"[False, True]"


def test_the_frames_of_a_file_are_found_whole(tmp_path, dcmtk):
    """What dcmcjpeg writes is one frame a fragment, its end marked."""
    path = by_dcmtk(plain(16, signed=False), tmp_path, "+e1")
    found = list(generate_frames(pydicom.dcmread(path).PixelData, number_of_frames=4))
    assert len(found) == 4
    assert all(b"\xff\xd9" in one[-3:] for one in found)
