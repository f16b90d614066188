"""A cohort that a network can learn from: small, divided, under true digests."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from unittest import mock

from inference import recipes, services
from inference.models import Training
from readerstudy.cases.models import Case, Cohort
from readerstudy.cases.plan import ParityFinding, ParityReport

from .conftest import make_cohort

TRAINING_CASES, VALIDATION_CASES, TEST_CASES = 3, 1, 2  # five images each


def make_divided(name: str = "Divided") -> Cohort:
    parts = (
        ["training"] * TRAINING_CASES
        + ["validation"] * VALIDATION_CASES
        + ["test"] * TEST_CASES
    )
    cohort = make_cohort(name, cases=len(parts))
    for case, part in zip(cohort.cases.order_by("code"), parts, strict=True):
        case.split = part
        case.patient_digest = sha256(f"{name} {case.code}".encode()).hexdigest()
        case.save()
    return cohort


def let_differ(cohort: Cohort, code: str, kind: str = "mirrored") -> Case:
    """As if the two scans of the case differed so, and nobody had said anything."""
    case = cohort.cases.get(code=code)
    found = (ParityFinding(kind, f"They differ: {kind}.", blocking=kind != "position"),)
    case.parity = ParityReport((0.0, 0.0, 0.0), 5.0, found).to_json()
    case.save()
    return case


@contextmanager
def short_recipe(epochs: int = 3) -> Iterator[None]:
    """The short recipe as it is, but of these epochs."""
    shorter = replace(recipes.SHORT_RECIPE, epochs=epochs)
    with mock.patch.dict(recipes.RECIPES, short=shorter):
        yield


def ask(cohort: Cohort, *, epochs: int = 3, **more: object) -> Training:
    wanted: dict = {"network": "unet-l1", "recipe": "short", **more}
    with short_recipe(epochs):
        return services.training_request(cohort=cohort, **wanted)


def run(training: Training, **more: object) -> Training:
    services.training_run(training_id=training.pk, **more)
    training.refresh_from_db()
    return training
