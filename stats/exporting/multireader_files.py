"""Exported files: arms compared over all readers."""

from collections.abc import Callable, Iterator

from readerstudy.reading.models import Study

from ..multireader import Analysis, Comparison, Difference, ObuchowskiRockette
from ..outcomes import Interval, NotEstimable, Reason
from ..reporting.arms import ArmName
from ..reporting.multireader_section import OtherReadersLine, other_readers_lines
from ..reporting.report import Report
from .lines import Line, head, interval_cells, reasons
from .multireader_columns import COMPARISONS, MEAN_KAPPA, OBUCHOWSKI_ROCKETTE

FILES = {
    "mean_kappa.csv": MEAN_KAPPA,
    "comparisons.csv": COMPARISONS,
    "obuchowski_rockette.csv": OBUCHOWSKI_ROCKETTE,
}


def mean_kappa(study: Study, report: Report) -> Iterator[Line]:
    """Mean kappa over these readers with its interval, by arm"""
    section = report.multireader
    for line in section.means:
        one = line.kappa
        numbers = {"mean_kappa": one.mean, "se_clustered": one.standard_error}
        yield {
            **head(report, line.arm),
            "weighting": section.weighting,
            "n_readers": one.readers,
            "n_patients": one.patients,
            "n_sides": one.pairs,
            **numbers,
            **interval_cells(one.interval),
            "not_estimable": reasons({**numbers, "interval": one.interval}),
        }


def comparisons(study: Study, report: Report) -> Iterator[Line]:
    """Every arm's kappa minus the control's: mean over readers, then each reader"""
    section = report.multireader
    for line in section.comparisons:
        one = line.found
        yield {
            **_compared(report, line.arm, one.mean),
            **_whole(one, len(section.comparisons)),
            "not_estimable": _why_not(one.mean, one),
        }
        for reader, alone in zip(section.readers, one.by_reader, strict=True):
            yield {
                **_compared(report, line.arm, alone),
                **dict.fromkeys(_WHOLE),
                "estimate": "reader",
                "reader": reader,
                "not_estimable": _why_not(alone),
            }


def _compared(report: Report, arm: ArmName, one: Difference) -> Line:
    section = report.multireader
    return {
        **head(report, arm),
        "control": section.control.code if section.control else None,
        "control_planned": section.control_planned,
        "estimate": "mean",
        "reader": None,
        "weighting": section.weighting,
        "n_readers": one.readers,
        "n_patients": one.patients,
        "n_sides": one.pairs,
        "kappa_arm": one.first,
        "kappa_control": one.second,
        "difference": one.difference,
        "se_clustered": one.standard_error,
        **interval_cells(one.interval),
        **_narrow(one.narrow),
        "t": one.t,
        "p": one.p,
    }


_WHOLE = (
    "p_holm",
    "n_comparisons",
    "p_swapped",
    "n_swaps",
    "n_swaps_dropped",
    "swaps_exact",
    "swaps_seed",
    "margin",
    "not_inferior",
    "p_not_inferior",
    "equivalent",
    "equivalent_2_5",
    "p_equivalent",
)


def _whole(one: Comparison, family: int) -> Line:
    """What only the mean over readers has, in the order of _WHOLE."""
    swaps, margins = one.swaps, one.margins
    values = (
        one.p_holm,
        family,
        swaps.p,
        swaps.permutations,
        swaps.dropped,
        swaps.exact,
        None if swaps.exact else swaps.seed,
        *(
            (None,) * 6
            if margins is None
            else (
                margins.margin,
                margins.not_inferior,
                margins.p_inferior,
                margins.equivalent,
                margins.equivalent_strictly,
                margins.p_equivalent,
            )
        ),
    )
    return dict(zip(_WHOLE, values, strict=True))


def _narrow(interval: Interval | NotEstimable) -> Line:
    cells = interval_cells(interval)
    return {f"interval_90_{end}": cells[f"interval_{end}"] for end in ("low", "high")}


def _why_not(one: Difference, whole: Comparison | None = None) -> str:
    values: dict[str, object] = {
        "kappa_arm": one.first,
        "kappa_control": one.second,
        "difference": one.difference,
        "se_clustered": one.standard_error,
        "interval": one.interval,
        "p": one.p,
    }
    if whole is not None:
        values["p_swapped"] = whole.swaps.p
    return reasons(values)


def obuchowski_rockette(study: Study, report: Report) -> Iterator[Line]:
    """Kappa for readers beyond these: test of all arms, means, differences"""
    others = report.multireader.others
    shared: Line = {
        "study": report.slug,
        "protocol_sha256": report.protocol_sha256,
        "simulated": report.simulated,
        "weighting": report.multireader.weighting,
        "n_readers": len(report.multireader.readers),
        "n_arms": len(others.arms),
        "n_sides": others.items,
        "n_sides_left_out": others.items_left_out,
        **_components(others.found),
    }
    empty: Line = dict.fromkeys(_RESULT)
    for place, name in enumerate(_ANALYSES):
        found = others.found
        analysis = (
            found.analyses[place] if isinstance(found, ObuchowskiRockette) else found
        )
        shared["analysis"] = name
        yield {**shared, **empty, **_test(analysis), "what": "all arms"}
        for line in other_readers_lines(others, analysis):
            yield {**shared, **empty, **_arm_mean(line), "what": "mean"}
            if line.difference is not None and report.multireader.control:
                control = report.multireader.control.code
                yield {
                    **shared,
                    **empty,
                    **_arm_difference(line, analysis, control),
                    "what": "difference",
                }


def _components(found: ObuchowskiRockette | NotEstimable) -> Line:
    """What all three analyses are made of."""
    if isinstance(found, NotEstimable):
        return {"n_patients": None, **dict.fromkeys(_COMPONENTS)}
    errors, squares = found.errors, found.squares
    values = (
        errors.variance,
        errors.cov1,
        errors.cov2,
        errors.cov3,
        squares.arms,
        squares.readers,
        squares.interaction,
    )
    return {
        "n_patients": found.patients,
        **dict(zip(_COMPONENTS, values, strict=True)),
    }


_COMPONENTS = (
    "var_error",
    "cov1",
    "cov2",
    "cov3",
    "ms_arm",
    "ms_reader",
    "ms_arm_reader",
)
_ANALYSES = ("random readers and patients", "fixed readers", "fixed patients")
_RESULT = (
    "arm",
    "control",
    "estimate",
    "standard_error",
    "statistic",
    "df_arms",
    "df",
    "p",
    *interval_cells(NotEstimable(Reason.NO_READS)),
    "not_estimable",
)


def _test(analysis: Analysis | NotEstimable) -> Line:
    if isinstance(analysis, NotEstimable):
        return {"not_estimable": reasons({"statistic": analysis})}
    return {
        "statistic": analysis.statistic,
        "df_arms": analysis.degrees_of_freedom_arms,
        "df": analysis.degrees_of_freedom,
        "p": analysis.p,
    }


def _arm_mean(line: OtherReadersLine) -> Line:
    if isinstance(line.mean, NotEstimable):
        return {"arm": line.arm.code, "not_estimable": reasons({"estimate": line.mean})}
    return {
        "arm": line.arm.code,
        "estimate": line.mean.mean,
        "standard_error": line.mean.standard_error,
        "df": line.mean.degrees_of_freedom,
        **interval_cells(line.mean.interval),
    }


def _arm_difference(
    line: OtherReadersLine, analysis: Analysis | NotEstimable, control: str
) -> Line:
    assert line.difference is not None and isinstance(analysis, Analysis)
    return {
        "arm": line.arm.code,
        "control": control,
        "estimate": line.difference.difference,
        "standard_error": analysis.standard_error,
        "statistic": line.difference.t,
        "df": analysis.degrees_of_freedom,
        "p": line.difference.p,
        **interval_cells(line.difference.interval),
    }


ROWS: dict[str, Callable[[Study, Report], Iterator[Line]]] = {
    "mean_kappa.csv": mean_kappa,
    "comparisons.csv": comparisons,
    "obuchowski_rockette.csv": obuchowski_rockette,
}
