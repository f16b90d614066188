"""How alike the reference and the input of a case are, where whole stacks are read.

Every arm is compared with the reference voxel by voxel, and shown beside it. What
differs besides what is to be restored can bias that, or tell readers which is which.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from django.utils.translation import gettext_noop

from readerstudy.imaging.registration import displacement_mm
from readerstudy.imaging.study_types import AIR_HU
from readerstudy.imaging.volume import Volume

from ..plan import ParityFinding, ParityReport, ScannedSeries
from .finished import turned_over
from .parity import places, same_spacing, scan_volume, towards, voxel

# Displacements are told from half a voxel on, and need a reason from one voxel on;
# what is less than this cannot be measured.
MEASURABLE_MM = 0.5
# Means of one body on two scans agree so well, unless one is scaled differently.
SAME_LEVEL_HU = 50.0
UNKNOWN = gettext_noop("How far the two scans lie apart cannot be measured in them.")


def compare_stacks(
    reference: ScannedSeries, short: ScannedSeries, *, folder: Path
) -> ParityReport:
    """The report on one pair of one shape; reads the voxels of both."""
    both = _above_air(folder, reference), _above_air(folder, short)
    offset = displacement_mm(*both)
    counted = reference.unit == "counts" and short.total_counts > 0
    ratio = reference.total_counts / short.total_counts if counted else None
    findings = (
        *_spacing(reference, short),
        *_offset(offset, reference.spacing_mm),
        *_turned_over(*both),
        *_level(reference, short),
        *_makers(reference, short),
        *places(reference, short),
    )
    return ParityReport(offset, ratio, findings)


def _above_air(folder: Path, series: ScannedSeries) -> Volume:
    """What is looked at for displacements: nothing where there is nothing."""
    volume = scan_volume(folder, series)
    if series.unit != "HU":
        return volume
    counts = volume.counts.astype(np.float32) - AIR_HU
    return Volume(np.maximum(counts, 0, out=counts), volume.spacing_mm)


def _spacing(reference: ScannedSeries, short: ScannedSeries) -> Iterator[ParityFinding]:
    if not same_spacing(reference, short):
        yield ParityFinding(
            "spacing",
            gettext_noop(
                "The voxels of the reference measure %(reference)s mm, those of the "
                "input %(short)s mm."
            )
            % {"reference": voxel(reference), "short": voxel(short)},
            blocking=True,
        )


def _offset(
    offset: tuple[float, float, float] | None, spacing_mm: tuple[float, float, float]
) -> Iterator[ParityFinding]:
    if offset is None:
        yield ParityFinding("offset-unknown", UNKNOWN, blocking=True)
        return
    apart = [
        max(abs(mm) - MEASURABLE_MM, 0) / size
        for mm, size in zip(offset, reversed(spacing_mm), strict=True)
    ]
    if max(apart) > 0.5:
        x, y, z = towards(offset)
        yield ParityFinding(
            "offset",
            gettext_noop(
                "The input is displaced from the reference by %(x)s, %(y)s and %(z)s."
            )
            % {"x": x, "y": y, "z": z},
            blocking=max(apart) > 1,
        )


def _turned_over(reference: Volume, short: Volume) -> Iterator[ParityFinding]:
    if way := turned_over(reference.counts, short.counts):
        yield ParityFinding(
            "mirrored",
            gettext_noop(
                "Turned over from %(way)s, the input resembles the reference more: is "
                "one of them mirrored?"
            )
            % {"way": way},
            blocking=True,
        )


def _level(reference: ScannedSeries, short: ScannedSeries) -> Iterator[ParityFinding]:
    """Of Hounsfield units, which mean the same everywhere; counts may differ."""
    if reference.unit == "HU" and abs(reference.mean - short.mean) > SAME_LEVEL_HU:
        yield ParityFinding(
            "level",
            gettext_noop(
                "The mean of the reference is %(reference)s HU, that of the input "
                "%(short)s HU: is one of them scaled differently?"
            )
            % {"reference": f"{reference.mean:.0f}", "short": f"{short.mean:.0f}"},
            blocking=True,
        )


def _makers(reference: ScannedSeries, short: ScannedSeries) -> Iterator[ParityFinding]:
    """Two scanners may be what is compared, so that is told and blocks nothing."""
    if len({reference.manufacturer, short.manufacturer} - {""}) > 1:
        yield ParityFinding(
            "camera",
            gettext_noop(
                "The scans were made by scanners of two makers: %(reference)s and "
                "%(short)s."
            )
            % {"reference": reference.manufacturer, "short": short.manufacturer},
            blocking=False,
        )
