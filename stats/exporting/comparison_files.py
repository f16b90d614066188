"""Exported file: image quality of each arm against the control, test by test."""

from collections.abc import Callable, Iterator

from readerstudy.reading.models import Study

from ..outcomes import Interval, NotEstimable
from ..reporting.comparison_section import ArmDifference
from ..reporting.report import Report
from .lines import Line, head, interval_cells, reasons
from .shared_columns import (
    ARM,
    ARM_TITLE,
    NOT_ESTIMABLE,
    PROTOCOL,
    SIMULATED,
    STUDY,
    Column,
    interval_columns,
)

NAME = "image_quality_comparisons.csv"
P = "0 to 1"
METRIC = Column(
    "metric",
    "what was measured against the reference",
    "",
    "psnr or ssim; of whole stacks also mae (mean absolute error) or mean-error",
)
DATA_RANGE = Column(
    "data_range",
    "declared range of the metric; of whole stacks the width of the window",
    "grey levels, or the unit of whole stacks",
    "255 or 1; of whole stacks any number; empty: the metric has none",
)

FILES: dict[str, tuple[Column, ...]] = {
    NAME: (
        STUDY,
        PROTOCOL,
        SIMULATED,
        ARM,
        ARM_TITLE,
        METRIC,
        DATA_RANGE,
        Column("control", "code of the arm that this one is compared with", "", "text"),
        Column("n_patients", "patients with a value in both arms", "", "integer"),
        Column("n_zeros", "of them without a difference", "", "integer"),
        Column(
            "mean_difference",
            "arm minus control, over patient means",
            "metric's",
            "number",
        ),
        *interval_columns("any number", "patients - 1"),
        Column(
            "pseudomedian",
            "Hodges-Lehmann estimate of the difference",
            "metric's",
            "number",
        ),
        Column("pseudomedian_low", "lower end of its interval", "metric's", "number"),
        Column("pseudomedian_high", "upper end of its interval", "metric's", "number"),
        Column("rank_biserial", "effect size of the signed ranks", "", "-1 to 1"),
        Column("wilcoxon_p", "signed rank test over patients", "", P),
        Column("wilcoxon_p_holm", "the same, Holm over the arms of the metric", "", P),
        Column("wilcoxon_method", "exact or normal approximation", "", "text"),
        Column(
            "kruskal_wallis_p",
            "over all slices of all arms, as if of different patients; as published "
            "tables are often made",
            "",
            P,
        ),
        Column(
            "dunn_unpaired_z", "Dunn on ranks over all slices of all arms", "", "number"
        ),
        Column("dunn_unpaired_p", "the same, two-sided, not corrected", "", P),
        Column("dunn_unpaired_p_all_pairs", "the same, Holm over all pairs", "", P),
        Column(
            "dunn_unpaired_p_control",
            "the same, Holm over those with the control",
            "",
            P,
        ),
        NOT_ESTIMABLE,
    )
}


def _lines(study: Study, report: Report) -> Iterator[Line]:
    control = report.comparison.control
    for table in report.comparison.metrics:
        for one in table.arms:
            yield {
                **head(report, one.arm),
                "metric": table.metric.key,
                "data_range": table.metric.data_range,
                "control": control.code if control else None,
                **_numbers(one, table.kruskal_wallis.p),
            }


def _numbers(one: ArmDifference, kruskal_wallis_p: float | NotEstimable) -> Line:
    paired = one.paired
    low, high = _limits(paired.interval)
    numbers: dict[str, float | NotEstimable] = {
        "mean_difference": paired.mean.mean,
        "pseudomedian": paired.median,
        "pseudomedian_low": low,
        "pseudomedian_high": high,
        "rank_biserial": paired.rank_biserial,
        "wilcoxon_p": paired.p,
        "wilcoxon_p_holm": one.wilcoxon_holm,
        "kruskal_wallis_p": kruskal_wallis_p,
        "dunn_unpaired_z": one.all_pairs.z,
        "dunn_unpaired_p": one.all_pairs.p,
        "dunn_unpaired_p_all_pairs": one.all_pairs.p_holm,
        "dunn_unpaired_p_control": one.control_only.p_holm,
    }
    return {
        "n_patients": paired.patients,
        "n_zeros": paired.zeros,
        **numbers,
        **interval_cells(paired.mean.interval),
        "wilcoxon_method": paired.method,
        "not_estimable": reasons({**numbers, "interval": paired.mean.interval}),
    }


def _limits(
    interval: Interval | NotEstimable,
) -> tuple[float | NotEstimable, float | NotEstimable]:
    if isinstance(interval, NotEstimable):
        return interval, interval
    return interval.low, interval.high


ROWS: dict[str, Callable[[Study, Report], Iterator[Line]]] = {NAME: _lines}
