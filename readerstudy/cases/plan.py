"""What an import would do: shown to the coordinator before it is done.

Everything here lives in memory and in sealed files only: names of files and
descriptions of series may name a patient.
"""

import hashlib
from dataclasses import asdict, dataclass, field, replace
from math import prod
from pathlib import Path
from typing import Any, Self

from readerstudy.imaging.central_slice import DEFAULT_RULE, MIDDLE
from readerstudy.imaging.study_types import DAT_SPECT, STUDY_TYPES

from .sources import LeftOut


@dataclass(frozen=True)
class ScannedSeries:
    """A tomogram that was found, without its voxels and without identifiers.

    number: its voxels are `scan_path(folder, number)`, upright, on the study's grid; a
        stack's on its own.
    files: names within the source, one, or one for each slice.
    patient, study, instances, frame: keyed digests of PatientID, StudyInstanceUID,
        the SOP instance UIDs and FrameOfReferenceUID ("" where not stated).
    content: SHA-256 of the voxels. modality: NM, PT or CT, by SOP class.
    shape: (slices, rows, columns). spacing_mm, origin_mm: as in Volume, Tomogram.
    resampled_from: the shape and spacing_mm it had, where it was resampled.
    study_type: for which it was read (imaging.study_types). unit: of its voxels.
    exposure_mas: of a CT; None where not stated.
    candidates: rule (Case.SliceRule) → the slice that it would take.
    acquired_at: ISO 8601, without time zone, as stated; "" unknown.
    age_years: capped at 90. sex: F, M, O or "".
    """

    number: int
    files: tuple[str, ...]
    patient: str
    study: str
    instances: str
    content: str
    modality: str
    duration_s: float | None
    total_counts: float
    negative_voxels: int
    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    origin_mm: tuple[float, float, float] | None
    candidates: dict[str, int]
    description: str = ""
    manufacturer: str = ""
    frame: str = ""
    acquired_at: str = ""
    age_years: int | None = None
    sex: str = ""
    resampled_from: dict[str, Any] | None = None
    warnings: tuple[str, ...] = ()
    study_type: str = DAT_SPECT
    unit: str = "counts"
    exposure_mas: float | None = None

    @property
    def name(self) -> str:
        return self.files[0]

    @property
    def is_stack(self) -> bool:
        """Whether it is read as it is, from end to end, in its unit."""
        return STUDY_TYPES[self.study_type].is_stack

    @property
    def shown_slice(self) -> int:
        """The one by which a page shows it."""
        return self.candidates[MIDDLE if self.is_stack else DEFAULT_RULE]

    @property
    def mean(self) -> float:
        """Of all voxels, in its unit."""
        return self.total_counts / prod(self.shape)

    @property
    def minutes(self) -> float | None:
        return self.duration_s / 60 if self.duration_s else None

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Self:
        lists = {k: tuple(v) for k, v in plain.items() if type(v) is list}
        return cls(**(plain | lists))


@dataclass(frozen=True)
class ParityFinding:
    """One difference between the two scans of a case, in a sentence.

    kind: which, for tables and filters, e.g. "offset". blocking: it could bias the
    comparison or tell the arms apart, so a study needs a reason to go on.
    """

    kind: str
    sentence: str
    blocking: bool


@dataclass(frozen=True)
class ParityReport:
    """How alike the two scans of a case are, besides their counts.

    offset_mm: displacement of the short scan from the reference (x to the patient's
        left, y to the back, z to the head), by phase correlation; None: not estimable.
    count_ratio: counts of the reference ÷ counts of the short scan.
    """

    offset_mm: tuple[float, float, float] | None
    count_ratio: float | None
    findings: tuple[ParityFinding, ...] = ()

    @property
    def blocking(self) -> tuple[ParityFinding, ...]:
        return tuple(one for one in self.findings if one.blocking)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Self:
        return cls(
            offset_mm=tuple(plain["offset_mm"]) if plain["offset_mm"] else None,
            count_ratio=plain["count_ratio"],
            findings=tuple(ParityFinding(**one) for one in plain["findings"]),
        )


@dataclass(frozen=True)
class PlannedPair:
    """One case to be: its two scans and the slice it will be read at.

    reference: None where a person has said that there is none.
    notes: what the coordinator should know; they stay with the case.
    certain: False until a person has said that the two belong together, where the
        files alone do not (one patient under two ids, more than two scans).
    """

    code: str
    reference: ScannedSeries | None
    short: ScannedSeries
    central_slice: int
    central_rule: str
    parity: ParityReport
    notes: tuple[str, ...] = ()
    split: str = ""
    certain: bool = True

    @property
    def grid(self) -> ScannedSeries:
        """The scan on whose grid all images of the case will lie."""
        return self.reference or self.short

    @property
    def scans(self) -> tuple[ScannedSeries, ...]:
        """The reference first, if there is one."""
        return (self.reference, self.short) if self.reference else (self.short,)

    @property
    def numbers(self) -> tuple[int, int]:
        """Its name in acts on pairs: without a reference twice the same number."""
        return self.grid.number, self.short.number

    @property
    def patients(self) -> tuple[str, ...]:
        """One digest, or that of the reference and that of the short scan."""
        return tuple(dict.fromkeys(scan.patient for scan in self.scans))


@dataclass(frozen=True)
class Single:
    """A scan that is in no pair, and why."""

    series: ScannedSeries
    reason: str


@dataclass(frozen=True)
class CohortPlan:
    """The pairs that an import makes, and what it leaves out.

    folder: where the voxels of the scans lie until they are imported.
    resampling: whether scans of other pixel sizes are taken, resampled.
    manifest: Manifest.to_json of what somebody wrote, who then decides.
    study_type: of the cohort to be.
    """

    folder: Path
    pairs: tuple[PlannedPair, ...]
    singles: tuple[Single, ...]
    left_out: tuple[LeftOut, ...]
    warnings: tuple[str, ...] = ()
    resampling: bool = False
    file_count: int = field(default=0)
    manifest: dict[str, Any] | None = None
    study_type: str = DAT_SPECT

    @property
    def scans(self) -> tuple[ScannedSeries, ...]:
        """Every tomogram that was found, by its number."""
        paired = [scan for pair in self.pairs for scan in pair.scans]
        found = [*paired, *(single.series for single in self.singles)]
        return tuple(sorted(found, key=lambda one: one.number))

    @property
    def seen(self) -> str:
        """Another one for other pairs: whether a page shows what is there now."""
        pairs = [(one.code, *one.numbers) for one in self.pairs]
        return hashlib.sha256(repr(pairs).encode()).hexdigest()[:16]

    def to_json(self) -> dict[str, Any]:
        """Plain values, without the folder."""
        plain = asdict(replace(self, folder=Path()))
        del plain["folder"]
        return plain

    @classmethod
    def from_json(cls, plain: dict[str, Any], *, folder: Path) -> Self:
        return cls(
            folder=folder,
            pairs=tuple(_pair(one) for one in plain["pairs"]),
            singles=tuple(
                Single(ScannedSeries.from_json(one["series"]), one["reason"])
                for one in plain["singles"]
            ),
            left_out=tuple(LeftOut(**one) for one in plain["left_out"]),
            warnings=tuple(plain["warnings"]),
            resampling=plain["resampling"],
            file_count=plain["file_count"],
            # a plan of an earlier version does not say whether there was one
            manifest=plain.get("manifest", {}),
            study_type=plain.get("study_type", DAT_SPECT),
        )


def _pair(plain: dict[str, Any]) -> PlannedPair:
    reference = plain["reference"]
    return PlannedPair(
        **plain
        | {
            "reference": reference and ScannedSeries.from_json(reference),
            "short": ScannedSeries.from_json(plain["short"]),
            "parity": ParityReport.from_json(plain["parity"]),
            "notes": tuple(plain["notes"]),
        }
    )


def scan_path(folder: Path, number: int) -> Path:
    """Voxels of a scan, .npy as in Series.counts: counts alone identify nobody."""
    return folder / "scans" / f"{number}.npy"
