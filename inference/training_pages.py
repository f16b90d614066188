"""What the pages of trainings are given."""

import statistics
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from readerstudy.cases.models import Cohort

from . import registry
from .curves import Curve, curve
from .living import is_ending
from .models import Training

# so many of the last epochs say how long the next will take
RECENT_EPOCHS = 5


@dataclass(frozen=True)
class TrainingRow:
    """A training as a line of a table and as the head of its page.

    ending: it was stopped, and its worker is about to keep what was learned.
    """

    training: Training
    ending: bool
    title: str
    network: str
    best_psnr_db: float | None
    best_epoch: int | None
    learning_rate: str
    versions: str  # of what it runs with, and the number of threads
    time_left: str  # empty where it is not known
    time_taken: str


@dataclass(frozen=True)
class Curves:
    loss: Curve | None
    psnr: Curve | None
    ssim: Curve | None
    short_psnr_db: float | None
    short_ssim: float | None


def training_rows(cohort: Cohort) -> list[TrainingRow]:
    """The newest first; those of sweeps have a page of theirs."""
    alone = cohort.trainings.filter(sweep_point=None)
    trainings = alone.select_related("requested_by", "result")
    return [training_row(training) for training in trainings]


def training_row(training: Training) -> TrainingRow:
    spec = registry.METHODS.get(training.network)
    network = spec.title if spec else training.network
    best = max(
        (epoch for epoch in training.history if epoch["validation_psnr_db"]),
        key=lambda epoch: epoch["validation_psnr_db"],
        default=None,
    )
    last = training.history[-1] if training.history else None
    return TrainingRow(
        training=training,
        ending=is_ending(training),
        title=training.title or network,
        network=network,
        best_psnr_db=best and best["validation_psnr_db"],
        best_epoch=best and best["number"],
        learning_rate=f"{last['learning_rate']:.2g}" if last else "",
        versions=", ".join(
            f"{name} {value}" for name, value in training.versions.items()
        ),
        time_left=_time_left(training),
        time_taken=_time_taken(training),
    )


def _time_left(training: Training) -> str:
    recent = [epoch["seconds"] for epoch in training.history[-RECENT_EPOCHS:]]
    if training.state != Training.State.RUNNING or not recent:
        return ""
    left = training.epochs - training.epochs_done
    return duration(left * statistics.mean(recent))


def _time_taken(training: Training) -> str:
    """Spent on epochs, whatever pauses were between them."""
    spent = sum(epoch["seconds"] for epoch in training.history)
    return duration(spent) if training.history else ""


def duration(seconds: float) -> str:
    """In the words of who reads it, to about a tenth."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return _("less than a minute")
    if minutes < 60:
        words = ngettext("%(minutes)d minute", "%(minutes)d minutes", minutes)
        return words % {"minutes": minutes}
    hours, minutes = divmod(minutes, 60)
    return _("%(hours)d h %(minutes)02d min") % {"hours": hours, "minutes": minutes}


def curves(training: Training) -> Curves:
    first: dict[str, Any] = training.history[0] if training.history else {}
    short_psnr_db, short_ssim = first.get("short_psnr_db"), first.get("short_ssim")

    def drawn(name: str, **more: Any) -> Curve | None:
        values = [(epoch["number"], epoch[name]) for epoch in training.history]
        return curve(values, epochs=training.epochs, **more)

    return Curves(
        loss=drawn("training_loss", logarithmic=True),
        psnr=drawn("validation_psnr_db", level=short_psnr_db),
        ssim=drawn("validation_ssim", level=short_ssim),
        short_psnr_db=short_psnr_db,
        short_ssim=short_ssim,
    )
