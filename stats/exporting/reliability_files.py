"""Exported files: second answers about whole images, and several readers' answers.

Plain ASCII: the data dictionary reads the same in any program.
"""

from collections.abc import Iterator

from readerstudy.reading.models import Study

from ..outcomes import Interval, NotEstimable
from ..reporting.reliability_section import AnsweredAgain, MeasuredAgain
from ..reporting.report import Report
from .lines import Bounded, Line, head, interval_cells, limit_cells, reasons
from .rating_files import HEAD, QUESTION, Rows
from .shared_columns import (
    NOT_ESTIMABLE,
    READER,
    Column,
    interval_columns,
    limit_columns,
)

AGAIN = "answers_again.csv"
CONFUSION = "answers_confusion.csv"
AMONG = "answers_among_readers.csv"
CHOICE = "of a choice 1: the first arm of the pair, 2: no difference, 3: the second"
FREEDOM = "patients - 1"
BEGINNING = (
    *HEAD[:3],
    Column("arm", "code of the arm; of a pair both, ~ between them", "", "text"),
    Column("arm_title", "title of the arm; of a pair both", "", "text"),
    QUESTION,
)


AGAIN_COLUMNS = (
    *BEGINNING,
    READER,
    Column(
        "measure",
        "same: share of equal answers; kappa; shift: mean of second minus first "
        "answer; icc_a_1: ICC(A,1), absolute agreement; sd: standard deviation of the "
        "differences, without interval; repeatability: 1.96 times the root of the mean "
        "squared difference",
        "",
        "same, kappa, shift, icc_a_1, sd or repeatability",
    ),
    Column(
        "weighting", "weights of kappa", "", "quadratic, linear, unweighted or empty"
    ),
    Column("n_images", "images (or pairs) answered both times", "", "integer"),
    Column("n_patients", "patients that they are of", "", "integer"),
    Column("value", "the measure", "", "number"),
    *interval_columns("as value", FREEDOM),
    *limit_columns("percentile", "kappa by resampled patients, percentiles"),
    *limit_columns("bca", "the same, bias-corrected and accelerated"),
    *limit_columns(
        "jackknife", "the same, leaving out each patient, t on the Fisher z scale"
    ),
    Column("replicates", "resamples of the patients", "", "integer; of kappa alone"),
    Column(
        "replicates_undefined", "resamples without a kappa, left out", "", "integer"
    ),
    Column("seed", "of the resamples", "", "integer"),
    NOT_ESTIMABLE,
)
CONFUSION_COLUMNS = (
    *BEGINNING,
    READER,
    Column("first", "first answer", "", f"value of an answer; {CHOICE}"),
    Column("second", "second answer", "", "the same"),
    Column("n_images", "images (or pairs) with these two answers", "", "integer"),
)
AMONG_COLUMNS = (
    *BEGINNING,
    Column(
        "coefficient",
        "which one, of the first answers of all readers",
        "",
        "light (mean kappa of the pairs, quadratic), light_unweighted, fleiss; ac1 "
        "(nominal), ac2 (quadratic) of Gwet; alpha_nominal, alpha_ordinal of "
        "Krippendorff; icc_2_1: ICC(A,1), icc_3_1: ICC(C,1)",
    ),
    Column("n_readers", "readers", "", "integer"),
    Column("n_images", "images that the coefficient is of", "", "integer"),
    Column(
        "n_images_left_out",
        "images that a reader answered, but too few did for this coefficient",
        "",
        "integer",
    ),
    Column("n_patients", "patients of these images", "", "integer"),
    Column("estimate", "the coefficient", "", "at most 1"),
    Column("se", "its standard error, leaving out each patient", "", "positive"),
    *interval_columns("-1 to 1", FREEDOM),
    *limit_columns("f_interval", "an ICC by the F distribution, images as independent"),
    NOT_ESTIMABLE,
)
FILES: dict[str, tuple[Column, ...]] = {
    AGAIN: AGAIN_COLUMNS,
    CONFUSION: CONFUSION_COLUMNS,
    AMONG: AMONG_COLUMNS,
}
RESAMPLED = ("percentile", "bca", "jackknife")
NO_RESAMPLES: Line = {
    **{f"{name}_{end}": None for name in RESAMPLED for end in ("low", "high")},
    **dict.fromkeys(("replicates", "replicates_undefined")),
}


def again(study: Study, report: Report) -> Iterator[Line]:
    """Second answers about whole images beside the first, by arm and reader."""
    found = report.reliability
    for one in found.questions if found else ():
        told = [
            *((a.arm, a.reader, _answered(a, one.weighting)) for a in one.again),
            *((m.arm, m.reader, _measured(m)) for m in one.measured),
        ]
        for arm, reader, measures in told:
            for measure in measures:
                yield {
                    **head(report, arm),
                    "question": one.question.key,
                    "reader": reader,
                    **measure,
                    "seed": found.seed if found and measure["replicates"] else None,
                }


def _measure(
    name: str,
    value: float | NotEstimable,
    span: Interval | NotEstimable | None,
    counts: tuple[int, int],
) -> Line:
    return {
        "measure": name,
        "weighting": None,
        "n_images": counts[0],
        "n_patients": counts[1],
        "value": value,
        **interval_cells(span),
        **NO_RESAMPLES,
        "not_estimable": reasons({"value": value, "interval": span}),
    }


def _answered(line: AnsweredAgain, weighting: str | None) -> Iterator[Line]:
    counts = line.pairs.items, line.pairs.patients
    yield _measure("same", line.pairs.exact.value, line.pairs.exact.interval, counts)
    resampled = line.bootstrap
    spans: Bounded = {name: getattr(resampled, name) for name in RESAMPLED}
    named = {"value": resampled.kappa, "interval": line.interval, **spans}
    yield _measure("kappa", resampled.kappa, line.interval, counts) | {
        "weighting": weighting,
        **limit_cells(spans),
        "replicates": resampled.replicates,
        "replicates_undefined": resampled.undefined,
        "not_estimable": reasons(named),
    }
    if line.shift:
        yield _measure("shift", line.shift.value, line.shift.interval, counts)


def _measured(line: MeasuredAgain) -> Iterator[Line]:
    icc, apart = line.intraclass, line.apart
    counts = apart.items, apart.patients
    yield _measure("icc_a_1", icc.estimate, icc.interval, counts)
    yield _measure("shift", apart.shift.value, apart.shift.interval, counts)
    yield _measure("sd", apart.standard_deviation, None, counts)
    last = apart.coefficient
    yield _measure("repeatability", last.value, last.interval, counts)


def confusion(study: Study, report: Report) -> Iterator[Line]:
    """Which first answers about whole images were followed by which second ones."""
    for one in report.reliability.questions if report.reliability else ():
        for line in one.again:
            values = [grade.grade for grade in line.pairs.grades]
            for first, row in zip(values, line.pairs.table, strict=True):
                for second, count in zip(values, row, strict=True):
                    yield {
                        **head(report, line.arm),
                        "question": one.question.key,
                        "reader": line.reader,
                        "first": first,
                        "second": second,
                        "n_images": count,
                    }


def among(study: Study, report: Report) -> Iterator[Line]:
    """Agreement among all readers about whole images, by arm and coefficient."""
    for one in report.reliability.questions if report.reliability else ():
        for line in one.among:
            for found in line.coefficients:
                values = {"estimate": found.estimate, "se": found.standard_error}
                yield {
                    **head(report, line.arm),
                    "question": one.question.key,
                    "coefficient": found.name,
                    "n_readers": found.readers,
                    "n_images": found.items,
                    "n_images_left_out": found.left_out,
                    "n_patients": found.patients,
                    **values,
                    **interval_cells(found.interval),
                    **limit_cells({"f_interval": found.f_interval}),
                    "not_estimable": reasons({**values, "interval": found.interval}),
                }


ROWS: Rows = {AGAIN: again, CONFUSION: confusion, AMONG: among}
