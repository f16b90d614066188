"""What the suite is given and what it gives back, as plain frozen values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

SUITE = "stability-1"  # name of the calculation; another one where a number changes

Image = NDArray[np.float32]  # (slices, rows, columns)
# An arm at work: (n, slices, rows, columns) → the same shape. Of relative images the
# suite only ever hands over multiples of 1/255 within 0–1, so a method that reads 8
# bits gets them without loss.
Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]
# Called between the parts of a large case, which takes minutes.
Alive = Callable[[], None]


def nobody_waits() -> None:
    pass


@dataclass(frozen=True)
class Settings:
    """Everything that decides a number beside the images. All sizes are in pixels.

    seed: of the noise and the directions; with it and a case's code all is the same
        on every run. repeats: inputs of another noise each. random, probes: random
        perturbations, and directions the adversary tries before it chooses.
    budget: length of a perturbation, as a share of the reference's standard deviation.
    shift_px, rotation_deg: of the equivariance tests. doses: counts of the input as
    shares of the reference's, from the least. slices: at most so many in the middle of
    a stack are run again, and so many spread over it looked through for displaced
    edges. smoothing_px: of residuals (standard deviation). beyond, peak: in standard
    deviations of what noise explains, from where a residual is marked, and from where
    a case counts as one with something invented or lost. resamples: of patients, for
    intervals of curves. level: of all intervals.
    """

    seed: int = 1991
    repeats: int = 10
    random: int = 3
    probes: int = 12
    budget: float = 0.05
    shift_px: float = 0.5
    rotation_deg: float = 3.0
    doses: tuple[float, ...] = (0.1, 0.2, 0.4, 0.7, 1.0)
    slices: int = 5
    smoothing_px: float = 1.5
    beyond: float = 3.0
    peak: float = 5.0
    resamples: int = 1000
    level: float = 0.95

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "doses": list(self.doses)}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Settings":
        """What is not told is as usual; unknown names are an error."""
        unknown = set(told) - {each.name for each in fields(cls)}
        if unknown:
            raise ValueError(f"unknown settings: {sorted(unknown)}")
        values = dict(told)
        if "doses" in values:
            values["doses"] = tuple(float(dose) for dose in values["doses"])
        return cls(**values)


@dataclass(frozen=True)
class CaseImages:
    """One case of an arm.

    reference, short: what the output stands for, and what it is made of. output: the
        arm's stored image; None where the method is run for it.
    spacing_mm: between slices, rows, columns.
    window: (lowest, highest) value that counts; beyond it images are clipped.
    relative: each slice is in units of its own maximum and read in 8 bits (dat-spect);
        otherwise the values have a unit and are taken as they are.
    striatal: it has a striatum, and so regions and binding ratios.
    short_share: counts of the short scan ÷ counts of the reference; None: not known.
    grades: (right, left), the patient's sides, where a standard is known.
    patient: cases of one patient share it; intervals are clustered by it.
    referenced: False where there is no reference; `reference` is not looked at then.
    """

    code: str
    patient: str
    reference: Image
    short: Image
    output: Image | None
    spacing_mm: tuple[float, float, float]
    window: tuple[float, float] = (0.0, 1.0)
    relative: bool = True
    striatal: bool = True
    short_share: float | None = 0.2
    grades: tuple[int | None, int | None] = (None, None)
    referenced: bool = True


@dataclass(frozen=True)
class Rescans:
    """What the same patient gives when scanned again: of simulated cases, by thinning
    the counts anew. Takes the place of the noise model.

    shorts: (n, slices, rows, columns), n ≥ 2 further short scans, prepared as `short`;
        none: the noise model stays in place.
    doses: share of the reference's counts → the input at that share.
    deviance: of an image (slices, rows, columns), Poisson deviance a bin of the short
        scan's own projections; 1 where nothing but noise is left. None: not known.
    """

    shorts: NDArray[np.float32]
    doses: Mapping[float, Image] = field(default_factory=dict)
    deviance: Callable[[Image], float] | None = None


@dataclass(frozen=True)
class CaseFindings:
    """Of one case.

    numbers: key of MEASURES → value; measures of the whole arm alone are not in it.
    reasons: why a number is not there (English, marked for translation).
    details: what the arm's measures and curves are made of, by names of their own.
    maps: name → float32 (slices, rows, columns), of the whole stack:
        "sd" (between repeats, % of the reference's SD), "hallucination", "omission"
        (residual in SDs of the noise, from Settings.beyond on), "displacement" (mm, on
        edges). NaN where nothing was measured.
    """

    code: str
    patient: str
    numbers: Mapping[str, float]
    reasons: Mapping[str, str]
    details: Mapping[str, float]
    maps: Mapping[str, Image]

    def to_json(self) -> dict[str, Any]:
        """All but the maps; what `from_json` takes back."""
        return {
            "patient": self.patient,
            "numbers": dict(self.numbers),
            "reasons": dict(self.reasons),
            "details": dict(self.details),
        }

    @classmethod
    def from_json(cls, code: str, told: Mapping[str, Any]) -> "CaseFindings":
        """Without its maps, which `measure_arm` does not need."""
        return cls(code=code, maps={}, **told)


@dataclass(frozen=True)
class Finding:
    """A measure of a whole arm.

    value: None where it is not estimable; `reason` says why. low, high: interval over
        patients, None where there is none. n: cases (or sides) it is made of.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class ArmFindings:
    """measures: every key of MEASURES → what was found.

    series: curves and tables, each a list of rows of plain numbers:
        "dose": {"dose", "output", "output_low", "output_high", "input"} errors against
            the reference in % of its standard deviation;
        "grades": {"grade", "n", "bias", "low", "high"} of SBR, output − reference;
        "severity": {"case", "side", "reference", "output", "grade"}, one a side.
    worst: key → codes of the cases that are furthest on the wrong side, worst first.
    """

    measures: Mapping[str, Finding]
    series: Mapping[str, Sequence[Mapping[str, Any]]]
    worst: Mapping[str, Sequence[str]]
