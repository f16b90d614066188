"""What of a DICOM file may pass the door: a list of what may, not of what may not.

Everything that KEPT does not name is gone before anything else sees the data set:
names, addresses, comments, institutions, devices, overlays, every private group.
That is the Basic Profile of DICOM PS3.15 Annex E and less: as no DICOM object is
ever written again, nothing has to stay but what the voxels need and what finds the
two scans of one examination.

Three things here could still lead to a person. They stay in memory, or sealed until
the import is decided:
  - LINKS (PatientID and UIDs) leave as keyed digests, the same for the same again;
  - the moment of acquisition leaves as the seconds between the scans of a case;
  - the series description is shown to the person who pairs, and is then dropped.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime

from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag

from .makers import known_maker
from .values import items, moment, text, texts

OLDEST = 90  # ages above are few enough to name somebody (HIPAA 164.514(b)(2)(i)(C))
LONGEST_LIFE = 125  # years; more is no age

Kept = Mapping[str, "Kept | None"]  # keyword → None, or what its items may hold

LINKS = (
    "PatientID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "SOPInstanceUID",
    "FrameOfReferenceUID",
)
_PIXELS = (
    "SamplesPerPixel",
    "PlanarConfiguration",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "ExtendedOffsetTable",
    "ExtendedOffsetTableLengths",
    "FloatPixelData",
    "DoubleFloatPixelData",
    "PixelData",
    "RescaleSlope",
    "RescaleIntercept",
)
_GEOMETRY = (
    "PixelSpacing",
    "SliceThickness",
    "SpacingBetweenSlices",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "NumberOfSlices",
    "SliceVector",
)
_ACQUISITION = (
    "SOPClassUID",
    "AcquisitionDate",
    "AcquisitionTime",
    "AcquisitionDateTime",
    "ActualFrameDuration",
    "NumberOfDetectors",
    "Exposure",
    "SeriesDescription",
)
_FUNCTIONAL_GROUPS: Kept = {
    "PixelMeasuresSequence": {
        "PixelSpacing": None,
        "SliceThickness": None,
        "SpacingBetweenSlices": None,
    },
    "PlanePositionSequence": {"ImagePositionPatient": None},
    "PlaneOrientationSequence": {"ImageOrientationPatient": None},
    "PixelValueTransformationSequence": {
        "RescaleSlope": None,
        "RescaleIntercept": None,
    },
    "FrameContentSequence": {
        "FrameAcquisitionDateTime": None,
        "FrameAcquisitionDuration": None,
    },
}
KEPT: Kept = {
    **dict.fromkeys((*LINKS, *_PIXELS, *_GEOMETRY, *_ACQUISITION)),
    "DirectoryRecordSequence": {},  # that it is there tells a DICOMDIR
    "DetectorInformationSequence": {
        "ImagePositionPatient": None,
        "ImageOrientationPatient": None,
    },
    "RotationInformationSequence": {
        "ActualFrameDuration": None,
        "NumberOfFramesInRotation": None,
    },
    "SharedFunctionalGroupsSequence": _FUNCTIONAL_GROUPS,
    "PerFrameFunctionalGroupsSequence": _FUNCTIONAL_GROUPS,
}
_META = ("TransferSyntaxUID", "MediaStorageSOPClassUID")

# Coded strings are words of the standard, but a workstation may write anything into
# them: a word that is not here becomes "".
_TYPES = frozenset(
    (
        *("ORIGINAL", "DERIVED", "MIXED", "PRIMARY", "SECONDARY", "NONE"),
        *("STATIC", "WHOLE BODY", "DYNAMIC", "GATED", "TOMO", "GATED TOMO"),
        *("RECON TOMO", "RECON GATED TOMO", "EMISSION", "TRANSMISSION"),
        *("AXIAL", "LOCALIZER", "REFORMATTED", "MPR", "PROJECTION", "VOLUME"),
        *("ANGIO", "CARDIAC", "CARDIAC_GATED", "CARDRESP_GATED", "FLUOROSCOPY"),
        *("MOTION", "PERFUSION", "PRE_CONTRAST", "POST_CONTRAST", "RESP_GATED"),
        *("REST", "STRESS", "WHOLE_BODY", "NON_PARALLEL", "PARALLEL"),
        *("ADDITION", "AVERAGE", "FILTERED", "RESAMPLED", "QUANTITY"),
        *("MAX_IP", "MEAN_IP", "MIN_IP"),
        *("MUMAP", "MU_MAP", "ACMAP", "AC_MAP", "ATTENUATION"),
    )
)
WORDS = {
    "ImageType": _TYPES,
    "SeriesType": frozenset(
        ("STATIC", "DYNAMIC", "GATED", "WHOLE BODY", "IMAGE", "REPROJECTION")
    ),
    "Units": frozenset(("1CM",)),  # all that is asked: whether it is attenuation
    "VolumetricProperties": frozenset(("VOLUME", "SAMPLED", "DISTORTED", "MIXED")),
    "PhotometricInterpretation": frozenset(
        ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "RGB", "YBR_FULL")
    ),
    "BurnedInAnnotation": frozenset(("YES", "NO")),
    "LossyImageCompression": frozenset(("00", "01")),
    "PatientSex": frozenset("FMO"),
}

# Read here, so that only what follows from them goes on.
_TURNED = (
    *WORDS,
    "Manufacturer",
    "PatientAge",
    "PatientBirthDate",
    "StudyDate",
    "SeriesDate",
    "SpecificCharacterSet",  # in which PatientID is written
)
# All that has to be parsed at all. The character set is parsed always.
PARSED = [Tag(keyword) for keyword in (*KEPT, *_TURNED)]

_AGE = re.compile(r"(\d{1,3})([DWMY])")
_PER_YEAR = {"D": 365.25, "W": 52.18, "M": 12, "Y": 1}


def deidentified(dataset: Dataset) -> Dataset:
    """A new data set with nothing but what KEPT names, and these in another form:

    coded strings in known words only, Manufacturer by a known name, PatientAge in
    years and at most 90 (from the date of birth where not stated).
    """
    kept = _only(dataset, KEPT)
    for keyword, words in WORDS.items():
        parts = [part.upper() for part in texts(dataset, keyword)]
        setattr(kept, keyword, [part if part in words else "" for part in parts])
    kept.Manufacturer = known_maker(text(dataset, "Manufacturer"))
    if (age := _age_years(dataset)) is not None:
        kept.PatientAge = f"{age:03}Y"
    kept.file_meta = FileMetaDataset()
    meta = getattr(dataset, "file_meta", None)
    for keyword in _META:
        if meta is not None and (value := text(meta, keyword)):
            setattr(kept.file_meta, keyword, value)
    return kept


def _only(dataset: Dataset, allowed: Kept) -> Dataset:
    """The named elements, those that can be read."""
    kept = Dataset()
    implicit, little = dataset.original_encoding
    kept.set_original_encoding(implicit, little, dataset.original_character_set)
    for tag in dataset.keys():  # noqa: SIM118 - only what is named is converted
        keyword = keyword_for_tag(tag)
        if keyword not in allowed:
            continue
        inside = allowed[keyword]
        if inside is None:
            with suppress(Exception):  # what cannot be read is as good as absent
                kept[tag] = dataset[tag]
        else:
            held = [_only(item, inside) for item in items(dataset, keyword)]
            setattr(kept, keyword, Sequence(held))
    return kept


def _age_years(dataset: Dataset) -> int | None:
    """Completed years at the examination, at most 90; None where not told."""
    stated = _AGE.fullmatch(text(dataset, "PatientAge").upper())
    if stated and int(stated[1]):
        years = int(int(stated[1]) / _PER_YEAR[stated[2]])
    else:
        born, seen = moment(dataset, "PatientBirthDate"), _examined(dataset)
        if not born or not seen or seen < born:
            return None
        birthday_to_come = (seen.month, seen.day) < (born.month, born.day)
        years = seen.year - born.year - birthday_to_come
    return min(years, OLDEST) if years <= LONGEST_LIFE else None


def _examined(dataset: Dataset) -> datetime | None:
    for date in ("AcquisitionDate", "SeriesDate", "StudyDate"):
        if found := moment(dataset, date):
            return found
    return None
