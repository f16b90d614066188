"""Trainings as rows: requested, stopped, gone on with, put back.

Running is `training_running.py`.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.fields.files import FieldFile
from django.utils import timezone
from django.utils.translation import gettext as _

from inference import registry
from inference.cohort_pairs import refuse_unlearnable
from inference.living import is_ending
from inference.models import Training
from inference.recipes import LOSS_NAMES, RECIPES, Recipe
from inference.sweep_rows import training_key
from readerstudy.audit.services import event_record
from readerstudy.cases.models import Cohort
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop

from .runs import CALL_AGAIN, ENDED_EARLY, run_retry, runs_recover
from .workers import gpu_listens

GAVE_UP = gettext_noop(
    "Its worker died %(attempts)s times at this training, the last time after "
    "%(done)s of %(total)s epochs; perhaps memory was short. The log of the worker may "
    "say more."
)
# A worker says that it lives after a batch; a large network's validation takes longer.
LEASE = timedelta(minutes=15)
HIGHEST_SEED = 2**63 - 1
CALLED_AT_ONCE = 16
# An image's floating-point operations: ten times those of the largest other network
# would take a processor weeks, with a checkpoint of gigabytes a minute.
GFLOP_WITHOUT_GPU = 10.0


def training_request(
    *,
    cohort: Cohort,
    network: str,
    recipe: str = "study",
    loss: str = "l1",
    seed: int = 1,
    title: str = "",
    user: User | None = None,
    call: bool = True,
) -> Training:
    """Ask that `network` be trained on the cohort's training and validation cases.

    call: wake a worker; False where the caller runs it at once.
    """
    spec = trainable(network)
    check_training(recipe=recipe, loss=loss, seed=seed)
    refuse_unlearnable(cohort)
    with transaction.atomic():
        training = training_enter(
            cohort=cohort,
            spec=spec,
            recipe=RECIPES[recipe],
            loss=loss,
            seed=seed,
            title=title,
            user=user,
            call=call,
        )
        training_record("training.request", training, user)
    return training


def training_enter(
    *,
    cohort: Cohort,
    spec: registry.MethodSpec,
    recipe: Recipe,
    loss: str,
    seed: int,
    title: str = "",
    conditions: Mapping[str, Any] | None = None,
    user: User | None = None,
    call: bool = True,
) -> Training:
    """The row alone, of what is checked already; within a transaction."""
    # whoever asks for the same waits here, and then sees this row
    Cohort.objects.select_for_update().get(pk=cohort.pk)
    training = Training(
        cohort=cohort,
        network=spec.key,
        title=title.strip()[:100],
        recipe=recipe.to_json(),
        loss=loss,
        seed=seed,
        conditions=dict(conditions or {}),
        epochs=recipe.epochs,
        requested_by=user,
        called_at=timezone.now(),
    )
    _refuse_same(training)
    training.save(force_insert=True)
    if call:
        _call(training)
    return training


def trainable(network: str) -> registry.MethodSpec:
    spec = registry.network_get(network)
    if spec.unavailable_reason:
        raise Refused(
            _("%(method)s cannot run here: %(reason)s")
            % {"method": _(spec.title), "reason": _(spec.unavailable_reason)}
        )
    if not spec.can_be_trained:
        raise Refused(
            _("%(method)s was brought as a file and cannot be trained here.")
            % {"method": _(spec.title)}
        )
    if (spec.gflop or 0) > GFLOP_WITHOUT_GPU and not gpu_listens(
        settings.TRAINING_QUEUE
    ):
        raise Refused(
            _(
                "%(method)s is too large to be trained without a GPU, and no worker "
                "with one listens for trainings."
            )
            % {"method": _(spec.title)}
        )
    return spec


def check_training(*, recipe: str, loss: str, seed: int) -> None:
    if recipe not in RECIPES:
        raise Refused(
            _("There is no recipe “%(recipe)s”; there are %(recipes)s.")
            % {"recipe": recipe, "recipes": ", ".join(RECIPES)}
        )
    if loss not in LOSS_NAMES:
        raise Refused(
            _("There is no loss “%(loss)s”; there are %(losses)s.")
            % {"loss": loss, "losses": ", ".join(LOSS_NAMES)}
        )
    if not 0 <= seed <= HIGHEST_SEED:
        raise Refused(
            _("The seed is a whole number from 0 to %(most)d.") % {"most": HIGHEST_SEED}
        )


def _refuse_same(wanted: Training) -> None:
    same = Training.objects.filter(
        cohort=wanted.cohort_id,
        network=wanted.network,
        loss=wanted.loss,
        seed=wanted.seed,
        state__in=Training.ACTIVE,
    )
    if any(training_key(one) == training_key(wanted) for one in same):
        spec = registry.network_get(wanted.network)
        raise Refused(
            _(
                "%(network)s is already being trained on this cohort with the same "
                "recipe, loss and seed."
            )
            % {"network": spec.title}
        )


@transaction.atomic
def training_stop(*, training: Training, by: User | None = None) -> None:
    """Stop it after its current batch; what it has learned is kept to go on from.

    The claim stays with the worker, who may still lay its last checkpoint down.
    """
    stopped = Training.objects.filter(pk=training.pk, state__in=Training.ACTIVE).update(
        state=Training.State.CANCELLED, finished_at=timezone.now()
    )
    if not stopped:
        raise Refused(_("This training has already ended; there is nothing to stop."))
    training_record("training.stop", training, by)


@transaction.atomic
def training_resume(
    *, training: Training, by: User | None = None, call: bool = True
) -> None:
    """Go on from the last checkpoint, or from the start where there is none."""
    Cohort.objects.select_for_update().get(pk=training.cohort_id)
    trainable(training.network)
    refuse_unlearnable(training.cohort)
    held = Training.objects.get(pk=training.pk)
    if is_ending(held):
        raise Refused(
            _("Its worker is still keeping what it has learned; try again in a moment.")
        )
    if held.state in ENDED_EARLY:
        _refuse_same(training)
    if not run_retry(training, claimed_by=""):
        raise Refused(_("Only a training that was stopped or failed can go on."))
    if call:
        _call(training)
    training_record("training.resume", training, by)


@transaction.atomic
def training_forget(*, training: Training, by: User | None = None) -> None:
    """Delete the checkpoint of a training that has ended; its row and curves stay."""
    held = Training.objects.select_for_update().get(pk=training.pk)
    if held.active:
        raise Refused(_("Stop the training first; it needs its checkpoint."))
    if not held.checkpoint:
        raise Refused(_("This training has no checkpoint any more."))
    file_delete(held.checkpoint)
    Training.objects.filter(pk=training.pk).update(checkpoint="")
    training_record("training.forget", training, by)


def file_delete(file: FieldFile) -> None:
    """Once what no longer points at it is committed."""
    storage, name = file.storage, str(file.name)
    transaction.on_commit(lambda: storage.delete(name), robust=True)


def trainings_recover(*, call_again: timedelta = CALL_AGAIN) -> int:
    """Put back what dead workers held and call waiting trainings; how many were put
    back. Each goes on from its last checkpoint.

    Of many that wait only the first are called again: a sweep's would fill the queue.
    """
    waiting = Training.objects.filter(state=Training.State.QUEUED).order_by("pk")
    patient = list(waiting.values_list("pk", flat=True)[CALLED_AT_ONCE:])
    return runs_recover(
        Training.objects.exclude(pk__in=patient, state=Training.State.QUEUED),
        call=_call,
        gave_up=_gave_up,
        call_again=call_again,
        lease=LEASE,
    )


def _gave_up(training: Training) -> str:
    return GAVE_UP % {
        "attempts": training.attempts,
        "done": training.epochs_done,
        "total": training.epochs,
    }


def _call(training: Training) -> None:
    """Wake a worker once the row is on disk; the sweep calls again if need be."""
    from inference import tasks

    def call() -> None:  # a partial would break the logging of its own failure
        tasks.run_training.apply_async(
            args=(training.pk,), queue=settings.TRAINING_QUEUE
        )

    transaction.on_commit(call, robust=True)


def training_record(
    action: str, training: Training, by: User | None, **more: Any
) -> None:
    event_record(
        action=action,
        actor=by,
        subject=("cohort", training.cohort.name),
        after={
            "training": training.pk,
            "network": training.network,
            "recipe": training.recipe["name"],
            "loss": training.loss,
            "seed": training.seed,
            **more,
        },
    )
