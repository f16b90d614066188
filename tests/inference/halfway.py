"""Trainings as somebody meets them who looks in: half-way, and gone astray."""

from django.contrib.auth.models import User
from django.utils import timezone

from inference.claims import new_claim
from inference.models import Sweep, Training
from inference.recipes import SHORT_RECIPE
from inference.services import training_request
from inference.services.training_running import NOT_FINITE
from readerstudy.cases.models import Cohort
from tests.factory import make_cohort


def make_trainings(user: User) -> tuple[Training, Cohort]:
    """A network half-way through its training; before it, one that went astray."""
    cohort = make_cohort(
        "To learn from",
        cases_wanted=12,
        coordinators=[user],
        methods=("reference", "short"),
    )
    for first, part in (("C001", "training"), ("C008", "validation"), ("C010", "test")):
        cohort.cases.filter(code__gte=first).update(split=part)
    wanted = {"cohort": cohort, "user": user, "call": False}
    astray = training_request(network="r2unet", **wanted)
    Training.objects.filter(pk=astray.pk).update(
        state="failed",
        finished_at=timezone.now(),
        epochs_done=2,
        history=epochs(2),
        message=NOT_FINITE % {"what": "the training loss of epoch 3 is nan"},
    )
    learning = training_request(network="unet-l4", **wanted)
    Training.objects.filter(pk=learning.pk).update(
        state="running",
        claimed_by=new_claim(),
        heartbeat_at=timezone.now(),
        started_at=timezone.now(),
        epochs_done=120,
        history=epochs(120),
        device="cpu",
        versions={"python": "3.12", "torch": "2.13", "threads": 1},
        data_sha256="5e" * 32,
    )
    return learning, cohort


def epochs(count: int) -> list[dict[str, object]]:
    """As a training tells them that comes along well, with its ups and downs."""
    return [
        {
            "number": number,
            "of": 200,
            "learning_rate": 1e-3,
            "training_loss": 0.011 + 0.06 * 0.7**number + 0.001 * (number * 37 % 7),
            "validation_psnr_db": 34.1 - 18 * 0.8**number - 0.1 * (number * 53 % 11),
            "validation_ssim": 0.91 - 0.4 * 0.85**number - 0.002 * (number * 29 % 13),
            "seconds": 21.0,
            "short_psnr_db": 30.84,
            "short_ssim": 0.857,
        }
        for number in range(1, count + 1)
    ]


def make_sweep(cohort: Cohort, user: User) -> Sweep:
    """On the cohort of `make_trainings`; its last point is missing."""
    sweep = Sweep.objects.create(
        cohort=cohort,
        requested_by=user,
        title="How many cases are enough?",
        factor="cases",
        levels=[2, 3, 5, 7],
        seeds=[1, 2, 3],
        network="unet-l2",
        recipe=SHORT_RECIPE.to_json(),
        loss="l1",
        margin_db=0.3,
    )
    codes = list(cohort.cases.filter(split="validation").values_list("code", flat=True))
    for level in sweep.levels:
        for seed in sweep.seeds:
            mean = 33 - 3 / level + 0.02 * seed
            results = {
                code: {"psnr": mean + place, "ssim": 0.92 + 0.01 * place}
                for place, code in enumerate(codes)
            }
            sweep.points.create(level=level, seed=seed, results=results)
    sweep.points.filter(level=7, seed=3).update(results={})
    return sweep
