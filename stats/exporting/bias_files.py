"""Exported files: what moves the grades."""

from collections.abc import Callable, Iterator

from readerstudy.reading.models import Study

from ..bias.detection import Share, ShareDifference
from ..bias.symmetry import ChiSquare
from ..means import PatientMean
from ..outcomes import Interval, NotEstimable
from ..reporting.bias_section import ShiftLine
from ..reporting.effect_tables import EffectLine, TimeRatioLine
from ..reporting.report import Report
from .bias_columns import DETECTION, EFFECTS, GRADE_SHIFT, ORDINAL_MODEL
from .lines import Line, head, interval_cells, reasons
from .shared_columns import Column

FILES: dict[str, tuple[Column, ...]] = {
    "grade_shift.csv": GRADE_SHIFT,
    "detection.csv": DETECTION,
    "effects.csv": EFFECTS,
    "ordinal_model.csv": ORDINAL_MODEL,
}


def _filled(columns: tuple[Column, ...], line: Line) -> Line:
    """The line with every column; what it does not have is empty."""
    return {**{column.name: None for column in columns}, **line}


def grade_shift(study: Study, report: Report) -> Iterator[Line]:
    """Grades above or below the standard, by arm and reader; second readings."""
    for line in report.bias.arms:
        yield _shift(report, line, "standard")
        for reader, mean in zip(report.readers, line.shift.readers, strict=True):
            yield _filled(
                GRADE_SHIFT,
                {
                    **head(report, line.arm),
                    "compared_with": "standard",
                    "reader": reader,
                    **_mean(mean),
                    "not_estimable": reasons(_mean_reasons(mean)),
                },
            )
    for line in report.bias.repeats:
        yield _shift(report, line, "first reading")


def _mean(mean: PatientMean) -> Line:
    return {
        "n_patients": mean.patients,
        "mean_difference": mean.mean,
        **interval_cells(mean.interval),
    }


def _mean_reasons(mean: PatientMean) -> dict[str, object]:
    return {"mean_difference": mean.mean, "interval": mean.interval}


def _shift(report: Report, line: ShiftLine, compared_with: str) -> Line:
    shift, ranks, flips = line.shift, line.shift.wilcoxon, line.shift.permutation
    p_values: dict[str, float | NotEstimable] = {
        "wilcoxon_p": ranks.p,
        "wilcoxon_p_holm": shift.p_holm,
        "wilcoxon_zeros_dropped_p": shift.wilcoxon_without_zeros.p,
        "permutation_p": flips.p,
        "permutation_p_holm": shift.permutation_p_holm,
    }
    tests = _tests(line)
    return {
        **head(report, line.arm),
        "compared_with": compared_with,
        "reader": line.reader or None,
        "n_pairs": shift.pairs,
        **_mean(shift.mean),
        "step_counts": " ".join(map(str, shift.counts)),
        "wilcoxon_zeros": ranks.zeros,
        "wilcoxon_positive": ranks.positive,
        "wilcoxon_exact": ranks.exact,
        "permutation_flips": flips.flips,
        "permutation_exact": flips.exact,
        "permutation_seed": flips.seed,
        **p_values,
        **tests,
        "unused_grades": " ".join(
            str(report.categories[place]) for place in line.symmetry.unused
        ),
        "not_estimable": reasons({**_mean_reasons(shift.mean), **p_values, **tests}),
    }


def _tests(line: ShiftLine) -> Line:
    named: tuple[tuple[str, ChiSquare], ...] = (
        ("clustered_homogeneity", line.symmetry.clustered),
        ("stuart_maxwell", line.symmetry.stuart_maxwell),
        ("bowker", line.symmetry.bowker),
    )
    cells: Line = {}
    for name, test in named:
        cells[f"{name}_chi2"] = test.statistic
        cells[f"{name}_df"] = test.degrees_of_freedom
        cells[f"{name}_p"] = test.p
    return cells


MEASURES = ("sensitivity", "specificity", "accuracy")


def detection(study: Study, report: Report) -> Iterator[Line]:
    """Sensitivity, specificity and accuracy, by arm and reader."""
    for line in report.bias.detection:
        beginning = {
            **head(report, line.arm),
            "normal_from": report.bias.normal_from,
        }
        against = line.found.against_control
        for measure in MEASURES:
            overall: Share = getattr(line.found.overall, measure)
            difference: ShareDifference | None = getattr(against, measure, None)
            yield {
                **beginning,
                "reader": None,
                "measure": measure,
                "control": _control(report) if difference else None,
                **_share(overall, _difference(difference)),
            }
        for reader, one in zip(report.readers, line.found.readers, strict=True):
            for measure in MEASURES:
                yield {
                    **beginning,
                    "reader": reader,
                    "measure": measure,
                    "control": None,
                    **_share(getattr(one, measure), _difference(None)),
                }


def _share(share: Share, difference: Line) -> Line:
    values = {"share": share.share, "se_clustered": share.standard_error}
    return {
        "right": share.right,
        "n_sides": share.items,
        "n_patients": share.patients,
        **values,
        **interval_cells(share.interval),
        **difference,
        "not_estimable": reasons({**values, "interval": share.interval, **difference}),
    }


def _control(report: Report) -> str | None:
    return report.bias.control.code if report.bias.control else None


def _difference(one: ShareDifference | None) -> Line:
    limits = one.interval if one else None
    low, high = (
        (limits.low, limits.high) if isinstance(limits, Interval) else (None,) * 2
    )
    return {
        "difference": one.difference if one else None,
        "difference_n_sides": one.items if one else None,
        "difference_low": low,
        "difference_high": high,
        "difference_p": one.p if one else None,
    }


def effects(study: Study, report: Report) -> Iterator[Line]:
    """What order and sessions do to grades and times; reading times by arm."""
    for line in report.bias.effects:
        yield from _effect(report, line)
    timed = next(e for e in report.bias.effects if e.outcome == "seconds")
    for one in report.bias.times:
        yield _time(report, one, timed)


def _beginning(report: Report, line: EffectLine, effect: str) -> Line:
    return {
        "study": report.slug,
        "protocol_sha256": report.protocol_sha256,
        "simulated": report.simulated,
        "outcome": line.outcome,
        "effect": effect,
        "n": line.responses,
        "n_patients": line.patients,
    }


def _effect(report: Report, line: EffectLine) -> Iterator[Line]:
    for name, slope in (("fatigue", line.fatigue), ("learning", line.learning)):
        values = {
            "estimate": slope.estimate,
            "se_clustered": slope.standard_error,
            "p": slope.p,
        }
        yield _filled(
            EFFECTS,
            {
                **_beginning(report, line, name),
                "scale": "ratio" if line.is_ratio else "difference",
                **values,
                **interval_cells(slope.interval),
                "not_estimable": reasons({**values, "interval": slope.interval}),
            },
        )
    test = line.sessions
    tested = {"f": test.statistic, "p": test.p}
    yield _filled(
        EFFECTS,
        {
            **_beginning(report, line, "sessions"),
            **tested,
            "df_numerator": test.numerator,
            "df_denominator": test.denominator,
            "not_estimable": reasons(tested),
        },
    )


def _time(report: Report, line: TimeRatioLine, timed: EffectLine) -> Line:
    one = line.time
    values = {"estimate": one.ratio, "p": one.p, "p_holm": one.p_holm}
    return _filled(
        EFFECTS,
        {
            **_beginning(report, timed, "arm"),
            "arm": line.arm.code,
            "control": report.bias.timed_against.code,
            "n": one.reads,
            "scale": "ratio",
            **values,
            **interval_cells(one.interval),
            "not_estimable": reasons({**values, "interval": one.interval}),
        },
    )


def ordinal_model(study: Study, report: Report) -> Iterator[Line]:
    """Odds of a higher grade than in the reference, by arm."""
    for line in report.bias.odds:
        one = line.odds
        values = {"odds_ratio": one.ratio, "p": one.p, "p_holm": one.p_holm}
        yield {
            **head(report, line.arm),
            "reference": report.reference.code,
            "n_grades": report.bias.odds_grades,
            "n_patients": report.bias.odds_patients,
            **values,
            **interval_cells(one.interval),
            "not_estimable": reasons({**values, "interval": one.interval}),
        }


ROWS: dict[str, Callable[[Study, Report], Iterator[Line]]] = {
    "grade_shift.csv": grade_shift,
    "detection.csv": detection,
    "effects.csv": effects,
    "ordinal_model.csv": ordinal_model,
}
