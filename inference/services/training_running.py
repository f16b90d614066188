"""A training at work: from its last checkpoint to weights with their card."""

import hashlib
import logging
import math
import os
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import F

from inference import registry
from inference.claims import new_claim
from inference.cohort_pairs import CohortPairs, cohort_pairs, refuse_unlearnable
from inference.devices import kind_of, this_device
from inference.models import Training, Weights
from inference.networks.weights import Parameters, WeightsCard, write_weights
from inference.recipes import LossName, Recipe
from readerstudy.cases.storage.stored_files import save_file
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop

from .runs import (
    DATABASE_TROUBLES,
    ClaimLostError,
    run_claim,
    run_end,
    run_put_back,
    run_report,
)
from .training import file_delete, training_record
from .weights import weights_add

if TYPE_CHECKING:
    from inference.building import Built
    from inference.training import Checkpoint, Epoch, Pairs, Trained

logger = logging.getLogger(__name__)
# Sentences are kept as they stand; the page translates them.
UNEXPECTED = gettext_noop("An unexpected error, described in the worker's log.")
DATA_CHANGED = gettext_noop(
    "The images of the cohort, or which of them are learned from, are not those that "
    "this training began with, so it cannot go on. Delete its checkpoint and start it "
    "again, or ask for a new one."
)
NOT_FINITE = gettext_noop(
    "The training went astray: %(what)s. Another seed, loss or recipe may do better."
)
SAME_WEIGHTS = gettext_noop(
    "It gave, to the last bit, the weights that are here already as “%(title)s”."
)
# how often the row is asked whether to go on, and told that its worker lives
ASK_EVERY_S = 2.0


def training_run(
    *,
    training_id: int,
    should_leave: Callable[[], bool] = lambda: False,
    on_epoch: Callable[["Epoch"], None] | None = None,
) -> None:
    """Take up a waiting training and go on until it ends, is stopped, or the worker
    has to leave. Safe to call at any time: what is not waiting is left alone.

    should_leave: asked after every batch. Once it says yes, a checkpoint is laid down
        and the training waits for the next worker.
    """
    claim = new_claim()
    rows = Training.objects.select_related("cohort", "requested_by")
    training = run_claim(rows, pk=training_id, claim=claim)
    if training is None:
        return
    try:
        refuse_unlearnable(training.cohort)
        _Learner(training, claim, should_leave, on_epoch).learn()
    except ClaimLostError:
        logger.info("training %s: given up, it is no longer ours", training_id)
    except Refused as refusal:
        run_end(training, claim, Training.State.FAILED, message=str(refusal))
    except FloatingPointError as error:
        message = NOT_FINITE % {"what": error}
        run_end(training, claim, Training.State.FAILED, message=message)
    except DATABASE_TROUBLES:
        logger.exception("training %s waits for the database", training_id)
        run_put_back(training, claim, message=UNEXPECTED)
    except Exception:
        logger.exception("training %s failed", training_id)
        run_end(training, claim, Training.State.FAILED, message=UNEXPECTED)


class _Learner:
    """One attempt at one training, by the worker that holds it."""

    def __init__(
        self,
        training: Training,
        claim: str,
        should_leave: Callable[[], bool],
        on_epoch: Callable[["Epoch"], None] | None,
    ) -> None:
        self.training, self.claim = training, claim
        self.should_leave, self.tell = should_leave, on_epoch
        self.leaving = self.lost = False
        self.asked_at = 0.0  # when the row was last written to
        self.steps = 0  # done when the last checkpoint was laid down
        self.history: list[dict[str, Any]] = []
        self.before: dict[str, float] = {}

    def learn(self) -> None:
        # only here, in a worker: torch takes seconds to load and memory to keep
        from inference import building
        from inference.prediction import threads

        training = self.training
        pairs = cohort_pairs(training.cohort, training.conditions)
        self.before = _before(pairs.validation)
        resume = self._resume(pairs)
        device, versions = _place(training if resume else None)
        self._report(data_sha256=pairs.sha256, device=device, versions=versions)
        spec = registry.network_get(training.network)
        built = building.new_network(spec, training.settings, seed=training.seed)
        with threads(versions["threads"]):
            trained = self._train(built, pairs, kind_of(device), resume)
            if trained is None:
                self._stopped()
                return
            self._report()
            results = building.measured(
                built, trained.parameters, pairs.validation, epoch=trained.epoch
            )
        ran_with = {"threads": versions["threads"], "device": device}
        card = building.weights_card(
            spec,
            title=training.title or _title(training, spec),
            configuration=built.configuration,
            data=pairs.card_data(training.cohort),
            recipe={**training.recipe, **ran_with, "precision": "float32"},
            loss=training.loss,
            seed=training.seed,
            results=results,
        )
        self._finish(_file_of(card, trained.parameters))

    def _train(
        self,
        built: "Built",
        pairs: CohortPairs,
        device: str,
        resume: "Checkpoint | None",
    ) -> "Trained | None":
        """None where it was stopped before its end."""
        from inference.training import StoppedError, train

        try:
            return train(
                built.module,
                in_channels=built.in_channels,
                training=pairs.training,
                validation=pairs.validation,
                recipe=Recipe.from_json(self.training.recipe),
                loss=cast("LossName", self.training.loss),
                seed=self.training.seed,
                on_epoch=self._after_epoch,
                device=device,
                resume=resume,
                on_checkpoint=self._keep,
                checkpoint_every_s=settings.TRAINING_CHECKPOINT_SECONDS,
                should_stop=self._should_stop,
                loss_weights=self.training.conditions.get("loss_weights"),
            )
        except StoppedError:
            return None

    def _resume(self, pairs: CohortPairs) -> "Checkpoint | None":
        """Where it stood; None where it begins."""
        from inference.training import Checkpoint

        file = self.training.checkpoint
        if not file or not file.storage.exists(str(file.name)):
            return None
        if self.training.data_sha256 != pairs.sha256:
            raise Refused(DATA_CHANGED)
        with file.open("rb") as stored:
            checkpoint = Checkpoint.from_bytes(stored.read())
        self.steps = checkpoint.steps
        self.history = [self._entry(epoch) for epoch in checkpoint.history]
        return checkpoint

    def _entry(self, epoch: "Epoch") -> dict[str, Any]:
        """As it is kept in the row; the first says also what it began from."""
        began = self.before if epoch.number == 1 else {}
        return _finite({**epoch.to_json(), **began})

    def _after_epoch(self, epoch: "Epoch") -> None:
        self.history.append(self._entry(epoch))
        if self.tell:
            self.tell(epoch)

    def _should_stop(self) -> bool:
        """Asked after every batch; the row only now and then."""
        if time.monotonic() - self.asked_at >= ASK_EVERY_S:
            try:
                self._report()
            except ClaimLostError:
                self.lost = True
        self.leaving = not self.lost and self.should_leave()
        return self.lost or self.leaving

    def _report(self, **changes: Any) -> None:
        """Sign of life and progress; ClaimLostError when it is not ours any more."""
        run_report(
            self.training,
            self.claim,
            further=False,
            epochs_done=len(self.history),
            history=self.history,
            **changes,
        )
        self.asked_at = time.monotonic()

    def _keep(self, checkpoint: "Checkpoint") -> None:
        """Under a new name before the row points at it; the old one goes only once
        that is committed. Also of a training that was stopped just now."""
        storage, name = save_file(Training, "checkpoint", checkpoint.to_bytes())
        rows = Training.objects.filter(
            pk=self.training.pk,
            claimed_by=self.claim,
            state__in=(Training.State.RUNNING, Training.State.CANCELLED),
        )
        changes: dict[str, Any] = {"checkpoint": name}
        if checkpoint.steps > self.steps:  # only what got further forgives deaths
            self.steps, changes["attempts"] = checkpoint.steps, 1
        try:
            with transaction.atomic():
                held = rows.select_for_update().first()
                if held is None:  # another worker has it
                    storage.delete(name)
                    return
                rows.update(
                    epochs_done=len(self.history), history=self.history, **changes
                )
                if held.checkpoint:
                    file_delete(held.checkpoint)
        except BaseException:
            storage.delete(name)
            raise

    def _stopped(self) -> None:
        rows = Training.objects.filter(pk=self.training.pk, claimed_by=self.claim)
        rows.filter(state=Training.State.CANCELLED).update(claimed_by="")
        if self.leaving:  # no fault of the training: this attempt does not count
            rows.filter(state=Training.State.RUNNING).update(
                state=Training.State.QUEUED,
                claimed_by="",
                called_at=None,
                attempts=F("attempts") - 1,
            )

    def _finish(self, content: bytes) -> None:
        """The weights first: whoever is killed before the end finds them again."""
        training, sha256 = self.training, hashlib.sha256(content).hexdigest()
        same = Weights.objects.filter(sha256=sha256).first()
        weights = same or weights_add(
            content=content,
            name=f"{training.network}.safetensors",
            origin=Weights.Origin.TRAINED,
            user=training.requested_by,
        )
        message = ""
        if Training.objects.filter(result=weights).exists():  # the same, done before
            message = SAME_WEIGHTS % {"title": weights.title}
        with transaction.atomic():
            stored = Training.objects.get(pk=training.pk).checkpoint
            ended = run_end(
                training,
                self.claim,
                Training.State.DONE,
                message=message,
                checkpoint="",
                result=None if message else weights,
            )
            if not ended:
                raise ClaimLostError
            if stored:
                file_delete(stored)
            training_record("training.done", training, None, weights=sha256)


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    """JSON knows no infinity, which the PSNR of equal images is."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in values.items()
    }


def _before(pairs: "Pairs") -> dict[str, float]:
    """How near the short images come as they are; with range 255."""
    from inference.quality import psnr_db, ssim

    return {
        f"short_{name}": float(
            np.mean(score(pairs.short, pairs.reference, data_range=255))
        )
        for name, score in (("psnr_db", psnr_db), ("ssim", ssim))
    }


def _title(training: Training, spec: registry.MethodSpec) -> str:
    recipe = training.recipe["name"]
    title = f"{spec.title}, {recipe} recipe, {training.loss}, seed {training.seed}"
    return f"{title}, {training.cohort.name}"[:100]


def _place(before: Training | None) -> tuple[str, dict[str, Any]]:
    """Device and versions. before: what goes on keeps its number of threads, on which
    the last bits depend."""
    from importlib.metadata import version

    count = settings.TRAINING_THREADS or min(8, max(1, (os.cpu_count() or 1) // 2))
    if before:
        count = before.versions.get("threads", count)
    return this_device(), {
        "python": platform.python_version(),
        "torch": version("torch"),
        "numpy": version("numpy"),
        "threads": count,
    }


def _file_of(card: WeightsCard, parameters: Parameters) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.safetensors"
        write_weights(path, card=card, parameters=parameters)
        return path.read_bytes()
