"""Decoder plugins for pydicom (`Decoder.add_plugin`), one for each compression.

pydicom has plugins for these libraries too. They do not look at the header of the
compressed frame itself, and the libraries trust it: a damaged one has taken minutes,
gigabytes or the process. Here it has to agree with the data set first.

JPEG 2000 by OpenJPEG (BSD-2), JPEG-LS by CharLS (BSD-3), and JPEG of 2 to 16 bits by
libjpeg-turbo (BSD-3 and IJG), lossless and 12-bit JPEG Extended included, which
pydicom leaves to a GPL decoder. It gives every pixel as DCMTK's dcmdjpeg does, whatever
the precision, the sign and the predictor (tests/imaging/test_jpeg.py).
"""

import struct
from typing import cast

import jpeg_ls
import numpy as np
from openjpeg.utils import decode_pixel_data
from pydicom import uid
from pydicom.pixels.decoders.base import DecodeRunner, get_decoder

LABEL = "readerstudy"
JPEG = (
    uid.JPEGBaseline8Bit,
    uid.JPEGExtended12Bit,
    uid.JPEGLossless,
    uid.JPEGLosslessSV1,
)
# syntax → which function here reads a frame of it
SYNTAXES = {
    **dict.fromkeys(JPEG, "decode_jpeg"),
    **dict.fromkeys(uid.JPEGLSTransferSyntaxes, "decode_jpeg_ls"),
    uid.JPEG2000Lossless: "decode_jpeg_2000",
    uid.JPEG2000: "decode_jpeg_2000",
}
# what pydicom asks of a plugin
DECODER_DEPENDENCIES = dict.fromkeys(SYNTAXES, ("readerstudy",))
# ISO 10918-1 B.1.1.3: sequential, extended, progressive, lossless; 14495-1: JPEG-LS
JPEG_LS_HEADER = 0xF7
FRAME_HEADERS = {0xC0, 0xC1, 0xC2, 0xC3, JPEG_LS_HEADER}
HUFFMAN_TABLES = 0xC4
ALONE = {0x01, *range(0xD0, 0xDA)}  # markers without a length, none before a scan
SCAN = b"\xff\xda"
END = b"\xff\xd9"
# Where a scan is cut off, libjpeg-turbo goes on as if bits followed, and says nothing.
# A whole one does not look at what follows: it is decoded twice, with either of these.
FOLLOWING = (b"", b"\xaa" * 8)
CODE_STREAM = b"\xff\x4f\xff\x51"  # ISO 15444-1 A.4.1, A.5.1
MOST_BITS = 16


def is_available(syntax: str) -> bool:
    return syntax in SYNTAXES


def register() -> None:
    """Once is enough; again does nothing."""
    for syntax, function in SYNTAXES.items():
        decoder = get_decoder(syntax)
        if LABEL not in decoder.available_plugins:
            decoder.add_plugin(LABEL, (__name__, function))


def decode_jpeg_2000(source: bytes, runner: DecodeRunner) -> bytearray:
    at = source.index(CODE_STREAM) + 8
    right, low, left, high = struct.unpack_from(">4I", source, at)
    (samples,) = struct.unpack_from(">H", source, at + 32)
    _check_size(runner, rows=low - high, columns=right - left, samples=samples)
    decoded = decode_pixel_data(source, version=2, **runner.options)
    _set_bytes(runner, runner.get_option("j2k_precision", runner.bits_stored))
    return cast(bytearray, decoded)


def decode_jpeg_ls(source: bytes, runner: DecodeRunner) -> bytearray:
    _jpeg_precision(source, runner)
    decoded, stated = jpeg_ls.decode_pixel_data(source)
    _set_bytes(runner, stated["bits_per_sample"])
    return cast(bytearray, decoded)


def _set_bytes(runner: DecodeRunner, precision: int) -> None:
    """The bytes of a decoded value follow from the precision of its stream."""
    runner.set_option("bits_allocated", 8 if precision <= 8 else 16)


def decode_jpeg(source: bytes, runner: DecodeRunner) -> bytes:
    from imagecodecs import jpeg8_decode  # 0.2 s that few files ask for

    precision = _jpeg_precision(source, runner)
    if (precision > 8) != (runner.bits_allocated > 8):
        raise ValueError("the frame is of another precision than the image")
    scanned = source[: source.rindex(END)].rstrip(b"\xff")  # which may fill up
    first, second = (
        jpeg8_decode(
            scanned + following + END,
            out=np.empty(
                (runner.rows, runner.columns), np.uint16 if precision > 8 else np.uint8
            ),
        )
        for following in FOLLOWING
    )
    if not np.array_equal(first, second):
        raise ValueError("the frame is cut off")
    return first.tobytes()


def _jpeg_precision(source: bytes, runner: DecodeRunner) -> int:
    """Bits of a value, of a JPEG or JPEG-LS frame whose size is that of the image.

    Its markers are walked up to the scan: where one is damaged, the library
    could take another size for the frame's than the one that was looked at here.
    """
    header, tables, at = b"", False, 2
    while source[at : at + 2] != SCAN:
        length = int.from_bytes(source[at + 2 : at + 4], "big")
        if source[at] != 0xFF or source[at + 1] in ALONE or length < 2:
            raise ValueError("a marker is damaged")
        if source[at + 1] in FRAME_HEADERS:
            header = source[at + 1 : at + 10]
        tables |= source[at + 1] == HUFFMAN_TABLES
        at += 2 + length
    kind, _, precision, rows, columns, samples = struct.unpack(">BHBHHB", header)
    _check_size(runner, rows=rows, columns=columns, samples=samples)
    if precision > MOST_BITS or (kind != JPEG_LS_HEADER and not tables):
        raise ValueError("a frame that no decoder reads")
    return int(precision)


def _check_size(runner: DecodeRunner, *, rows: int, columns: int, samples: int) -> None:
    if (rows, columns, samples) != (runner.rows, runner.columns, 1):
        raise ValueError("the frame is of another size than the image")
