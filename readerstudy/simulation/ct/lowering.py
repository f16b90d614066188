"""Real CT slices as files, once more with the noise of a lower dose."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from readerstudy.imaging.dicom_file import read_dataset
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.pixels import decode_frames
from readerstudy.imaging.values import number, numbers, text

from .tomography import Scanner, lower_dose


def write_lowered(
    files: Iterable[Path],
    folder: Path,
    *,
    dose: float,
    seed: int,
    scanner: Scanner | None = None,
) -> tuple[int, list[tuple[Path, str]]]:
    """Each CT slice among `files` twice: as it is in `folder`/full-dose, and with the
    noise of a share `dose` in `folder`/low-dose. How many, and which files were left
    out and why.

    Series stay series: the slices of one get one new series identifier together.
    """
    left_out: list[tuple[Path, str]] = []
    done = 0
    for path in sorted(files):
        try:
            lowered = _lowered(path, dose, np.random.default_rng([seed, done]), scanner)
        except Refused as refusal:
            left_out.append((path, str(refusal)))
            continue
        done += 1
        name = f"{done:04d}.dcm"
        for part in ("full-dose", "low-dose"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / "full-dose" / name)
        lowered.save_as(folder / "low-dose" / name, enforce_file_format=True)
    return done, left_out


def _lowered(
    path: Path, dose: float, rng: np.random.Generator, scanner: Scanner | None
) -> Dataset:
    data = read_dataset(path)
    if text(data, "SOPClassUID") != CTImageStorage:
        raise Refused("It is not a single CT image.")
    frames = decode_frames(data)
    spacing = numbers(data, "PixelSpacing")
    if len(frames) != 1 or frames.shape[1] != frames.shape[2] or len(spacing) != 2:
        raise Refused("It is not one square slice with a stated pixel size.")
    slope, intercept = (
        number(data, "RescaleSlope") or 1.0,
        number(data, "RescaleIntercept") or 0.0,
    )
    stack = frames.astype(np.float64) * slope + intercept
    lowered = lower_dose(
        stack, dose=dose, pixel_mm=spacing[0], rng=rng, scanner=scanner
    )
    return _with_values(data, lowered[0], dose)


def _with_values(data: Dataset, image: np.ndarray, dose: float) -> Dataset:
    """The same data set with these values: a derived image of a new series."""
    percent = f"{100 * dose:g}"
    series = text(data, "SeriesInstanceUID")
    instance = text(data, "SOPInstanceUID")
    data.ImageType = ["DERIVED", "SECONDARY", "AXIAL"]
    data.DerivationDescription = f"Noise of {percent} % of a full dose was added"
    data.SeriesDescription = f"Low dose, {percent} %, simulated"
    data.SeriesInstanceUID = generate_uid(entropy_srcs=[series, percent, "series"])
    data.SOPInstanceUID = generate_uid(entropy_srcs=[instance, percent, "image"])
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit = 16, 16, 15
    data.PixelRepresentation, data.RescaleSlope, data.RescaleIntercept = 1, 1, 0
    for name in ("PixelPaddingValue", "PixelPaddingRangeLimit"):
        if name in data:
            del data[name]
    data.PixelData = image.astype("<i2").tobytes()
    data["PixelData"].VR = "OW"
    data["PixelData"].is_undefined_length = False
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return data
