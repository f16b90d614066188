"""Sweeps as rows: asked for, stopped, taken up again, measured.

A sweep is trainings like any other, one a level and seed, and what each reaches. Its
state is that of its points; nothing else is kept.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from inference import registry
from inference.cohort_pairs import refuse_unlearnable, split_pairs
from inference.computing import UNEXPECTED
from inference.learned import Known
from inference.models import Sweep, SweepPoint, Training
from inference.recipes import RECIPES, Recipe, of_epochs
from inference.selectors import weights_file
from inference.sweep_rows import (
    LEARNED,
    MEASURING,
    PointRow,
    Twins,
    point_key,
    point_plan,
    point_rows,
    training_codes,
    weights_of,
)
from inference.sweeps import plans
from readerstudy.audit.services import event_record
from readerstudy.cases.learning import Learned
from readerstudy.cases.models import Case, Cohort
from readerstudy.cases.selectors import digests_of
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop

from .runs import DATABASE_TROUBLES, ENDED_EARLY
from .training import (
    check_training,
    trainable,
    training_enter,
    training_resume,
    training_stop,
)

logger = logging.getLogger(__name__)
SPLITS = (Case.Split.VALIDATION, Case.Split.TEST)
FEWEST_MEASURED = 2  # cases; of one nothing can be said
MOST_EPOCHS = 1000
MOST_MARGIN_DB = 10.0
GONE = gettext_noop("The weights that this training made are no longer there.")
NO_CASES = gettext_noop("No case is left to measure it on.")


def sweep_request(
    *,
    cohort: Cohort,
    factor: str,
    levels: Sequence[float],
    seeds: Sequence[int],
    network: str = "unet-l4",
    recipe: str = "short",
    epochs: int | None = None,
    loss: str = "l1",
    split: str = Case.Split.VALIDATION,
    margin_db: float = 0.3,
    title: str = "",
    user: User | None = None,
    call: bool = True,
) -> Sweep:
    """Ask for one training a level and seed, and for what each reaches on `split`.

    call: wake workers; False where the caller runs them at once.
    """
    refuse_unlearnable(cohort)
    codes = training_codes(cohort)
    plans.check(factor, levels=levels, seeds=seeds, network=network, cases=len(codes))
    for seed in seeds:
        check_training(recipe=recipe, loss=loss, seed=seed)
    _check(cohort, split=split, margin_db=margin_db, epochs=epochs)
    chosen = RECIPES[recipe]
    with transaction.atomic():
        Cohort.objects.select_for_update().get(pk=cohort.pk)
        sweep = Sweep.objects.create(
            cohort=cohort,
            requested_by=user,
            title=title.strip()[:100] or _title(factor, network),
            factor=factor,
            levels=sorted(levels),
            seeds=sorted(seeds),
            network=network,
            recipe=(of_epochs(chosen, epochs) if epochs else chosen).to_json(),
            loss=loss,
            split=split,
            margin_db=margin_db,
        )
        for seed in sweep.seeds:
            for level in sweep.levels:
                sweep.points.create(level=level, seed=seed)
        _enter(sweep, user=user, call=call)
        sweep_record("sweep.request", sweep, user)
    return sweep


def _title(factor: str, network: str) -> str:
    words = {value: str(label) for value, label in Sweep.Factor.choices}
    method = registry.METHODS.get(network)
    return f"{method.title if method else network}: {words[factor]}"


def _check(cohort: Cohort, *, split: str, margin_db: float, epochs: int | None) -> None:
    if split not in SPLITS:
        raise Refused(_("Cases to measure on: choose validation or test cases."))
    count = cohort.cases.filter(split=split).count()
    if count < FEWEST_MEASURED:
        raise Refused(
            _(
                "Cases to measure on: there are %(count)d, and %(least)d at least are "
                "needed."
            )
            % {"count": count, "least": FEWEST_MEASURED}
        )
    if not 0 < margin_db <= MOST_MARGIN_DB:
        raise Refused(
            _("Margin: it lies above 0 and at most at %(most)g dB.")
            % {"most": MOST_MARGIN_DB}
        )
    if epochs is not None and not 1 <= epochs <= MOST_EPOCHS:
        raise Refused(_("Epochs: they lie from 1 to %(most)d.") % {"most": MOST_EPOCHS})


def _enter(sweep: Sweep, *, user: User | None, call: bool) -> int:
    """A training for every point that nothing stands for; how many. Seed after seed,
    so that the whole range is there early."""
    codes, same = training_codes(sweep.cohort), Twins(sweep.cohort)
    entered = 0
    points = sweep.points.filter(training=None, results={})
    for point in points.select_related("sweep").order_by("seed", "level"):
        plan = point_plan(sweep, point.level, point.seed, codes)
        twin = same.of(point_key(point, plan))
        if twin and twin.state not in ENDED_EARLY:
            continue
        training = training_enter(
            cohort=sweep.cohort,
            spec=trainable(plan.network),
            recipe=Recipe.from_json(sweep.recipe),
            loss=sweep.loss,
            seed=point.seed,
            title=f"{sweep.title[:70]}: {point.level:g}, seed {point.seed}",
            conditions=plan.conditions,
            user=user,
            call=call,
        )
        SweepPoint.objects.filter(pk=point.pk).update(training=training)
        entered += 1
    return entered


@transaction.atomic
def sweep_stop(*, sweep: Sweep, by: User | None = None) -> None:
    """Stop every training of it that is not done; what was learned is kept."""
    active = sweep.points.filter(training__state__in=Training.ACTIVE)
    points = list(active.select_related("training"))
    if not points:
        raise Refused(
            _("Nothing of this sweep is under way, so nothing can be stopped.")
        )
    for point in points:
        assert point.training is not None
        training_stop(training=point.training, by=by)
    sweep_record("sweep.stop", sweep, by)


@transaction.atomic
def sweep_restart(*, sweep: Sweep, by: User | None = None, call: bool = True) -> None:
    """Go on with what was stopped or failed, each from its last checkpoint; ask anew
    for what is missing; measure again what could not be measured."""
    refuse_unlearnable(sweep.cohort)
    rows, same = point_rows(sweep), Twins(sweep.cohort)
    ended = [row for row in rows if row.point.training_id and row.state in ENDED_EARLY]
    for row in ended:
        twin = same.of(point_key(row.point, row.plan))
        if twin and twin.state not in ENDED_EARLY:  # another sweep asked for it since
            SweepPoint.objects.filter(pk=row.point.pk).update(training=None)
        elif row.training:
            training_resume(training=row.training, by=by, call=call)
    spoilt = [row.point.pk for row in rows if row.spoilt]
    SweepPoint.objects.filter(pk__in=spoilt).update(results={})
    entered = _enter(sweep, user=by, call=call)
    if not (ended or spoilt or entered):
        raise Refused(_("Nothing of this sweep was stopped or failed."))
    sweep_record("sweep.restart", sweep, by)


def sweep_points_measure(*, training_id: int | None = None) -> int:
    """Measure every point whose training is done, in a worker: it takes torch. Safe to
    call at any time. Of one training, or of all; how many were measured."""
    points = SweepPoint.objects.filter(results={})
    if training_id is not None:
        training = Training.objects.filter(pk=training_id).first()
        if training is None:
            return 0
        points = points.filter(sweep__cohort=training.cohort_id)
    measured = 0
    for sweep in Sweep.objects.filter(pk__in=points.values("sweep")):
        for row in point_rows(sweep):
            if row.state == MEASURING:
                _measure(row)
                measured += 1
    return measured


def _measure(row: PointRow) -> None:
    """A case that cannot be measured has its reason in place of numbers."""
    point = row.point
    try:
        results: dict[str, Any] = _results(row)
    except Refused as refusal:
        results = _without_numbers(point, str(refusal))
    except DATABASE_TROUBLES:  # they pass, and it is looked at again
        raise
    except Exception:  # those that wait behind it are measured all the same
        logger.exception("point %s of sweep %s", point.pk, point.sweep_id)
        results = _without_numbers(point, UNEXPECTED)
    SweepPoint.objects.filter(pk=point.pk, results={}).update(results=results)


def _without_numbers(point: SweepPoint, reason: str) -> dict[str, Any]:
    """Never empty: that would be taken for a point that nobody has looked at yet."""
    cases = point.sweep.cohort.cases.filter(split=point.sweep.split)
    codes = list(cases.values_list("code", flat=True))
    return {code: {"reason": reason} for code in codes or [""]}


def _results(row: PointRow) -> dict[str, Any]:
    # only here, in a worker: torch takes seconds to load and memory to keep
    from inference.prediction import THREADS, load_network, threads
    from inference.sweep_measuring import measured

    weights = weights_of(row)
    if weights is None:
        raise Refused(GONE)
    file = weights_file(weights)
    sweep = row.point.sweep
    if not sweep.cohort.cases.filter(split=sweep.split).exists():
        raise Refused(NO_CASES)
    codes, pairs = split_pairs(sweep.cohort, sweep.split, row.plan.conditions)
    channels = file.card.configuration["in_channels"]
    with threads(THREADS):
        found = measured(load_network(file), pairs, codes, in_channels=channels)
    return {**found, **_learned(sweep, weights.card)}


def _learned(sweep: Sweep, card: Mapping[str, Any]) -> dict[str, Any]:
    """Those of its cases that the weights know: the cohort was divided anew since."""
    known, cases = Known(card), list(sweep.cohort.cases.all())
    ids = digests_of(cases)
    owed = {Learned.TRAINING}
    if sweep.split == Case.Split.TEST:
        owed.add(Learned.VALIDATION)
    return {
        case.code: {"reason": LEARNED}
        for case in cases
        if case.split == sweep.split and known.learned(*ids[case.pk]) in owed
    }


def sweeps_recover() -> int:
    """Have points measured that are trained and were left so by a worker that ended;
    how many there are."""
    from inference import tasks

    due = sum(
        row.state == MEASURING
        for sweep in Sweep.objects.filter(points__results={}).distinct()
        for row in point_rows(sweep)
    )
    if due:
        tasks.measure_sweeps.apply_async(
            queue=settings.TRAINING_QUEUE, expires=tasks.SWEEP_SECONDS
        )
    return due


def sweep_record(action: str, sweep: Sweep, by: User | None) -> None:
    event_record(
        action=action,
        actor=by,
        subject=("cohort", sweep.cohort.name),
        after={
            "sweep": sweep.pk,
            "factor": sweep.factor,
            "levels": ", ".join(f"{level:g}" for level in sweep.levels),
            "seeds": sweep.seeds,
            "network": sweep.network,
            "recipe": sweep.recipe["name"],
            "epochs": sweep.recipe["epochs"],
            "loss": sweep.loss,
            "split": sweep.split,
            "margin_db": f"{sweep.margin_db:g}",
        },
    )
