"""The lines of every exported file, as name → value; columns say what they mean."""

from collections.abc import Iterator

from readerstudy.audit.selectors import anchor
from readerstudy.reading.models import Study

from .. import selectors
from ..agreement.kappa import WEIGHTINGS, Agreement, Weighting
from ..outcomes import NotEstimable
from ..reporting.agreement_tables import intra_reader_lines, kappa_lines
from ..reporting.images import image_set
from ..reporting.report import ArmQuality, MetricTable, Report
from . import (
    bias_files,
    comparison_files,
    mrmc,
    multireader_files,
    several_files,
    striatum_files,
)
from . import conduct_rows as conduct
from .answers import answers
from .columns import FILES
from .kept import readings_of
from .lines import Line, head, interval_cells, reasons
from .reads import reads


def _agreement(side: str, one: Agreement) -> Line:
    numbers: dict[str, float | NotEstimable] = {
        "exact_agreement": one.exact,
        "kappa": one.kappa,
        "se_clustered": one.standard_error_clustered,
        "se_asymptotic": one.standard_error,
        "se_null": one.standard_error_null,
        "z": one.z,
        "p": one.p,
    }
    return {
        "side": side,
        "weighting": one.weighting,
        "categories": " ".join(map(str, one.categories)),
        "n_sides": one.items,
        "n_not_assessable": one.left_out,
        "n_patients": one.patients,
        **numbers,
        **interval_cells(one.interval),
        "not_estimable": reasons({**numbers, "interval": one.interval}),
    }


SIDES = ("both", "right", "left")


def kappa(study: Study, report: Report) -> Iterator[Line]:
    """Arm by arm, weighting by weighting: each reader and side, then the mean."""
    readings = readings_of(study, report)
    readers = list(selectors.study_readers(study))
    by_weighting = {
        weighting: kappa_lines(study, readings, readers, weighting=weighting)
        for weighting in WEIGHTINGS
    }
    for place in range(len(report.kappa)):
        for weighting in WEIGHTINGS:
            line = by_weighting[weighting][place]
            beginning = head(report, line.arm)
            for one in line.readers:
                for side in SIDES:
                    yield {
                        **beginning,
                        "estimate": "reader",
                        "reader": one.reader,
                        **_agreement(side, getattr(one, side)),
                    }
            yield {**beginning, **_mean(report, weighting, line.mean)}


def _mean(report: Report, weighting: Weighting, mean: float | NotEstimable) -> Line:
    columns = (column.name for column in FILES["kappa.csv"])
    return {
        **{name: None for name in columns if name not in _HEAD},
        "estimate": "mean",
        "side": "both",
        "weighting": weighting,
        "categories": " ".join(map(str, report.categories)),
        "kappa": mean,
        "not_estimable": reasons({"kappa": mean}),
    }


_HEAD = ("study", "protocol_sha256", "simulated", "arm", "arm_title")


def intra_reader(study: Study, report: Report) -> Iterator[Line]:
    """First against second reading of every repeated arm."""
    readings = readings_of(study, report)
    readers = list(selectors.study_readers(study))
    for weighting in WEIGHTINGS:
        for line in intra_reader_lines(study, readings, readers, weighting=weighting):
            for side in SIDES:
                yield {
                    **head(report, line.arm),
                    "reader": line.reader,
                    **_agreement(side, getattr(line, side)),
                }


def image_quality(study: Study, report: Report) -> Iterator[Line]:
    """One line an arm, case and slice; images never measured have none."""
    patients = selectors.patient_codes(study)
    for line in image_set(study).lines():
        yield {
            "study": study.slug,
            "simulated": report.simulated,
            "case": line.case.code,
            "patient": patients[line.case.pk],
            "arm": line.arm.code,
            "slice": line.slice,
            "mean_squared_error": line.mean_squared_error,
            "psnr_range_255": line.psnr,
            "ssim_range_255": line.ssim_range_255,
            "ssim_range_1": line.ssim_range_1,
            "not_estimable": reasons({"psnr_range_255": line.psnr}),
        }


def image_quality_summary(study: Study, report: Report) -> Iterator[Line]:
    """One line a metric and arm."""
    for table in report.quality:
        for arm in table.arms:
            yield {**head(report, arm.arm), **_summary(report, table, arm)}


def _summary(report: Report, table: MetricTable, arm: ArmQuality) -> Line:
    test, dunn = table.friedman, arm.against_control
    numbers: dict[str, float | NotEstimable | None] = {
        "mean": arm.images.mean,
        "sd": arm.images.standard_deviation,
        "sd_patients": arm.patients.standard_deviation,
        "friedman_chi2": test.statistic,
        "friedman_p": test.p,
        "kendall_w": test.concordance,
        "z": dunn.z if dunn else None,
        "p": dunn.p if dunn else None,
        "p_holm": dunn.p_holm if dunn else None,
    }
    return {
        "metric": table.metric.key,
        "data_range": table.metric.data_range,
        "unit": table.metric.unit,
        "n_images": arm.images.n,
        "n_images_left_out": arm.images.left_out,
        "n_patients": arm.patients.n,
        "blocks": table.blocks,
        "n_blocks": test.blocks,
        "n_blocks_left_out": table.blocks_left_out,
        "mean_rank": arm.mean_rank,
        "friedman_df": test.degrees_of_freedom,
        "control": report.control.code if report.control and dunn else None,
        **numbers,
        "not_estimable": reasons(numbers),
    }


def audit(study: Study, report: Report) -> Iterator[Line]:
    """The anchor of the audit chain, which moves on with every event."""
    last = anchor()
    yield {
        "study": report.slug,
        "protocol_sha256": report.protocol_sha256,
        "seed_sha256": report.seed_sha256,
        "events": last.events,
        "anchor": last.hash,
    }


ROWS = {
    "reads.csv": reads,
    "answers.csv": answers,
    "kappa.csv": kappa,
    "primary_comparison.csv": conduct.primary_comparison,
    "intra_reader.csv": intra_reader,
    "image_quality.csv": image_quality,
    "image_quality_summary.csv": image_quality_summary,
    "guesses.csv": conduct.guesses,
    "blinding_index.csv": conduct.blinding_index,
    "deviations.csv": conduct.deviations,
    "reopenings.csv": conduct.reopenings,
    "amendments.csv": conduct.amendments,
    "viewing_conditions.csv": conduct.viewing_conditions,
    "training.csv": conduct.training,
    "audit.csv": audit,
    **comparison_files.ROWS,
    **several_files.ROWS,
    **multireader_files.ROWS,
    **bias_files.ROWS,
    **striatum_files.ROWS,
    **mrmc.ROWS,
}
