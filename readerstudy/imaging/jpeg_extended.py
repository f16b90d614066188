"""12-bit JPEG Extended (Process 2 and 4), which pydicom leaves to a GPL decoder.

GDCM (BSD) reads it, though pydicom's own plugin for GDCM says it does not: measured
on the NEMA sample NM1_JPLY and on pydicom's JPGExtended.dcm, every pixel as DCMTK's
dcmdjpeg gives it. This is a decoder plugin for pydicom (`Decoder.add_plugin`).
"""

from pydicom.pixels.decoders.base import DecodeRunner
from pydicom.uid import JPEGExtended12Bit

try:
    import gdcm
except ImportError:  # pragma: no cover - a platform without its wheel
    gdcm = None

DECODER_DEPENDENCIES = {JPEGExtended12Bit: ("gdcm>=3.0.10",)}
LABEL = "gdcm-12-bit"
PLUGIN = (LABEL, (__name__, "decode_frame"))
MOST_BITS = 12


def is_available(uid: str) -> bool:
    return gdcm is not None and uid in DECODER_DEPENDENCIES


def decode_frame(source: bytes, runner: DecodeRunner) -> bytes:
    """One frame of one value a pixel."""
    stored = runner.bits_stored
    if runner.samples_per_pixel != 1 or stored > MOST_BITS:
        raise ValueError("not a 12-bit image of one value a pixel")
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((runner.columns, runner.rows, 1))
    image.SetDataElement(_pixel_data(source))
    image.SetPhotometricInterpretation(
        gdcm.PhotometricInterpretation(
            gdcm.PhotometricInterpretation.GetPIType(
                str(runner.photometric_interpretation)
            )
        )
    )
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
