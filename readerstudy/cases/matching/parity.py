"""How alike the two scans of a case are, besides their counts.

Arms are compared image by image, slice by slice. Whatever differs between the two
scans other than the time they took can bias that, or tell readers which is which.
"""

from collections.abc import Iterator, Sequence
from math import prod
from pathlib import Path

from django.utils.translation import gettext_noop

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.preprocessing import PIXEL_MM
from readerstudy.imaging.registration import displacement_mm
from readerstudy.imaging.volume import Volume

from ..plan import ParityFinding, ParityReport, ScannedSeries, scan_path
from ..storage.stored_files import mapped_voxels
from .mirroring import is_mirrored
from .roles import BELIEVED_RATIOS

# Spacings and positions of two reconstructions of one examination agree so well.
SAME_SPACING_MM = 0.01
SAME_POSITION_MM = 1.0
# From one voxel on, a slice of the one shows what its neighbour of the other does;
# from half a voxel on, one should know.
OFFSET_BLOCKS_MM = PIXEL_MM
OFFSET_TOLD_MM = PIXEL_MM / 2
# along x, y and z: where a positive displacement leads, and where a negative one
WAYS = (
    (gettext_noop("%(mm)s mm to the left"), gettext_noop("%(mm)s mm to the right")),
    (gettext_noop("%(mm)s mm to the back"), gettext_noop("%(mm)s mm to the front")),
    (gettext_noop("%(mm)s mm to the head"), gettext_noop("%(mm)s mm to the feet")),
)
# Counts follow the duration by this factor, or they were scaled differently.
COUNTS_FOLLOW = 2.0
# Share of voxels below zero from which on a reconstruction makes such values.
NEGATIVE_SHARE = 0.001


def scan_volume(folder: Path, series: ScannedSeries) -> Volume:
    """The voxels of a scan that waits to be imported, as they are stored."""
    try:
        counts = mapped_voxels(scan_path(folder, series.number))
    except (OSError, ValueError) as error:
        raise Refused(
            gettext_noop(
                "The voxels of a scan are not there any more. Please send the files "
                "again."
            )
        ) from error
    return Volume(counts, series.spacing_mm)


def compare(
    reference: ScannedSeries, short: ScannedSeries, *, folder: Path
) -> ParityReport:
    """The report on one pair; reads the voxels of both."""
    volumes = scan_volume(folder, reference), scan_volume(folder, short)
    offset = displacement_mm(*volumes)
    mirrored = reference.modality == "NM" and is_mirrored(*volumes, offset)
    ratio = (
        reference.total_counts / short.total_counts if short.total_counts > 0 else None
    )
    findings = (
        *_geometry(reference, short),
        *_offset(offset),
        *(_mirrored() if mirrored else ()),
        *_counts(reference, short, ratio),
        *_values(reference, short),
        *_resampling(reference, short),
        *places(reference, short),
    )
    return ParityReport(offset, ratio, findings)


def matrix(series: ScannedSeries) -> str:
    return f"{series.shape[2]}×{series.shape[1]}"


def same_spacing(one: ScannedSeries, other: ScannedSeries) -> bool:
    pairs = zip(one.spacing_mm, other.spacing_mm, strict=True)
    return all(abs(a - b) <= SAME_SPACING_MM for a, b in pairs)


def _geometry(
    reference: ScannedSeries, short: ScannedSeries
) -> Iterator[ParityFinding]:
    if matrix(reference) != matrix(short):
        yield ParityFinding(
            "matrix",
            gettext_noop(
                "The reference scan has %(reference)s pixels a slice, the short one "
                "%(short)s."
            )
            % {"reference": matrix(reference), "short": matrix(short)},
            blocking=True,
        )
    if reference.shape[0] != short.shape[0]:
        yield ParityFinding(
            "slices",
            gettext_noop(
                "The reference scan has %(reference)s slices, the short one %(short)s."
            )
            % {"reference": reference.shape[0], "short": short.shape[0]},
            blocking=True,
        )
    if not same_spacing(reference, short):
        yield ParityFinding(
            "spacing",
            gettext_noop(
                "The voxels of the reference scan measure %(reference)s mm, those of "
                "the short one %(short)s mm."
            )
            % {"reference": voxel(reference), "short": voxel(short)},
            blocking=True,
        )


def voxel(series: ScannedSeries) -> str:
    return _size(series.spacing_mm)


def _size(spacing_mm: Sequence[float]) -> str:
    return "×".join(f"{size:.2f}" for size in reversed(spacing_mm))


def _offset(offset: tuple[float, float, float] | None) -> Iterator[ParityFinding]:
    if offset is None:
        yield ParityFinding(
            "offset-unknown",
            gettext_noop("How far the two scans lie apart cannot be measured in them."),
            blocking=True,
        )
    elif (apart := max(map(abs, offset))) > OFFSET_TOLD_MM:
        x, y, z = towards(offset)
        yield ParityFinding(
            "offset",
            gettext_noop(
                "The short scan is displaced from the reference by %(x)s, %(y)s and "
                "%(z)s."
            )
            % {"x": x, "y": y, "z": z},
            blocking=apart > OFFSET_BLOCKS_MM,
        )


def towards(offset_mm: tuple[float, float, float]) -> list[str]:
    """Along x, y and z: how far, and where to."""
    return [_towards(*one) for one in zip(offset_mm, WAYS, strict=True)]


def _towards(offset_mm: float, ways: tuple[str, str]) -> str:
    """A distance is never negative: its way says where it leads."""
    rounded = round(offset_mm, 1)
    return ways[rounded < 0] % {"mm": f"{abs(rounded):.1f}"}


def _mirrored() -> Iterator[ParityFinding]:
    yield ParityFinding(
        "mirrored",
        gettext_noop(
            "Turned over left to right, the short scan resembles the reference more: "
            "is one of them mirrored?"
        ),
        blocking=True,
    )


def _counts(
    reference: ScannedSeries, short: ScannedSeries, ratio: float | None
) -> Iterator[ParityFinding]:
    """Only of counts: PET and CT hold calibrated values."""
    if reference.modality != "NM":
        return
    if reference.duration_s and short.duration_s:
        expected = reference.duration_s / short.duration_s
        lowest, highest = expected / COUNTS_FOLLOW, expected * COUNTS_FOLLOW
        if ratio is None or not lowest <= ratio <= highest:
            yield ParityFinding(
                "counts",
                gettext_noop(
                    "The reference scan has %(ratio)s times the counts of the short "
                    "one, but took %(expected)s times as long: were they scaled or "
                    "corrected differently?"
                )
                % {"ratio": _factor(ratio), "expected": _factor(expected)},
                blocking=True,
            )
    elif ratio is None or not BELIEVED_RATIOS[0] <= ratio <= BELIEVED_RATIOS[1]:
        yield ParityFinding(
            "counts",
            gettext_noop(
                "The reference scan has %(ratio)s times the counts of the short one; "
                "about 5 times are usual."
            )
            % {"ratio": _factor(ratio)},
            blocking=True,
        )


def _factor(ratio: float | None) -> str:
    return "–" if ratio is None else f"{ratio:.2g}" if ratio < 10 else f"{ratio:.0f}"


def _values(reference: ScannedSeries, short: ScannedSeries) -> Iterator[ParityFinding]:
    """Values below zero come of one kind of reconstruction and not of another."""
    shares = [_share_below_zero(one) for one in (reference, short)]
    if max(shares) >= NEGATIVE_SHARE and min(shares) * 10 < max(shares):
        yield ParityFinding(
            "negative",
            gettext_noop(
                "%(reference)s of the reference scan's voxels are below zero, "
                "%(short)s of the short one's: were they reconstructed differently?"
            )
            % {"reference": f"{shares[0]:.1%}", "short": f"{shares[1]:.1%}"},
            blocking=True,
        )
    makers = {reference.manufacturer, short.manufacturer} - {""}
    if len(makers) > 1:
        yield ParityFinding(
            "camera",
            gettext_noop(
                "The scans were made by cameras of two makers: %(reference)s and "
                "%(short)s."
            )
            % {"reference": reference.manufacturer, "short": short.manufacturer},
            blocking=True,
        )


def _share_below_zero(series: ScannedSeries) -> float:
    """Of the voxels as they came: those were counted."""
    voxels: int = prod((series.resampled_from or {}).get("shape", series.shape))
    return series.negative_voxels / voxels


def _resampling(
    reference: ScannedSeries, short: ScannedSeries
) -> Iterator[ParityFinding]:
    if not (reference.resampled_from or short.resampled_from):
        return
    if _had(reference) == _had(short):
        yield ParityFinding(
            "resampled",
            gettext_noop("Both scans were resampled from voxels of %(size)s mm.")
            % {"size": _had(reference)},
            blocking=False,
        )
        return
    yield ParityFinding(
        "resampled",
        gettext_noop(
            "The scans had voxels of different sizes before they were resampled: "
            "%(reference)s mm and %(short)s mm. The coarser one looks smoother."
        )
        % {"reference": _had(reference), "short": _had(short)},
        blocking=True,
    )


def _had(series: ScannedSeries) -> str:
    """The size of its voxels as they came."""
    return _size((series.resampled_from or {}).get("spacing_mm", series.spacing_mm))


def places(reference: ScannedSeries, short: ScannedSeries) -> Iterator[ParityFinding]:
    """What the files say of their place; `offset` is what the images show of it."""
    if reference.frame and short.frame and reference.frame != short.frame:
        yield ParityFinding(
            "frame",
            gettext_noop(
                "The scans do not share a frame of reference: the patient was "
                "positioned anew, or they were exported separately."
            ),
            blocking=False,
        )
    elif reference.origin_mm and short.origin_mm:
        positions = zip(reference.origin_mm, short.origin_mm, strict=True)
        apart = max(abs(a - b) for a, b in positions)
        if apart > SAME_POSITION_MM:
            yield ParityFinding(
                "position",
                gettext_noop(
                    "By what the files say, the two scans lie %(apart)s mm apart in "
                    "the patient."
                )
                % {"apart": f"{apart:.1f}"},
                blocking=False,
            )
