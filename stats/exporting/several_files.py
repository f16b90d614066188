"""Exported files: agreement among the readers of an arm, and of each with the standard.

Plain ASCII: the data dictionary reads the same in any program.
"""

from collections.abc import Callable, Iterator

from readerstudy.reading.models import Study

from ..agreement.bootstrap import KappaBootstrap
from ..agreement.tables import Estimate
from ..outcomes import Interval, NotEstimable
from ..reporting.arms import ArmName
from ..reporting.report import Report
from ..reporting.several_section import Again, WithStandard
from .lines import Bounded, Line, head, interval_cells, limit_cells, reasons
from .shared_columns import (
    ARM,
    ARM_TITLE,
    NOT_ESTIMABLE,
    PROTOCOL,
    READER,
    SIMULATED,
    STUDY,
    Column,
    interval_columns,
    limit_columns,
)

HEAD = (STUDY, PROTOCOL, SIMULATED, ARM, ARM_TITLE)
COMPARISON = Column(
    "comparison",
    "what the reading of the arm is compared with",
    "",
    "standard: the reference standard with the first reading; repeat: the first "
    "reading with the second",
)
N_SIDES = Column("n_sides", "sides with a grade in both readings", "", "integer")
N_PATIENTS = Column("n_patients", "patients of these sides", "", "integer")


def _estimated(name: str, meaning: str, values: str) -> tuple[Column, ...]:
    return (Column(name, meaning, "", values), *limit_columns(name, name))


SEVERAL_READERS = (
    *HEAD,
    Column(
        "coefficient",
        "which one, of all readers of the arm",
        "",
        "fleiss, conger (nominal kappas); light (mean kappa of the pairs, quadratic); "
        "ac1 (nominal), ac2 (quadratic) of Gwet; alpha_nominal, alpha_ordinal of "
        "Krippendorff; icc_2_1 (two-way random, absolute agreement, single reader), "
        "icc_3_1 (two-way mixed, consistency, single reader)",
    ),
    Column("n_readers", "readers", "", "integer"),
    Column("n_sides", "sides that the coefficient is of", "", "integer"),
    Column(
        "n_sides_left_out",
        "sides that a reader graded, but too few did for this coefficient",
        "",
        "integer",
    ),
    N_PATIENTS,
    Column("estimate", "the coefficient", "", "at most 1"),
    Column("se", "its standard error, leaving out each patient", "", "positive"),
    *interval_columns("-1 to 1", "patients - 1"),
    *limit_columns("f_interval", "an ICC by the F distribution, sides as independent"),
    NOT_ESTIMABLE,
)
READER_AGREEMENT = (
    *HEAD,
    READER,
    COMPARISON,
    N_SIDES,
    N_PATIENTS,
    *_estimated("exact", "share of sides with equal grades", "0 to 1"),
    *_estimated("within_one", "share with equal or neighbouring grades", "0 to 1"),
    *_estimated("pabak", "(k exact - 1)/(k - 1) of k grades", "-1/(k-1) to 1"),
    Column("grade", "which the indices are of, against all others", "", "a grade"),
    *_estimated(
        "prevalence_index",
        "share of sides with the grade in both readings minus the share with it in "
        "neither",
        "-1 to 1",
    ),
    *_estimated(
        "bias_index",
        "share of sides with the grade in the later named reading minus that in the "
        "first named",
        "-1 to 1",
    ),
    *_estimated("icc_2_1", "of a repeat: ICC(2,1), absolute agreement", "at most 1"),
    *_estimated("icc_3_1", "of a repeat: ICC(3,1), consistency", "at most 1"),
    *_estimated("shift", "of a repeat: mean of second minus first grade", "grades"),
    NOT_ESTIMABLE,
)
CONFUSION = (
    *HEAD,
    READER,
    COMPARISON,
    Column("first", "grade of the standard, or of the first reading", "", "a grade"),
    Column("second", "grade in the arm, or of the second reading", "", "a grade"),
    Column("n_sides", "sides with this pair of grades", "", "integer"),
)
KAPPA_BOOTSTRAP = (
    *HEAD,
    READER,
    COMPARISON,
    Column("weighting", "weights of disagreement", "", "as in kappa.csv"),
    Column("kappa", "the same as in kappa.csv", "", "-1 to 1"),
    *limit_columns("default", "the report: delta method clustered by patient"),
    *limit_columns("percentile", "resampled patients, percentiles"),
    *limit_columns("bca", "resampled patients, bias-corrected and accelerated"),
    *limit_columns("jackknife", "leaving out each patient, t on the Fisher z scale"),
    Column("bias_z0", "bias correction of BCa", "", "number"),
    Column("acceleration", "acceleration of BCa", "", "number"),
    Column("replicates", "resamples of the patients", "", "integer"),
    Column(
        "replicates_undefined",
        "resamples in which kappa does not exist, left out of the intervals",
        "",
        "integer",
    ),
    Column("seed", "of the random draws", "", "integer"),
    NOT_ESTIMABLE,
)
Compared = WithStandard | Again


def several_readers(study: Study, report: Report) -> Iterator[Line]:
    """Agreement among all readers, by arm and coefficient."""
    for arm in report.several.among:
        for one in arm.coefficients:
            of_f = {"f_interval": one.f_interval}
            yield {
                **head(report, arm.arm),
                "coefficient": one.name,
                "n_readers": one.readers,
                "n_sides": one.items,
                "n_sides_left_out": one.left_out,
                "n_patients": one.patients,
                "estimate": one.estimate,
                "se": one.standard_error,
                **interval_cells(one.interval),
                **limit_cells(of_f),
                "not_estimable": reasons(
                    {"estimate": one.estimate, "interval": one.interval, **of_f}
                ),
            }


def _compared(report: Report) -> Iterator[tuple[ArmName, Line, Compared]]:
    for one in report.several.with_standard:
        yield one.arm, {"reader": one.reader, "comparison": "standard"}, one
    for again in report.several.again:
        yield again.arm, {"reader": again.reader, "comparison": "repeat"}, again


def reader_agreement(study: Study, report: Report) -> Iterator[Line]:
    """Equal and neighbouring grades, by arm, reader and grade."""
    for arm, who, one in _compared(report):
        pairs = one.pairs
        same = {
            "exact": pairs.exact,
            "within_one": pairs.within_one,
            "pabak": pairs.pabak,
            **_of_repeats(one),
        }
        for index in pairs.grades:
            numbers = {
                **same,
                "prevalence_index": index.prevalence,
                "bias_index": index.bias,
            }
            yield {
                **head(report, arm),
                **who,
                "n_sides": pairs.items,
                "n_patients": pairs.patients,
                "grade": index.grade,
                **_numbers(numbers),
            }


def _of_repeats(one: Compared) -> dict[str, Estimate | None]:
    if isinstance(one, WithStandard):
        return {"icc_2_1": None, "icc_3_1": None, "shift": None}
    found: dict[str, Estimate | None] = {"shift": one.shift}
    for icc in one.intraclass:
        found[icc.name] = Estimate(icc.estimate, icc.interval)
    return found


def _numbers(numbers: dict[str, Estimate | None]) -> Line:
    values = {name: one.value if one else None for name, one in numbers.items()}
    intervals: Bounded = {
        name: one.interval if one else None for name, one in numbers.items()
    }
    told = {f"{name} interval": interval for name, interval in intervals.items()}
    return {
        **values,
        **limit_cells(intervals),
        "not_estimable": reasons({**values, **told}),
    }


def confusion(study: Study, report: Report) -> Iterator[Line]:
    """Which grades were taken for which, by arm and reader."""
    categories = report.several.categories
    for arm, who, one in _compared(report):
        for first, row in zip(categories, one.pairs.table, strict=True):
            for second, count in zip(categories, row, strict=True):
                yield {
                    **head(report, arm),
                    **who,
                    "first": first,
                    "second": second,
                    "n_sides": count,
                }


def kappa_bootstrap(study: Study, report: Report) -> Iterator[Line]:
    """Intervals of kappa from resampled patients, by arm and reader."""
    for arm, who, one in _compared(report):
        yield {
            **head(report, arm),
            **who,
            "weighting": report.several.weighting,
            "seed": report.several.seed,
            **_resampled(one.interval, one.bootstrap),
        }


def _resampled(default: Interval | NotEstimable, one: KappaBootstrap) -> Line:
    intervals: Bounded = {
        "default": default,
        "percentile": one.percentile,
        "bca": one.bca,
        "jackknife": one.jackknife,
    }
    numbers = {
        "kappa": one.kappa,
        "bias_z0": one.bias,
        "acceleration": one.acceleration,
    }
    return {
        **numbers,
        **limit_cells(intervals),
        "replicates": one.replicates,
        "replicates_undefined": one.undefined,
        "not_estimable": reasons({**numbers, **intervals}),
    }


FILES: dict[str, tuple[Column, ...]] = {
    "several_readers.csv": SEVERAL_READERS,
    "reader_agreement.csv": READER_AGREEMENT,
    "confusion.csv": CONFUSION,
    "kappa_bootstrap.csv": KAPPA_BOOTSTRAP,
}
ROWS: dict[str, Callable[[Study, Report], Iterator[Line]]] = {
    "several_readers.csv": several_readers,
    "reader_agreement.csv": reader_agreement,
    "confusion.csv": confusion,
    "kappa_bootstrap.csv": kappa_bootstrap,
}
