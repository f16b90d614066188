"""Whole stacks of a study beside those of the reference, slice by slice."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from django.utils.translation import gettext as _

from readerstudy.cases.models import Case, Series
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.study_types import STUDY_TYPES, StudyType
from readerstudy.reading.models import Arm, Study

from ..image_quality import psnr
from ..models import StackQuality
from ..outcomes import NotEstimable
from ..selectors import study_cases
from .analysis_plan import Metric
from .comparisons import Comparison, ImagePairs, Key, comparisons, study_renditions

# Renaming it makes every stack be measured again: do so when the numbers change.
CALCULATION = "stack, Gaussian"


@dataclass(frozen=True)
class Preset:
    """A window that readers were offered, in the unit. title: as the protocol has it,
    in English or as somebody typed it."""

    title: str
    low: float
    high: float


@dataclass(frozen=True)
class Scale:
    """What the values of a study's stacks are, and how they were shown and measured.

    low, high: what PSNR and SSIM are computed within. shown_low, shown_high: all that
    is ever shown. presets: every read began in the first one.
    """

    unit: str
    low: float
    high: float
    shown_low: float
    shown_high: float
    presets: tuple[Preset, ...]

    @property
    def calculation(self) -> str:
        """Of StackQuality: everything that its numbers depend on but the files."""
        window = f"{self.low:.9g} to {self.high:.9g}"
        shown = f"{self.shown_low:.9g} to {self.shown_high:.9g}"
        return f"{CALCULATION}, {self.unit} {window} of {shown}"

    @property
    def first(self) -> tuple[float, float]:
        """The window in which every read began."""
        if self.presets:
            return self.presets[0].low, self.presets[0].high
        return self.shown_low, self.shown_high


def study_type(study: Study) -> StudyType:
    return STUDY_TYPES[study.cohort.study_type]


def scale(study: Study) -> Scale:
    """Refused for a study that declares no range of its values."""
    kind = study_type(study)
    series = Series.objects.filter(case__in=study_cases(study))
    units = sorted(set(series.values_list("unit", flat=True)))
    unit = units[0] if len(units) == 1 else ""
    shown = (study.value_low, study.value_high)
    if shown == (None, None):
        shown = kind.ranges.get(unit, shown)
    low, high = shown
    if low is None or high is None:
        raise Refused(
            _("“%(study)s” declares no range of its values, so nothing is measured.")
            % {"study": study.title}
        )
    within = (study.metric_low, study.metric_high)
    return Scale(
        unit=unit,
        low=low if within[0] is None else within[0],
        high=high if within[1] is None else within[1],
        shown_low=low,
        shown_high=high,
        presets=tuple(
            Preset(one["title"], float(one["low"]), float(one["high"]))
            for one in study.windows
        ),
    )


@dataclass(frozen=True, slots=True)
class MeasuredSlice:
    """What a StackQuality row says."""

    slice: int
    mean_absolute_error: float
    mean_error: float
    windowed_squared_error: float
    ssim: float


MEASURED = tuple(field.name for field in fields(MeasuredSlice))


@dataclass(frozen=True, slots=True)
class StackLine:
    """One slice of one arm's stack of one case against the reference.

    slice: from 0, the lowest. Errors in the unit; PSNR and SSIM within the window.
    """

    arm: Arm
    case: Case
    patient: str
    slice: int
    mean_absolute_error: float
    mean_error: float
    windowed_squared_error: float
    psnr: float | NotEstimable
    ssim: float

    def value(self, metric: Metric) -> float | NotEstimable:
        return {
            "psnr": self.psnr,
            "ssim": self.ssim,
            "mae": self.mean_absolute_error,
            "mean-error": self.mean_error,
        }[metric.key]


@dataclass(frozen=True)
class StackSet(ImagePairs):
    """measured: of each pair of stacks its slices, the lowest first."""

    measured: dict[Key, tuple[MeasuredSlice, ...]]
    scale: Scale

    def lines(self) -> Sequence[StackLine]:
        return [line for one in self.comparisons for line in self.of(one)]

    def of(self, one: Comparison) -> list[StackLine]:
        """Slice by slice of one pair of stacks; empty if it was not measured."""
        return [self._line(one, row) for row in self.measured.get(one.key, ())]

    def _line(self, one: Comparison, row: MeasuredSlice) -> StackLine:
        reach = self.scale.high - self.scale.low
        return StackLine(
            arm=one.arm,
            case=one.case,
            patient=one.patient,
            slice=row.slice,
            mean_absolute_error=row.mean_absolute_error,
            mean_error=row.mean_error,
            windowed_squared_error=row.windowed_squared_error,
            psnr=psnr(row.windowed_squared_error, data_range=reach),
            ssim=row.ssim,
        )


def stack_set(study: Study) -> StackSet:
    found = scale(study)
    return StackSet(comparisons(study), _measured(study, found), found)


def _measured(study: Study, of: Scale) -> dict[Key, tuple[MeasuredSlice, ...]]:
    rows: Any = StackQuality.objects.filter(
        calculation=of.calculation,
        rendition_sha256__in=study_renditions(study).values("sha256"),
    ).order_by("slice")
    columns = rows.values_list("reference_sha256", "rendition_sha256", *MEASURED)
    found: dict[Key, list[MeasuredSlice]] = defaultdict(list)
    for reference, rendition, *said in columns.iterator():
        found[reference, rendition].append(MeasuredSlice(*said))
    return {key: tuple(slices) for key, slices in found.items()}
