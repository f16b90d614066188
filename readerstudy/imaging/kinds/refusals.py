"""Why a file is not a tomogram that can be read, one sentence for each kind.

No sentence holds text of the file: a value that the standard does not know could be
anything, a name included.
"""

from pydicom.uid import UID

from ..dicom_file import known_name
from ..marking import gettext_noop

PROJECTION = gettext_noop(
    "It is a projection through a volume (as maximum intensity), not its slices."
)
ATTENUATION_MAP = gettext_noop(
    "It is a transmission scan or an attenuation map, not an image of emission."
)
LOCALIZER = gettext_noop("It is a localizer (scout view), not a slice of a volume.")
DYNAMIC = gettext_noop(
    "It is a dynamic study, which holds several times of one volume, not one tomogram."
)
GATED = gettext_noop(
    "It is a gated study, which holds several phases of one volume, not one tomogram."
)
WHOLE_BODY = gettext_noop("It is a whole-body scan, not a tomogram of one region.")

# Image Type value 3 of nuclear medicine images (PS3.3 C.8.4.9.1.1)
NUCLEAR_KINDS = {
    "STATIC": gettext_noop("It is a planar (static) image, not a tomogram."),
    "WHOLE BODY": WHOLE_BODY,
    "DYNAMIC": gettext_noop("It is a planar dynamic study, not a tomogram."),
    "GATED": gettext_noop("It is a planar gated study, not a tomogram."),
    "TOMO": gettext_noop(
        "It holds raw projections of a tomogram, not a reconstructed tomogram."
    ),
    "GATED TOMO": gettext_noop(
        "It holds gated raw projections of a tomogram, not a reconstructed tomogram."
    ),
    "RECON GATED TOMO": GATED,
}
NUCLEAR_UNKNOWN = gettext_noop(
    "It is a nuclear medicine image, but not a reconstructed tomogram by what it says "
    "of itself (Image Type)."
)

# Image Type value 3 of CT images (C.8.2.1.1.1)
CT_KINDS = {"LOCALIZER": LOCALIZER, "PROJECTION": PROJECTION}
CT_UNKNOWN = gettext_noop(
    "It is a CT image, but not an axial slice by what it says of itself (Image Type)."
)

# Series Type of PET images (C.8.9.1.1.1)
PET_SERIES = {
    "DYNAMIC": DYNAMIC,
    "GATED": GATED,
    "WHOLE BODY": WHOLE_BODY,
    "REPROJECTION": PROJECTION,
}

# Image Type value 3 of enhanced images (C.8.16.1.3)
ENHANCED_KINDS = {
    "LOCALIZER": LOCALIZER,
    "DYNAMIC": DYNAMIC,
    "PERFUSION": DYNAMIC,
    "CARDIAC_GATED": GATED,
    "CARDRESP_GATED": GATED,
    "GATED": GATED,
    "RESP_GATED": GATED,
    "WHOLE_BODY": WHOLE_BODY,
    "WHOLE BODY": WHOLE_BODY,
    "PROJECTION": PROJECTION,
}

_ATTENUATION = {"TRANSMISSION", "MUMAP", "MU_MAP", "ACMAP", "AC_MAP", "ATTENUATION"}
_PROJECTIONS = {"MAX_IP", "MEAN_IP", "MIN_IP", "PROJECTION"}

_REPORT = gettext_noop("It is a report, not an image.")
_CURVE = gettext_noop("It is a curve or a sound, not an image.")
_REGIONS = gettext_noop("It holds outlines or regions, not a tomogram.")
# part of the keyword of a SOP class (PS3.6 A) → what such a file is; the first counts
_OTHERS = (
    (
        "SecondaryCapture",
        gettext_noop(
            "It is a screen capture or a picture made elsewhere (Secondary Capture), "
            "not a tomogram."
        ),
    ),
    ("SRStorage", _REPORT),
    ("StructuredReport", _REPORT),
    ("RadiationDose", _REPORT),
    ("KeyObject", gettext_noop("It is a list of references to images, not an image.")),
    ("Encapsulated", gettext_noop("It is a document, not an image.")),
    (
        "PresentationState",
        gettext_noop("It says how an image is shown, but it is not an image."),
    ),
    ("Waveform", _CURVE),
    ("ECG", _CURVE),
    ("Registration", gettext_noop("It says how images lie together; it is no image.")),
    ("Segmentation", _REGIONS),
    ("RTStructureSet", _REGIONS),
    ("RawData", gettext_noop("It holds raw data of a scanner, not an image.")),
    (
        "MR",
        gettext_noop(
            "It is a magnetic resonance image; only emission tomograms and CT are read."
        ),
    ),
    (
        "Ultrasound",
        gettext_noop("It is an ultrasound image, not a reconstructed tomogram."),
    ),
    (
        "MediaStorageDirectory",
        gettext_noop("It is a DICOMDIR, a table of contents without images."),
    ),
)


def is_attenuation(kind: tuple[str, ...]) -> bool:
    return bool(_ATTENUATION & set(kind))


def is_projection(kind: tuple[str, ...]) -> bool:
    return bool(_PROJECTIONS & set(kind))


def not_a_tomogram(sop_class: str) -> str:
    """Why no file of this SOP class is read."""
    name = known_name(sop_class)
    if not name:
        return gettext_noop(
            "It is of a kind that the standard does not know, not a tomogram."
        )
    keyword = UID(sop_class).keyword
    for part, reason in _OTHERS:
        if part in keyword:
            return reason
    return gettext_noop("It is not a reconstructed tomogram but: %(name)s.") % {
        "name": name
    }
