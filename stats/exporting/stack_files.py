"""Exported files: image quality of whole stacks, in their unit."""

from collections.abc import Callable, Iterator

from readerstudy.reading.models import Study

from .. import selectors
from ..reporting.report import Report
from ..reporting.stack_images import stack_set
from .lines import Line, head, interval_cells, reasons
from .shared_columns import (
    ARM,
    ARM_TITLE,
    CASE,
    NOT_ESTIMABLE,
    PATIENT,
    PROTOCOL,
    SIMULATED,
    STUDY,
    Column,
    interval_columns,
)

SLICE = Column("slice", "place in the stack, 0 the lowest", "", "integer from 0")
UNIT = Column("unit", "of errors and of the window", "", "HU, counts or empty")
WINDOW = (
    Column("window_low", "lower end of the window of psnr and ssim", "unit", "number"),
    Column("window_high", "its upper end", "unit", "number"),
)

QUALITY = "stack_quality.csv"
ERRORS = "stack_errors.csv"
WORST = "worst_stacks.csv"

FILES: dict[str, tuple[Column, ...]] = {
    QUALITY: (
        STUDY,
        SIMULATED,
        CASE,
        PATIENT,
        ARM,
        SLICE,
        UNIT,
        Column(
            "mean_absolute_error",
            "of values cut to all that is shown",
            "unit",
            "0 or more",
        ),
        Column("mean_error", "arm minus reference, of the same", "unit", "number"),
        *WINDOW,
        Column(
            "windowed_squared_error",
            "mean of squared differences of values cut to the window",
            "unit squared",
            "0 or more",
        ),
        Column(
            "psnr",
            "from windowed_squared_error, data range window_high - window_low",
            "dB",
            "number; empty for identical images (infinite)",
        ),
        Column(
            "ssim",
            "structural similarity (Wang 2004: Gaussian window 11 x 11, sigma 1.5, "
            "population covariance) of values cut to the window and counted from its "
            "lower end",
            "",
            "-1 to 1",
        ),
        NOT_ESTIMABLE,
    ),
    ERRORS: (
        STUDY,
        PROTOCOL,
        SIMULATED,
        ARM,
        ARM_TITLE,
        Column("measure", "which error", "", "mean_absolute_error or mean_error"),
        UNIT,
        Column("n_patients", "patients, each the mean of their slices", "", "integer"),
        Column("mean", "mean over patients", "unit", "number"),
        *interval_columns("any number", "patients - 1"),
        NOT_ESTIMABLE,
    ),
    WORST: (
        STUDY,
        PROTOCOL,
        SIMULATED,
        ARM,
        ARM_TITLE,
        Column(
            "criterion",
            "by what stacks are ranked: the mean over their slices",
            "",
            "psnr (lowest first), mae (largest first) or mean-error (furthest from 0)",
        ),
        Column("rank", "within arm and criterion, 1 = worst", "", "1 to 5"),
        CASE,
        Column("value", "of the stack", "dB or the unit", "number"),
        Column("slice", "where it is worst, 0 the lowest", "", "integer from 0"),
    ),
}


def quality(study: Study, report: Report) -> Iterator[Line]:
    """Errors, PSNR and SSIM of every slice of every stack."""
    patients = selectors.patient_codes(study)
    images = stack_set(study)
    for line in images.lines():
        yield {
            "study": study.slug,
            "simulated": report.simulated,
            "case": line.case.code,
            "patient": patients[line.case.pk],
            "arm": line.arm.code,
            "slice": line.slice,
            "unit": images.scale.unit,
            "mean_absolute_error": line.mean_absolute_error,
            "mean_error": line.mean_error,
            "window_low": images.scale.low,
            "window_high": images.scale.high,
            "windowed_squared_error": line.windowed_squared_error,
            "psnr": line.psnr,
            "ssim": line.ssim,
            "not_estimable": reasons({"psnr": line.psnr}),
        }


def errors(study: Study, report: Report) -> Iterator[Line]:
    """Mean errors of each arm over patients, with intervals."""
    if report.stacks is None:
        return
    for one in report.stacks.errors:
        for measure, found in (
            ("mean_absolute_error", one.absolute),
            ("mean_error", one.shift),
        ):
            yield {
                **head(report, one.arm),
                "measure": measure,
                "unit": report.stacks.scale.unit,
                "n_patients": found.patients,
                "mean": found.mean,
                **interval_cells(found.interval),
                "not_estimable": reasons(
                    {"mean": found.mean, "interval": found.interval}
                ),
            }


def worst(study: Study, report: Report) -> Iterator[Line]:
    """The worst stacks of each arm by each criterion."""
    if report.stacks is None:
        return
    for one in report.stacks.worst:
        yield {
            **head(report, one.arm),
            "criterion": one.criterion.value,
            "rank": one.rank,
            "case": one.case,
            "value": one.value,
            "slice": one.slice,
        }


ROWS: dict[str, Callable[[Study, Report], Iterator[Line]]] = {
    QUALITY: quality,
    ERRORS: errors,
    WORST: worst,
}
