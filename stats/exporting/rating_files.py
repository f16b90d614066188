"""Exported files: ratings of image quality, and confidence in a finding."""

from collections.abc import Callable, Iterator

from readerstudy.reading.models import Study

from ..outcomes import Interval, NotEstimable
from ..reporting.confidence_section import ArmAreas, ArmDifference, ConfidenceQuestion
from ..reporting.rating_section import GradedArm
from ..reporting.report import Report
from ..roc import Area
from ..visual_grading import ArmRatings, VgcArea, VgcBootstrap
from .lines import Line, head, interval_cells, reasons
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
)

P = "0 to 1"
HEAD = (STUDY, PROTOCOL, SIMULATED, ARM, ARM_TITLE)
QUESTION = Column("question", "key of the question", "", "text")
AGAINST = Column(
    "against",
    "code of the arm that this one is compared with: the plan's control, or else the "
    "reference",
    "",
    "text",
)
WHOSE = Column("reader", "code of the reader", "", "text; empty: all readers")
COUNTED = "integer; empty for other readers"
COMPLETE = "for other readers those whom every reader rated in every arm"
FREEDOM = "or empty for the normal distribution"

RATINGS = "ratings.csv"
GRADING = "visual_grading.csv"
AREAS = "roc_areas.csv"
DIFFERENCES = "roc_differences.csv"

RATING_FILES: dict[str, tuple[Column, ...]] = {
    RATINGS: (
        *HEAD,
        QUESTION,
        WHOSE,
        Column("n_ratings", "first readings that were rated", "", "integer"),
        Column("n_patients", "patients that they are of", "", "integer"),
        Column(
            "median", "of the answers, the lower of two middle ones", "", "an answer"
        ),
        Column("answer", "value of an answer", "", "integer"),
        Column("answer_words", "its words in the protocol", "", "text"),
        Column("count", "how often it was given", "", "integer"),
        Column(
            "share_at_least",
            "share of ratings that are as good or better",
            "",
            "0 to 1; empty for the lowest answer",
        ),
        Column("low", "lower end of its interval, clustered by patient", "", P),
        Column("high", "its upper end", "", P),
        NOT_ESTIMABLE,
    ),
    GRADING: (
        *HEAD,
        QUESTION,
        AGAINST,
        Column(
            "estimate",
            "reader: area of one reader; mean: over these readers; other readers: the "
            "same mean for readers beyond these; mean, bootstrap: the mean with the "
            "BCa interval of resampled patients; odds: ratio of the ordinal model",
            "",
            "reader, mean, other readers, mean, bootstrap or odds",
        ),
        READER,
        Column("n_ratings", "in each of both arms", "", "integer"),
        Column("n_patients", "patients that they are of", "", "integer"),
        Column(
            "value",
            "area under the visual grading curve (chance of a better rating, ties "
            "half), or odds of a better rating",
            "",
            "area 0 to 1; odds above 0",
        ),
        Column("se", "standard error of the area", "", "number"),
        *interval_columns("as value", FREEDOM),
        Column("p", "two-sided, of an area of 0.5 or odds of 1", "", P),
        Column("p_holm", "the same, Holm over the arms of the question", "", P),
        NOT_ESTIMABLE,
    ),
}
CONFIDENCE_FILES: dict[str, tuple[Column, ...]] = {
    AREAS: (
        *HEAD,
        QUESTION,
        Column(
            "estimate",
            "reader: of one reader; mean: over these readers; other readers: the same "
            "for readers beyond these; sensitivity, specificity: of all readers, "
            "answers of at least cut counted as positive",
            "",
            "reader, mean, other readers, sensitivity or specificity",
        ),
        READER,
        Column("n_with", "ratings of cases with the finding", "", COUNTED),
        Column("n_without", "ratings of cases without it", "", COUNTED),
        Column("n_patients", f"patients that they are of; {COMPLETE}", "", "integer"),
        Column("cut", "lowest positive answer", "", "0 to 100"),
        Column("value", "area under the empirical ROC curve, or share", "", P),
        Column("se", "standard error", "", "number"),
        *interval_columns(P, FREEDOM),
        NOT_ESTIMABLE,
    ),
    DIFFERENCES: (
        *HEAD,
        QUESTION,
        AGAINST,
        Column(
            "estimate",
            "reader, mean (these readers) or other readers (Obuchowski, Rockette and "
            "Hillis)",
            "",
            "reader, mean or other readers",
        ),
        READER,
        Column("n_patients", f"patients with both arms; {COMPLETE}", "", "integer"),
        Column("difference", "area in the arm minus that in against", "", "-1 to 1"),
        Column("se", "its standard error", "", "number"),
        *interval_columns("-1 to 1", FREEDOM),
        Column("p", "two-sided, of no difference", "", P),
        Column("p_holm", "of the means, Holm over the arms", "", P),
        NOT_ESTIMABLE,
    ),
}


def ratings(study: Study, report: Report) -> Iterator[Line]:
    """How often each answer was given, by question, arm and reader."""
    if report.ratings is None:
        return
    for one in report.ratings.questions:
        for line in one.arms:
            readers = zip(report.readers, line.readers, strict=True)
            for reader, found in (("", line.all), *readers):
                for place, (value, words) in enumerate(one.question.answers):
                    yield {
                        **head(report, line.arm),
                        "question": one.question.key,
                        "reader": reader,
                        "answer": value,
                        "answer_words": words,
                        **_rated(found, place),
                    }


def _rated(found: ArmRatings, place: int) -> Line:
    share = found.at_least[place - 1] if place else None
    span = share.interval if share else None
    values = {"median": found.median, "share_at_least": share.share if share else None}
    return {
        "n_ratings": found.ratings,
        "n_patients": found.patients,
        "count": found.counts[place],
        **values,
        "low": span.low if isinstance(span, Interval) else None,
        "high": span.high if isinstance(span, Interval) else None,
        "not_estimable": reasons({**values, "interval": span}),
    }


def grading(study: Study, report: Report) -> Iterator[Line]:
    """Whether an arm is rated better: areas of visual grading, and odds."""
    if report.ratings is None:
        return
    for one in report.ratings.questions:
        for line in one.graded:
            for found in _graded(line, report.readers):
                yield {
                    **head(report, line.arm),
                    "question": one.question.key,
                    "against": report.ratings.against.code,
                    **found,
                }


def _graded(line: GradedArm, readers: tuple[str, ...]) -> Iterator[Line]:
    areas = [
        *(("reader", *both) for both in zip(readers, line.readers, strict=True)),
        ("mean", "", line.mean),
        ("other readers", "", line.others),
    ]
    for estimate, reader, one in areas:
        values = {"value": one.area, "se": one.standard_error, "p": one.p}
        yield {
            "estimate": estimate,
            "reader": reader,
            "n_ratings": one.ratings,
            "n_patients": one.patients,
            **values,
            **interval_cells(one.interval),
            "p_holm": line.p_holm if estimate == "mean" else None,
            "not_estimable": reasons({**values, "interval": one.interval}),
        }
    if line.resampled:
        yield _resampled(line.mean, line.resampled)
    odds = line.odds
    values = {"value": odds.ratio, "p": odds.p, "p_holm": odds.p_holm}
    yield {
        "estimate": "odds",
        "reader": "",
        "n_ratings": None,
        "n_patients": None,
        "se": None,
        **values,
        **interval_cells(odds.interval),
        "not_estimable": reasons({**values, "interval": odds.interval}),
    }


def _resampled(mean: VgcArea, found: VgcBootstrap) -> Line:
    return {
        "estimate": "mean, bootstrap",
        "reader": "",
        "n_ratings": mean.ratings,
        "n_patients": mean.patients,
        "value": mean.area,
        "se": None,
        "p": None,
        "p_holm": None,
        **interval_cells(found.bca),
        "not_estimable": reasons({"value": mean.area, "interval": found.bca}),
    }


def areas(study: Study, report: Report) -> Iterator[Line]:
    """Areas under ROC curves, sensitivity and specificity."""
    if report.confidence is None:
        return
    for one in report.confidence.questions:
        for line in one.arms:
            for found in _areas(line, one.others.patients, report):
                yield {
                    **head(report, line.arm),
                    "question": one.question.key,
                    **found,
                }


def _areas(line: ArmAreas, complete: int, report: Report) -> Iterator[Line]:
    """complete: patients whom every reader rated in every arm."""
    for reader, one in zip(report.readers, line.readers, strict=True):
        yield _area("reader", reader, one)
    yield _area("mean", "", line.mean)
    others = line.others
    missing = isinstance(others, NotEstimable)
    values = {
        "value": others if isinstance(others, NotEstimable) else others.mean,
        "se": others if isinstance(others, NotEstimable) else others.standard_error,
    }
    span = others if isinstance(others, NotEstimable) else others.interval
    yield {
        **_area("other readers", "", line.mean),
        "n_with": None,
        "n_without": None,
        "n_patients": complete,
        **values,
        **interval_cells(span),
        "not_estimable": reasons(values) if missing else "",
    }
    for name, share in (
        ("sensitivity", line.cut.sensitivity),
        ("specificity", line.cut.specificity),
    ):
        found = {"value": share.share, "se": share.standard_error}
        yield {
            "estimate": name,
            "reader": "",
            "n_with": share.items if name == "sensitivity" else None,
            "n_without": share.items if name == "specificity" else None,
            "n_patients": share.patients,
            "cut": line.cut.cut,
            **found,
            **interval_cells(share.interval),
            "not_estimable": reasons({**found, "interval": share.interval}),
        }


def _area(estimate: str, reader: str, one: Area) -> Line:
    values = {"value": one.area, "se": one.standard_error}
    return {
        "estimate": estimate,
        "reader": reader,
        "n_with": one.with_finding,
        "n_without": one.without,
        "n_patients": one.patients,
        "cut": None,
        **values,
        **interval_cells(one.interval),
        "not_estimable": reasons({**values, "interval": one.interval}),
    }


def differences(study: Study, report: Report) -> Iterator[Line]:
    """Differences of ROC areas between arms."""
    if report.confidence is None:
        return
    for one in report.confidence.questions:
        for line in one.differences:
            for found in _differences(line, one, report.readers):
                yield {
                    **head(report, line.arm),
                    "question": one.question.key,
                    "against": report.confidence.against.code,
                    **found,
                }


def _differences(
    line: ArmDifference, question: ConfidenceQuestion, readers: tuple[str, ...]
) -> Iterator[Line]:
    each = [
        *(("reader", *both) for both in zip(readers, line.readers, strict=True)),
        ("mean", "", line.mean),
    ]
    for estimate, reader, one in each:
        values = {
            "difference": one.difference,
            "se": one.standard_error,
            "p": one.p,
            "p_holm": line.p_holm if estimate == "mean" else None,
        }
        yield {
            "estimate": estimate,
            "reader": reader,
            "n_patients": one.patients,
            **values,
            **interval_cells(one.interval),
            "not_estimable": reasons({**values, "interval": one.interval}),
        }
    others = line.others
    there = None if isinstance(others, NotEstimable) else others
    whole = question.analysis
    span = others if isinstance(others, NotEstimable) else others.interval
    yield {
        "estimate": "other readers",
        "reader": "",
        "n_patients": question.others.patients,
        "difference": there.difference if there else None,
        "se": None if isinstance(whole, NotEstimable) else whole.standard_error,
        "p": there.p if there else None,
        "p_holm": None,
        **interval_cells(span),
        "not_estimable": reasons({} if there else {"difference": others}),
    }


Rows = dict[str, Callable[[Study, Report], Iterator[Line]]]
RATING_ROWS: Rows = {RATINGS: ratings, GRADING: grading}
CONFIDENCE_ROWS: Rows = {AREAS: areas, DIFFERENCES: differences}
