"""What is read of sweeps: what every point is, where it stands, what was found."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db.models import Max, QuerySet

from readerstudy.cases.models import Case, Cohort, Division, Series
from readerstudy.imaging.marking import gettext_noop

from .models import Sweep, SweepPoint, Training
from .sweeps import findings, plans

# of a point, beside those of its training
MISSING, MEASURING, MEASURED = "missing", "measuring", "measured"
METRICS = ("psnr", "ssim")
LEARNED = gettext_noop("This training learned from the patient, or was chosen by it.")


@dataclass(frozen=True)
class PointRow:
    """A point and the training that stands for it: its own, or one that had been asked
    for before and is the same to the last bit.

    state: "missing" (nothing is trained), that of the training, "measuring" (trained,
    not looked at yet) or "measured".
    """

    point: SweepPoint
    plan: plans.Point
    training: Training | None
    state: str

    @property
    def active(self) -> bool:
        return self.state in (MEASURING, *Training.ACTIVE)

    @property
    def spoilt(self) -> str:
        """Why a case could not be measured that another time may be; else empty."""
        told = (one.get("reason", "") for one in self.point.results.values())
        return next((reason for reason in told if reason not in ("", LEARNED)), "")


def training_key(training: Training) -> str:
    """The same for trainings of one cohort that end in the same weights."""
    return _key(
        training.network,
        training.settings,
        training.recipe,
        training.loss,
        training.seed,
        training.conditions,
    )


def point_key(point: SweepPoint, plan: plans.Point) -> str:
    sweep = point.sweep
    return _key(
        plan.network,
        sweep.settings,
        sweep.recipe,
        sweep.loss,
        point.seed,
        plan.conditions,
    )


def _key(*parts: object) -> str:
    return json.dumps(parts, sort_keys=True)


def point_plan(sweep: Sweep, level: float, seed: int, codes: list[str]) -> plans.Point:
    """codes: of the cohort's training cases."""
    return plans.point(sweep.factor, level, seed, network=sweep.network, cases=codes)


def point_rows(sweep: Sweep) -> list[PointRow]:
    """All points, level after level."""
    codes = training_codes(sweep.cohort)
    same = Twins(sweep.cohort)
    points = sweep.points.select_related("sweep", "training")
    return [_row(point, codes, same) for point in points]


def _row(point: SweepPoint, codes: list[str], same: "Twins") -> PointRow:
    plan = point_plan(point.sweep, point.level, point.seed, codes)
    training = point.training or same.of(point_key(point, plan))
    if point.results:
        state = MEASURED
    elif training is None:
        state = MISSING
    elif training.state == Training.State.DONE:
        state = MEASURING
    else:
        state = training.state
    return PointRow(point, plan, training, state)


class Twins:
    """Trainings of a cohort by what they are; of the same, that which got furthest.
    None from before its training cases became what they are: it learned from others."""

    def __init__(self, cohort: Cohort) -> None:
        rows = cohort.trainings.defer("history").order_by("pk")
        if since := _settled_at(cohort):
            rows = rows.filter(created_at__gte=since)
        self._found: dict[str, Training] = {}
        for training in rows:
            before = self._found.get(training_key(training))
            if before is None or _further(training) > _further(before):
                self._found[training_key(training)] = training

    def of(self, key: str) -> Training | None:
        return self._found.get(key)


def _settled_at(cohort: Cohort) -> datetime | None:
    """When its training cases were last divided or imported."""
    divided = Division.objects.filter(cohort=cohort).values_list("made_at", flat=True)
    series = Series.objects.filter(
        case__cohort=cohort, case__split=Case.Split.TRAINING
    ).aggregate(last=Max("imported_at"))
    return max((one for one in (*divided, series["last"]) if one), default=None)


def _further(training: Training) -> int:
    if training.result_id:
        return 3
    return 2 if training.active else int(training.state == Training.State.DONE)


def weights_of(row: PointRow) -> Any:
    """What the point's training made; where another made the same before, of that."""
    if row.training is None or row.training.state != Training.State.DONE:
        return None
    if row.training.result_id:
        return row.training.result
    key = training_key(row.training)
    alike = Training.objects.filter(
        cohort=row.training.cohort_id, data_sha256=row.training.data_sha256
    ).exclude(result=None)
    return next((one.result for one in alike if training_key(one) == key), None)


def training_codes(cohort: Cohort) -> list[str]:
    return list(
        cohort.cases.filter(split=Case.Split.TRAINING)
        .order_by("code")
        .values_list("code", flat=True)
    )


def sweeps_of(cohort: Cohort) -> QuerySet[Sweep]:
    return cohort.sweeps.select_related("requested_by").prefetch_related("points")


def found(
    sweep: Sweep, metric: str = "psnr", *, curve: bool = True
) -> findings.Findings:
    """What the points that are measured tell so far; the margin is one of PSNR."""
    points = [
        (point.level, point.seed, _values(point.results, metric))
        for point in sweep.points.all()
    ]
    plain = json.dumps((points, sweep.factor, sweep.levels, sweep.margin_db, curve))
    return _concluded(plain)


@lru_cache(maxsize=128)
def _concluded(plain: str) -> findings.Findings:
    """Once for the same points: pages look again and again."""
    points, factor, levels, margin, curve = json.loads(plain)
    measured = [findings.Measured(*point) for point in points]
    return findings.conclude(
        measured, factor=factor, levels=levels, margin=margin, curve=curve
    )


def _values(results: Mapping[str, Any], metric: str) -> dict[str, float]:
    """Of the cases that could be measured."""
    return {case: one[metric] for case, one in results.items() if metric in one}
