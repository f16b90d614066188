"""A small cohort with a reference and a short image of every case, and weights."""

from pathlib import Path

import numpy as np
import pytest
from django.contrib.auth.models import Group, User

from inference import registry, services
from inference.claims import new_claim
from inference.models import Job, Weights
from inference.networks.weights import WeightsCard, write_weights
from readerstudy.cases.models import Case, Cohort, Rendition
from readerstudy.cases.services import rendition_save


def make_cohort(name: str = "Phantoms", *, cases: int = 3) -> Cohort:
    cohort = Cohort.objects.create(name=name, simulated=True)
    rng = np.random.default_rng(cases)
    for number in range(1, cases + 1):
        case = Case.objects.create(
            cohort=cohort,
            code=f"C{number:03}",
            patient_digest=f"{name}-{number}",
            central_slice=30,
        )
        for method, noise in (("reference", 0.02), ("short", 0.1)):
            values = np.clip(0.4 + noise * rng.standard_normal((5, 64, 64)), 0, None)
            rendition_save(
                case=case,
                method=method,
                values=values.astype(np.float32),
                provenance={"made_by": "tests"},
            )
    return cohort


def weights_content(
    folder: Path, *, network: str = "unet-l1", seed: int = 1, **changes: object
) -> bytes:
    """A file of random weights that fit `network`."""
    from inference.networks.building import parameter_shapes  # needs torch

    spec = registry.METHODS[network]
    configuration = dict(spec.settings)
    shapes = parameter_shapes(spec.family, configuration)
    rng = np.random.default_rng(seed)
    parameters = {
        name: rng.normal(0, 0.1, shape).astype(np.float32)
        for name, shape in shapes.items()
    }
    card = {
        "network": network,
        "title": f"Random {network}",
        "configuration": configuration,
        "preprocessing": {"input": "8 bits / 255"},
        "data": {"description": "no data", "sha256": "0" * 64},
        "recipe": {"name": "none"},
        "loss": "mse",
        "seed": seed,
        "versions": {},
        "results": {},
    }
    path = folder / f"{network}-{seed}.safetensors"
    write_weights(
        path, card=WeightsCard.from_json({**card, **changes}), parameters=parameters
    )
    return path.read_bytes()


def dead_claim() -> str:
    """Of a process of this machine that has ended."""
    return "|".join([*new_claim().split("|")[:2], "999999999", "1", "x"])


@pytest.fixture
def coordinator(db) -> User:
    user = User.objects.create_user("carol", password="correct horse")
    user.groups.add(Group.objects.get(name="coordinators"))
    return user


@pytest.fixture
def cohort(coordinator) -> Cohort:
    cohort = make_cohort()
    cohort.coordinators.add(coordinator)
    return cohort


@pytest.fixture
def weights(db, tmp_path) -> Weights:
    return services.weights_add(
        content=weights_content(tmp_path),
        name="random.safetensors",
        origin=Weights.Origin.SHIPPED,
    )


def request(cohort: Cohort, method: str = "gaussian", **more: object) -> Job:
    return services.job_request(cohort=cohort, method=method, **more)


def run(job: Job) -> Job:
    services.job_run(job_id=job.pk)
    job.refresh_from_db()
    return job


def made(cohort: Cohort, method: str = "gaussian") -> dict[str, str]:
    """SHA-256 of the image of every case that has one."""
    rows = Rendition.objects.filter(case__cohort=cohort, method=method)
    return dict(rows.values_list("case__code", "sha256"))


@pytest.fixture
def own_storage(tmp_path, settings):
    """A disk of the test's own."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.VAR_DIR = tmp_path / "var"


@pytest.fixture
def tried(monkeypatch):
    """Every network passes its probe; what was asked is kept."""
    from .uploads import SEEN

    asked = []

    def probe(file, *, cache, **more):
        asked.append(file)
        return SEEN

    monkeypatch.setattr("inference.services.weights.runtime.probe", probe)
    return asked
