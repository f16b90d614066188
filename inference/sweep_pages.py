"""What the pages of sweeps are given."""

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO

from django.conf import settings
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from readerstudy.cases.cohort_table.as_csv import cell_text
from readerstudy.cases.models import Case, Cohort
from readerstudy.cases.wording import told

from . import registry
from .living import is_heard
from .models import Sweep, Training
from .sweep_charts import Chart, differences_chart, values_chart
from .sweep_rows import MEASURED, PointRow, found, point_rows
from .sweeps.findings import ONE_SEED, Estimate, Findings, Level

COLUMNS = ("level", "seed", "case", "network", "psnr_db", "ssim", "reason")


@dataclass(frozen=True)
class SweepRow:
    """A sweep as a line of a table. epochs_done, epochs: of all its trainings."""

    sweep: Sweep
    network: str
    levels: str
    seeds: str
    measured: int
    points: int
    active: bool
    stopped: bool
    ended_early: bool
    epochs_done: int
    epochs: int


@dataclass(frozen=True)
class LevelRow:
    """Its numbers in words, or why there is none."""

    level: Level
    label: str
    mean: str
    by_case: str
    by_seed: str
    difference: str
    ssim: str
    smallest: bool


@dataclass(frozen=True)
class SweepPage:
    row: SweepRow
    found: Findings
    levels: tuple[LevelRow, ...]
    points: tuple[PointRow, ...]
    conclusions: tuple[str, ...]
    values: Chart | None
    differences: Chart | None
    reason: str  # why there is no curve, in words
    nobody_listens: bool


def sweep_rows(cohort: Cohort) -> list[SweepRow]:
    """The newest first."""
    sweeps = cohort.sweeps.select_related("requested_by", "cohort")
    return [sweep_row(sweep, point_rows(sweep)) for sweep in sweeps]


def sweep_row(sweep: Sweep, points: list[PointRow]) -> SweepRow:
    spec = registry.METHODS.get(sweep.network)
    states = Counter(row.state for row in points)
    epochs = int(sweep.recipe["epochs"])
    return SweepRow(
        sweep=sweep,
        network=spec.title if spec else sweep.network,
        levels=", ".join(f"{level:g}" for level in sweep.levels),
        seeds=", ".join(str(seed) for seed in sweep.seeds),
        measured=states[MEASURED],
        points=len(points),
        active=any(row.active for row in points),
        stopped=bool(states[Training.State.CANCELLED]),
        ended_early=any(
            row.spoilt or not (row.active or row.state == MEASURED) for row in points
        ),
        epochs_done=sum(_epochs_done(row, epochs) for row in points),
        epochs=epochs * len(points),
    )


def _epochs_done(row: PointRow, epochs: int) -> int:
    if row.state == MEASURED:
        return epochs
    return row.training.epochs_done if row.training else 0


@dataclass(frozen=True)
class SweepSummary:
    """found: without its curve."""

    row: SweepRow
    found: Findings


def sweep_summary(sweep: Sweep) -> SweepSummary:
    row = sweep_row(sweep, point_rows(sweep))
    return SweepSummary(row, found(sweep, curve=False))


def sweep_page(sweep: Sweep) -> SweepPage:
    points, results = point_rows(sweep), found(sweep)
    alike = found(sweep, "ssim", curve=False)
    similar = {one.level: one.by_case.value for one in alike.levels}
    row = sweep_row(sweep, points)
    return SweepPage(
        row=row,
        found=results,
        levels=tuple(
            _level_row(one, similar.get(one.level), one.level == results.smallest)
            for one in results.levels
        ),
        points=tuple(points),
        conclusions=tuple(conclusions(sweep, results)),
        values=values_chart(results, factor=sweep.factor),
        differences=differences_chart(results, factor=sweep.factor),
        reason=told(results.fit.reason or results.fit.a.reason),
        nobody_listens=_nobody_listens(points),
    )


def _level_row(level: Level, ssim: float | None, smallest: bool) -> LevelRow:
    mean = level.by_case.value
    best = level.verdict == "best"
    return LevelRow(
        level=level,
        label=f"{level.level:g}",
        mean="" if mean is None else decimal(mean, 2),
        by_case=_ends(level.by_case),
        by_seed=_ends(level.by_seed),
        difference="–" if best else interval(level.difference, 2),
        ssim="" if ssim is None else decimal(ssim, 4),
        smallest=smallest,
    )


def _ends(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return told(estimate.reason)
    return _("%(low)s to %(high)s") % {
        "low": decimal(estimate.low, 2),
        "high": decimal(estimate.high, 2),
    }


def _nobody_listens(points: list[PointRow]) -> bool:
    waits = any(row.state == Training.State.QUEUED for row in points)
    return waits and not is_heard(settings.TRAINING_QUEUE)


def conclusions(sweep: Sweep, results: Findings) -> Iterator[str]:
    """What may be said, sentence by sentence."""
    if results.best is None or results.smallest is None:
        return
    named = {
        "best": f"{results.best:g}",
        "smallest": f"{results.smallest:g}",
        "margin": decimal(results.margin, 2),
    }
    if results.smallest < results.best:
        yield (
            _(
                "Level %(smallest)s is the smallest from which on all are shown to be "
                "within %(margin)s dB of the best level, %(best)s."
            )
            % named
        )
    else:
        yield (
            _(
                "No level below the best, %(best)s, is shown to be within %(margin)s "
                "dB of it."
            )
            % named
        )
    yield from _of_the_curve(sweep, results)
    if any(one.difference.reason == ONE_SEED for one in results.levels):
        yield _(
            "Where a level and the best share one seed only, what chance does in a "
            "training is not in the comparison; three seeds or more tell."
        )
    if sweep.split == Case.Split.TEST:
        yield _(
            "Measured on test cases: this may be reported, but no network may be "
            "chosen by it."
        )


def _of_the_curve(sweep: Sweep, results: Findings) -> Iterator[str]:
    fit = results.fit
    if fit.twice.value is None:
        return
    yield (
        _(
            "If the fitted curve holds on, twice the greatest level would add "
            "%(twice)s dB, and unlimited amounts %(unlimited)s dB."
        )
        % {"twice": interval(fit.twice, 2), "unlimited": interval(fit.unlimited, 2)}
    )


def interval(estimate: Estimate, digits: int) -> str:
    """1.23 (0.98 to 1.41), in the digits of the reader's language."""
    if estimate.value is None:
        return "–"
    value = decimal(estimate.value, digits)
    if estimate.low is None or estimate.high is None:
        return value
    return _("%(value)s (%(low)s to %(high)s)") % {
        "value": value,
        "low": decimal(estimate.low, digits),
        "high": decimal(estimate.high, digits),
    }


def decimal(value: float, digits: int) -> str:
    told = round(value, digits) + 0.0  # no minus before nothing
    return str(number_format(told, decimal_pos=digits)).replace("-", "−")


def csv_lines(sweep: Sweep) -> Iterator[str]:
    """One line a point and case, as measured; safe to open in a spreadsheet."""
    yield _line(COLUMNS)
    for row in point_rows(sweep):
        for case, one in sorted(row.point.results.items()):
            cells = (
                row.point.level,
                row.point.seed,
                case,
                row.plan.network,
                one.get("psnr"),
                one.get("ssim"),
                one.get("reason", ""),
            )
            yield _line([cell_text(cell) for cell in cells])


def _line(cells: tuple[str, ...] | list[str]) -> str:
    text = StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()
