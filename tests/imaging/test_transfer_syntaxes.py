"""However the same voxels are encoded, the same voxels come out."""

import struct
from io import BytesIO
from pathlib import Path
from unittest.mock import MagicMock

import numpy as np
import pydicom
import pydicom.data
import pytest
from imagecodecs import jpeg8_encode
from openjpeg.utils import encode_array
from PIL import Image
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames

from readerstudy.imaging import decoders, dicom_file, pixels
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.tomogram import read_tomogram

from . import oracle
from .objects import nuclear_object, write

pytestmark = pytest.mark.pure

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
needs_data = pytest.mark.skipif(
    not DATA.exists(), reason="the real DICOM files are not beside this checkout"
)
BY_PYDICOM = [uid.RLELossless, uid.JPEGLSLossless, uid.JPEG2000Lossless]
PREDICTORS = {uid.JPEGLossless: 6, uid.JPEGLosslessSV1: 1}
NATIVE = [
    uid.ImplicitVRLittleEndian,
    uid.ExplicitVRLittleEndian,
    uid.ExplicitVRBigEndian,
    uid.DeflatedExplicitVRLittleEndian,
]


def frames(signed: bool) -> np.ndarray:
    """Smooth enough that every encoder has something to predict; all 16 bits."""
    z, y, x = np.indices((4, 40, 44))
    bumps = 12_000 * np.sin(x / 3) * np.cos(y / 5) + 300 * z + 13_000
    noisy = bumps + np.random.default_rng(5).integers(-40, 40, bumps.shape)
    return (noisy - 13_500 * signed).astype(np.int16 if signed else np.uint16)


def stored(folder: Path, syntax: uid.UID, signed: bool) -> Path:
    ds = nuclear_object(frames(signed))
    path = folder / "image.dcm"
    if syntax in PREDICTORS:
        coded = [
            jpeg8_encode(
                frame.view(np.uint16),
                lossless=True,
                predictor=PREDICTORS[syntax],
                bitspersample=16,
            )
            for frame in frames(signed)
        ]
        encapsulated(ds, coded, syntax)
    elif syntax == uid.JPEG2000Lossless:
        coded = [
            encode_array(frame, photometric_interpretation=2)
            for frame in frames(signed)
        ]
        encapsulated(ds, coded, syntax)
    elif syntax in BY_PYDICOM:
        ds.compress(syntax)
    else:
        ds.file_meta.TransferSyntaxUID = syntax
        if not syntax.is_little_endian:
            ds.PixelData = frames(signed).astype(">u2").tobytes()
            if signed:
                ds.PixelData = frames(signed).astype(">i2").tobytes()
    return write(ds, path)


@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize(
    "syntax", [*NATIVE, *BY_PYDICOM, *PREDICTORS], ids=lambda one: uid.UID(one).keyword
)
def test_each_lossless_encoding_gives_the_voxels_that_went_in(tmp_path, syntax, signed):
    path = stored(tmp_path, syntax, signed)
    assert pydicom.dcmread(path).file_meta.TransferSyntaxUID == syntax
    tomogram = read_tomogram(path)
    np.testing.assert_array_equal(tomogram.volume.counts, frames(signed)[::-1])
    np.testing.assert_array_equal(
        tomogram.volume.counts, oracle.voxels(oracle.read(path))
    )
    assert tomogram.warnings == ()
    assert tomogram.negative_voxels == np.count_nonzero(frames(signed) < 0)
    assert bool(tomogram.negative_voxels) == signed


def as_stored(path: Path) -> np.ndarray:
    """What the file's pixels are before anybody says what they mean."""
    with dicom_file.lenient():
        return pixels.decode_frames(dicom_file.read_dataset(path))[0]


@needs_data
@pytest.mark.parametrize("name", ["RLE", "JPLL", "JLSL", "J2KR"])
def test_the_real_bone_scan_is_the_same_in_every_lossless_encoding(name):
    plain = as_stored(DATA / "nema_wg04" / "NM1_UNC.dcm")
    other = as_stored(DATA / "nema_wg04" / f"NM1_{name}.dcm")
    np.testing.assert_array_equal(plain, other)


@needs_data
@pytest.mark.parametrize("name", ["JPLY", "JLSN", "J2KI"])
def test_the_real_bone_scan_in_lossy_encodings_is_as_simpleitk_reads_it(name):
    """Their decoders are others' than SimpleITK's."""
    path = DATA / "nema_wg04" / f"NM1_{name}.dcm"
    found, wanted = as_stored(path), oracle.voxels(oracle.read(path))[0]
    assert np.abs(found.astype(int) - wanted).max() <= (1 if name == "J2KI" else 0)
    plain = as_stored(DATA / "nema_wg04" / "NM1_UNC.dcm").astype(int)
    assert np.abs(found - plain).mean() < 5


def test_twelve_bit_jpeg_gives_what_dcmtk_gives():
    """Golden: `dcmdjpeg JPGExtended.dcm` of DCMTK 3.6.7, on the file in pydicom's
    wheel; sum, maximum and one row."""
    path = pydicom.data.get_testdata_file("JPGExtended.dcm")
    found = as_stored(Path(path)).astype(int)
    assert (found.sum(), found.max()) == (3767007, 264)


def encapsulated(ds: Dataset, coded: list[bytes], syntax: uid.UID) -> Dataset:
    ds.PixelData = encapsulate(coded)
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    ds.file_meta.TransferSyntaxUID = syntax
    return ds


def nuclear_as(syntax: uid.UID, source: str) -> Dataset:
    """A tomogram whose frames are the coded frame of one of pydicom's files."""
    other = pydicom.dcmread(pydicom.data.get_testdata_file(source))
    frame = next(generate_frames(other.PixelData, number_of_frames=1))
    ds = nuclear_object(np.zeros((2, other.Rows, other.Columns), np.uint16))
    for keyword in ("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"):
        setattr(ds, keyword, getattr(other, keyword))
    return encapsulated(ds, [frame, frame], syntax)


def test_an_image_compressed_with_loss_says_so(tmp_path):
    ds = nuclear_as(uid.JPEGExtended12Bit, "JPGExtended.dcm")
    tomogram = read_tomogram(write(ds, tmp_path / "image.dcm"))
    assert tomogram.volume.counts.max() == 264
    assert any("with loss" in warning for warning in tomogram.warnings)
    plain = nuclear_object(frames(signed=False))
    plain.LossyImageCompression = "01"
    tomogram = read_tomogram(write(plain, tmp_path / "plain.dcm"))
    assert any("with loss" in warning for warning in tomogram.warnings)


def test_eight_bit_jpeg_gives_what_pillow_gives(tmp_path):
    picture = (frames(signed=False)[0] / 110).astype(np.uint8)
    coded = BytesIO()
    Image.fromarray(picture).save(coded, "JPEG", quality=90)
    ds = nuclear_object(np.zeros((2, *picture.shape), np.uint16))
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit = 7
    encapsulated(ds, [coded.getvalue()] * 2, uid.JPEGBaseline8Bit)
    tomogram = read_tomogram(write(ds, tmp_path / "image.dcm"))
    wanted = np.asarray(Image.open(coded), dtype=float)
    assert np.abs(tomogram.volume.counts[0] - wanted).max() <= 1


@pytest.mark.parametrize(
    ("syntax", "header", "size", "library"),
    [
        (
            uid.JPEG2000Lossless,
            b"\xff\x4f\xff\x51",
            ">2I",
            "readerstudy.imaging.decoders.decode_pixel_data",
        ),
        (uid.JPEGLSLossless, b"\xff\xf7", ">2H", "jpeg_ls.decode_pixel_data"),
        (uid.JPEGLosslessSV1, b"\xff\xc3", ">2H", "imagecodecs.jpeg8_decode"),
    ],
    ids=["JPEG 2000", "JPEG-LS", "JPEG lossless"],
)
def test_a_frame_that_claims_another_size_never_comes_to_its_decoder(
    tmp_path, monkeypatch, syntax, header, size, library
):
    """The libraries have taken minutes and gigabytes for what a frame claims."""
    path = stored(tmp_path, syntax, signed=False)
    content = bytearray(path.read_bytes())
    asked = MagicMock(side_effect=ValueError)
    monkeypatch.setattr(library, asked)
    with pytest.raises(Refused, match="compressed image"):
        read_tomogram(BytesIO(bytes(content)))
    assert asked.mock_calls
    asked.reset_mock()
    at = content.index(header) + (8 if size == ">2I" else 5)
    assert sorted(struct.unpack_from(size, content, at)) == [40, 44]
    struct.pack_into(size, content, at, 60_000, 60_000)
    with pytest.raises(Refused, match="compressed image"):
        read_tomogram(BytesIO(bytes(content)))
    assert not asked.mock_calls


def test_a_syntax_that_nobody_decodes_is_named(tmp_path):
    ds = nuclear_as(uid.JPEGExtended12Bit, "JPGExtended.dcm")
    ds.file_meta.TransferSyntaxUID = uid.MPEG2MPML
    with pytest.raises(Refused, match="MPEG2"):
        read_tomogram(write(ds, tmp_path / "image.dcm"))


def test_a_decoder_that_is_not_installed_is_a_reason_and_no_fault(
    tmp_path, monkeypatch
):
    path = stored(tmp_path, uid.JPEGLSLossless, signed=False)
    monkeypatch.delitem(
        pixels.get_decoder(uid.JPEGLSLossless)._available, decoders.LABEL
    )
    with pytest.raises(Refused, match="JPEG-LS"):
        read_tomogram(path)


def test_no_gpl_decoder_is_asked_for_or_installed():
    """python-gdcm is none, but its wheel brings a library with sources under it."""
    for module in ("libjpeg", "gdcm"):
        assert module not in " ".join(pixels.DECODERS.values())
        with pytest.raises(ImportError):
            __import__(module)
