"""Exported files: image quality by region, and binding ratios."""

from collections.abc import Callable, Iterator
from typing import Any

from readerstudy.reading.models import Study

from .. import selectors
from ..bias import LimitsOfAgreement
from ..image_quality import NormalisedBy
from ..means import PatientMean
from ..models import Mask
from ..outcomes import Interval, NotEstimable
from ..reporting.images import ImageLine, image_set
from ..reporting.report import Report
from ..reporting.striatal_uptake import ArmUptake, CaseUptake
from .lines import Line, head, limit_cells, reasons
from .shared_columns import Column
from .striatum_columns import (
    BINDING_AGREEMENT,
    IMAGE_QUALITY_REGIONS,
    STRIATAL_BINDING,
    UPTAKE_SUMMARY,
    WORST_CASES,
)

FILES: dict[str, tuple[Column, ...]] = {
    "image_quality_regions.csv": IMAGE_QUALITY_REGIONS,
    "striatal_binding.csv": STRIATAL_BINDING,
    "binding_agreement.csv": BINDING_AGREEMENT,
    "uptake_summary.csv": UPTAKE_SUMMARY,
    "worst_cases.csv": WORST_CASES,
}


def image_quality_regions(study: Study, report: Report) -> Iterator[Line]:
    """Errors, PSNR and SSIM of every slice by region."""
    patients = selectors.patient_codes(study)
    images = image_set(study)
    for one in images.comparisons:
        for mask in Mask.values:
            for line in images.of(one, mask):
                yield {
                    "study": study.slug,
                    "simulated": report.simulated,
                    "case": line.case.code,
                    "patient": patients[line.case.pk],
                    "arm": line.arm.code,
                    **_quality(line),
                }


def _quality(line: ImageLine) -> Line:
    numbers = {
        "nrmse_reference_mean": line.nrmse(NormalisedBy.REFERENCE_MEAN),
        "nrmse_reference_range": line.nrmse(NormalisedBy.REFERENCE_RANGE),
        "psnr_range_255": line.psnr,
    }
    return {
        "slice": line.slice,
        "mask": line.mask,
        "pixels": line.pixels,
        "mean_squared_error": line.mean_squared_error,
        "mean_absolute_error": line.mean_absolute_error,
        "rmse": line.rmse,
        "nrmse_data_range": line.nrmse(NormalisedBy.DATA_RANGE),
        "ssim_range_255": line.ssim_range_255,
        "ssim_range_1": line.ssim_range_1,
        **numbers,
        "not_estimable": reasons(numbers),
    }


def striatal_binding(study: Study, report: Report) -> Iterator[Line]:
    """Binding ratios and uptake of every case, side by side."""
    for arm in report.striatum.uptakes:
        for case in arm.cases:
            for side in case.sides:
                numbers = {
                    "sbr": side.ratio,
                    "sbr_reference": side.reference,
                    "error": side.error,
                    "background_suppression": case.suppression,
                    "striatal_over_emphasis": case.emphasis,
                    "noise_ratio": case.noise_ratio,
                }
                yield {
                    "study": report.slug,
                    "simulated": report.simulated,
                    "case": case.case,
                    "patient": case.patient,
                    "arm": arm.arm.code,
                    "side": side.side,
                    **_levels(case),
                    **numbers,
                    "not_estimable": reasons(numbers),
                }


def _levels(case: CaseUptake) -> Line:
    pairs = {
        "striatum_mean": case.striatum,
        "background_mean": case.background,
        "background_sd": case.noise,
    }
    return {
        name + ending: level
        for name, levels in pairs.items()
        for ending, level in zip(("", "_reference"), levels, strict=True)
    }


def binding_agreement(study: Study, report: Report) -> Iterator[Line]:
    """Binding ratios of each arm against the reference: bias, limits, slope."""
    for arm in report.striatum.uptakes:
        for side in ("both", "right", "left"):
            found: LimitsOfAgreement = getattr(arm, side)
            yield {**head(report, arm.arm), "side": side, **_agreement(found)}


def _agreement(found: LimitsOfAgreement) -> Line:
    numbers: dict[str, float | NotEstimable] = {
        "bias": found.bias,
        "sd": found.standard_deviation,
        "lower_limit": found.lower,
        "upper_limit": found.upper,
        "slope": found.slope.estimate,
    }
    intervals: dict[str, Interval | NotEstimable] = {
        "bias": found.bias_interval,
        "lower_limit": found.lower_interval,
        "upper_limit": found.upper_interval,
        "slope": found.slope.interval,
    }
    missing: dict[str, Any] = {
        f"{name}_interval": one for name, one in intervals.items()
    }
    return {
        "n_sides": found.items,
        "n_patients": found.patients,
        **numbers,
        **limit_cells(intervals),
        "not_estimable": reasons({**numbers, **missing}),
    }


MEASURES: dict[str, Callable[[ArmUptake], PatientMean]] = {
    "background_suppression": lambda arm: arm.suppression,
    "striatal_over_emphasis": lambda arm: arm.emphasis,
    "noise_ratio": lambda arm: arm.noise_ratio,
}


def uptake_summary(study: Study, report: Report) -> Iterator[Line]:
    """Background suppression, striatal over-emphasis and noise of each arm."""
    for arm in report.striatum.uptakes:
        for measure, of in MEASURES.items():
            one = of(arm)
            yield {
                **head(report, arm.arm),
                "measure": measure,
                "n_patients": one.patients,
                "mean": one.mean,
                **limit_cells({"interval": one.interval}),
                "not_estimable": reasons({"mean": one.mean, "interval": one.interval}),
            }


def worst_cases(study: Study, report: Report) -> Iterator[Line]:
    """The worst images of each arm by four criteria."""
    for one in report.striatum.worst:
        yield {
            "study": report.slug,
            "simulated": report.simulated,
            "criterion": one.criterion.value,
            "arm": one.arm.code,
            "arm_title": one.arm.title,
            "rank": one.rank,
            "case": one.case,
            "patient": one.patient,
            "side": one.side or None,
            "value": one.value,
        }


ROWS: dict[str, Callable[[Study, Report], Iterator[Line]]] = {
    "image_quality_regions.csv": image_quality_regions,
    "striatal_binding.csv": striatal_binding,
    "binding_agreement.csv": binding_agreement,
    "uptake_summary.csv": uptake_summary,
    "worst_cases.csv": worst_cases,
}
