"""What kinds of study there are: a registry that one can read.

A study type says what a case is and what may be asked of it. Cohorts are of one type;
what is made of a cohort, from preprocessing to report, follows this table.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .errors import Refused
from .marking import gettext_noop

DAT_SPECT = "dat-spect"
IMAGE_TO_IMAGE = "image-to-image"
AIR_HU = -1000.0


@dataclass(frozen=True)
class Preset:
    """A window of values with a unit: from `low`, drawn black, to `high`."""

    key: str
    title: str  # English, translated where it is shown
    low: float
    high: float


@dataclass(frozen=True)
class StudyType:
    """One entry.

    units: DICOM modality that is taken → unit of its values.
    is_stack: a case is read as its whole stack, stepped through, in its unit; else as
        three central slices, normalised, side by side.
    has_regions: the striatum and its background are named regions of every case.
    windows: rules from value to grey level that a protocol may name.
    presets: windows offered for values of each unit.
    ranges: unit → all that is ever shown of it, unless a protocol says otherwise.
    luts, question_sets: keys that a protocol may name, the first one by default.
    needs_reference: every case has one; else a person may say that a case has none.
    """

    key: str
    title: str
    units: Mapping[str, str]
    is_stack: bool
    has_regions: bool
    windows: tuple[str, ...]
    luts: tuple[str, ...]
    question_sets: tuple[str, ...]
    needs_reference: bool = True
    presets: Mapping[str, tuple[Preset, ...]] = field(default_factory=dict)
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)


HOUNSFIELD = (
    Preset("brain", gettext_noop("brain"), 0, 80),
    Preset("soft-tissue", gettext_noop("soft tissue"), -160, 240),
    Preset("lung", gettext_noop("lung"), -1350, 150),
    Preset("bone", gettext_noop("bone"), -450, 1050),
)

STUDY_TYPES: Mapping[str, StudyType] = {
    kind.key: kind
    for kind in (
        StudyType(
            key=DAT_SPECT,
            title=gettext_noop("DaT-SPECT: three central slices"),
            units={"NM": "counts", "PT": "counts", "CT": "counts"},
            is_stack=False,
            has_regions=True,
            windows=("image-max", "fixed"),
            luts=("cool",),
            question_sets=("striatum-grade-1-4",),
        ),
        StudyType(
            key=IMAGE_TO_IMAGE,
            title=gettext_noop("Image to image: whole stacks"),
            units={"CT": "HU", "NM": "counts", "PT": "counts"},
            is_stack=True,
            has_regions=False,
            windows=("presets",),
            luts=("grey", "cool"),
            question_sets=(
                "forced-choice",
                "image-quality",
                "finding-confidence",
                "anatomical-fidelity",
            ),
            needs_reference=False,
            presets={"HU": HOUNSFIELD},
            ranges={"HU": (-1024.0, 3071.0)},
        ),
    )
}


def study_type_get(key: str) -> StudyType:
    """Refused for a name that is none."""
    if key not in STUDY_TYPES:
        raise Refused(
            gettext_noop("There is no study type “%(name)s”.") % {"name": key}
        )
    return STUDY_TYPES[key]
