"""Decoder plugins for pydicom (`Decoder.add_plugin`), one for each compression.

pydicom has plugins for these libraries too. They do not look at the header of the
compressed frame itself, and the libraries trust it: a damaged one has taken minutes,
gigabytes or the process. Here it has to agree with the data set first.

JPEG 2000 by OpenJPEG (BSD-2), JPEG-LS by CharLS (BSD-3), and JPEG by GDCM (BSD),
12-bit JPEG Extended included, which pydicom leaves to a GPL decoder. Measured on the
NEMA sample NM1_JPLY and on pydicom's JPGExtended.dcm, GDCM gives every pixel of it as
DCMTK's dcmdjpeg does.
"""

import struct
from typing import cast

import gdcm
import jpeg_ls
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
SCAN = b"\xff\xda"
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
    stored = runner.bits_stored
    if (_jpeg_precision(source, runner) > 8) != (runner.bits_allocated > 8):
        raise ValueError("the frame is of another precision than the image")
    interpretation = gdcm.PhotometricInterpretation.GetPIType(
        str(runner.photometric_interpretation)
    )
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((runner.columns, runner.rows, 1))
    image.SetDataElement(_pixel_data(source))
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(interpretation))
    syntax = gdcm.TransferSyntax.GetTSType(str.__str__(runner.transfer_syntax))
    image.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    image.SetPixelFormat(
        gdcm.PixelFormat(
            1, runner.bits_allocated, stored, stored - 1, runner.pixel_representation
        )
    )
    # the binding gives a char* as text
    decoded: bytes = image.GetBuffer().encode("utf-8", "surrogateescape")
    return decoded


def _jpeg_precision(source: bytes, runner: DecodeRunner) -> int:
    """Bits of a value, of a JPEG or JPEG-LS frame whose size is that of the image.

    Its markers are walked up to the scan: where one is damaged, GDCM has aborted.
    """
    header, tables, at = b"", False, 2
    while source[at : at + 2] != SCAN:
        if source[at] != 0xFF:
            raise ValueError("a marker is damaged")
        length = int.from_bytes(source[at + 2 : at + 4], "big")
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


def _pixel_data(source: bytes) -> "gdcm.DataElement":
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(source)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    return element
