"""What an import would do: shown to the coordinator before it is done."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .sources import LeftOut


@dataclass(frozen=True)
class ScannedSeries:
    """A tomogram that was found, without its voxels and without identifiers.

    files: names within the source, one, or one for each slice.
    patient, study, instances: keyed digests of PatientID, StudyInstanceUID and the
        SOP instance UIDs. content: SHA-256 of the voxels.
    shape: (slices, rows, columns). spacing_mm, origin_mm: as in Volume, Tomogram.
    """

    files: tuple[str, ...]
    patient: str
    study: str
    instances: str
    content: str
    duration_s: float | None
    total_counts: float
    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    origin_mm: tuple[float, float, float] | None
    description: str
    manufacturer: str
    warnings: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.files[0]

    @property
    def minutes(self) -> float | None:
        return self.duration_s / 60 if self.duration_s else None


@dataclass(frozen=True)
class PlannedPair:
    """One case to be: its two scans and the slice it will be read at.

    notes: what the coordinator should know; they stay with the case.
    previews: PNG of the central slice of each scan, absent after from_json.
    """

    code: str
    reference: ScannedSeries
    short: ScannedSeries
    central_slice: int
    notes: tuple[str, ...] = ()
    previews: tuple[bytes, bytes] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class CohortPlan:
    """The pairs that an import makes of `path`, and the files that it leaves out."""

    path: Path
    pairs: tuple[PlannedPair, ...]
    left_out: tuple[LeftOut, ...]
    warnings: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values, without path and previews."""
        return {
            "pairs": [asdict(pair) | {"previews": None} for pair in self.pairs],
            "left_out": [asdict(one) for one in self.left_out],
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_json(cls, plain: dict[str, Any], *, path: Path) -> "CohortPlan":
        return cls(
            path=path,
            pairs=tuple(_pair(one) for one in plain["pairs"]),
            left_out=tuple(LeftOut(**one) for one in plain["left_out"]),
            warnings=tuple(plain["warnings"]),
        )


def _pair(plain: dict[str, Any]) -> PlannedPair:
    return PlannedPair(
        code=plain["code"],
        reference=_series(plain["reference"]),
        short=_series(plain["short"]),
        central_slice=plain["central_slice"],
        notes=tuple(plain["notes"]),
    )


def _series(plain: dict[str, Any]) -> ScannedSeries:
    lists = {key: tuple(value) for key, value in plain.items() if type(value) is list}
    return ScannedSeries(**(plain | lists))
