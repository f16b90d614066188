"""Decoder plugins for pydicom (`Decoder.add_plugin`), where its own do not serve.

JPEG 2000 by OpenJPEG (BSD-2). pydicom reaches it through a dispatcher
that adds nothing here.

12-bit JPEG Extended (Process 2 and 4) by GDCM (BSD). pydicom leaves it to a GPL
decoder and says that GDCM cannot; measured on the NEMA sample NM1_JPLY and on
pydicom's JPGExtended.dcm, every pixel is as DCMTK's dcmdjpeg gives it.
"""

from typing import cast

import gdcm
from openjpeg.utils import decode_pixel_data
from pydicom import uid
from pydicom.pixels.decoders.base import DecodeRunner, get_decoder

LABEL = "readerstudy"
JPEG2000 = (uid.JPEG2000Lossless, uid.JPEG2000)
# asked for by pydicom
DECODER_DEPENDENCIES = {
    uid.JPEGExtended12Bit: ("python-gdcm",),
    **dict.fromkeys(JPEG2000, ("pylibjpeg-openjpeg",)),
}
MOST_BITS_EXTENDED = 12


def is_available(syntax: str) -> bool:
    return syntax in DECODER_DEPENDENCIES


def register() -> None:
    """Once is enough; again does nothing."""
    for syntax in DECODER_DEPENDENCIES:
        decoder = get_decoder(syntax)
        if LABEL not in decoder.available_plugins:
            extended = syntax == uid.JPEGExtended12Bit
            function = "decode_extended" if extended else "decode_jpeg2000"
            decoder.add_plugin(LABEL, (__name__, function))


def decode_jpeg2000(source: bytes, runner: DecodeRunner) -> bytearray:
    """One frame."""
    decoded = decode_pixel_data(source, version=2, **runner.options)
    # the bytes of a value follow from the precision that the code stream states
    precision = runner.get_option("j2k_precision", runner.bits_stored)
    runner.set_option("bits_allocated", next(b for b in (8, 16, 32) if precision <= b))
    return cast(bytearray, decoded)


def decode_extended(source: bytes, runner: DecodeRunner) -> bytes:
    """One frame of one value a pixel."""
    stored = runner.bits_stored
    if runner.samples_per_pixel != 1 or stored > MOST_BITS_EXTENDED:
        raise ValueError("not a 12-bit image of one value a pixel")
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


def _pixel_data(source: bytes) -> "gdcm.DataElement":
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(source)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    return element
