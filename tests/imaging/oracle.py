"""SimpleITK (GDCM underneath) as the independent reading of the same files."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import SimpleITK
from pydicom.dataset import Dataset

from .objects import write

SimpleITK.ProcessObject.SetGlobalWarningDisplay(False)


def oriented(image: SimpleITK.Image) -> SimpleITK.Image:
    """Turned so that x, y, z grow to the patient's left, back and head."""
    return SimpleITK.DICOMOrient(image, "LPS")


def read(path: Path) -> SimpleITK.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return oriented(SimpleITK.ReadImage(str(path)))


def read_series(files: Sequence[Dataset], folder: Path) -> SimpleITK.Image:
    """Written under names in no order, sorted by GDCM by their positions."""
    for number, ds in enumerate(files):
        write(ds, folder / f"{(number * 7) % 101:03}.dcm")
    names = SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder))
    assert len(names) == len(files)
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(names)
    return oriented(reader.Execute())


def voxels(image: SimpleITK.Image) -> np.ndarray:
    """(slices, rows, columns)."""
    return SimpleITK.GetArrayFromImage(image)
