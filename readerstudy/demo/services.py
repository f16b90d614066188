"""Makes the demo once, step by step. Each step looks first whether it is done,
so a demo that was interrupted goes on where it stopped."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from django.contrib.auth.models import Group, User
from django.db import transaction

from inference import services as inference
from inference.models import Job
from readerstudy.cases import services as cases
from readerstudy.cases.models import Cohort, Division
from readerstudy.cases.splits import Sizes
from readerstudy.imaging.errors import Refused
from readerstudy.reading import services as reading
from readerstudy.reading.models import Membership, Study
from readerstudy.reading.services.settings import Settings, TrainingChoice

from .training import training_choose

COHORT = "Demo: simulated DaT-SPECT"
SEED = 2026
# the networks whose images the study had read, beside the two scans themselves
METHODS = (
    "unet-l4",
    "vnet",
    "unetpp",
    "r2unet",
    "attention-unet",
    "transunet-small",
)
REPEATED = "unet-l4"
ARM_TITLES = {
    "reference": "25 minutes",
    "short": "5 minutes",
    "unet-l4": "5 minutes, U-Net(L4)",
    "vnet": "5 minutes, V-Net",
    "unetpp": "5 minutes, U-Net++ as published",
    "r2unet": "5 minutes, R2U-Net",
    "attention-unet": "5 minutes, Attention U-Net",
    "transunet-small": "5 minutes, TransUNET (small)",
}
READERS = ("reader-a", "reader-b", "reader-c")
SIMULATED_READERS = ("simulated-a", "simulated-b", "simulated-c")
SIMULATED = "demo-simulated"
# what both studies ask and plan; people are asked their viewing conditions as well
PLAN: Settings = {
    "washout_days": 0,
    "spacing": 1,
    "guesses": Study.Guesses.AFTER_GRADE,
    "guess_percent": 10,
    "primary_arm": "unet-l4",
    "control_arm": "short",
    "kappa_margin": Decimal("0.10"),
}
POLL_SECONDS = 0.5

Progress = Callable[[str, int, int], None]  # what, how many done, of how many


@dataclass(frozen=True)
class DemoStudy:
    slug: str
    title: str
    readers: tuple[str, ...]
    trains: bool  # on cases that are then not read


STUDIES = (
    DemoStudy("demo", "Demo, to be read by you", READERS, trains=True),
    DemoStudy(SIMULATED, "Demo, simulated readers", SIMULATED_READERS, trains=False),
)


def accounts_create(*, logins: Path) -> None:
    """Make the demo's people; passwords go to `logins` before the accounts exist.

    Simulated readers get accounts that nobody can log in to.
    """
    wanted = [("coordinator", "coordinator"), ("statistician", "statistician")]
    wanted += [("reader", name) for name in READERS]
    if not logins.exists():
        lines = [f"{role} {name} {secrets.token_urlsafe(9)}\n" for role, name in wanted]
        logins.parent.mkdir(parents=True, exist_ok=True)
        partial = logins.with_suffix(".part")
        partial.touch(mode=0o600)
        partial.write_text("".join(lines))
        partial.rename(logins)
    with transaction.atomic():
        for line in logins.read_text().splitlines():
            _, name, password = line.split()
            if not User.objects.filter(username=name).exists():
                User.objects.create_user(name, password=password)
        for name in SIMULATED_READERS:
            User.objects.get_or_create(
                username=name, defaults={"password": "!", "is_active": False}
            )
        User.objects.get(username="coordinator").groups.add(
            Group.objects.get(name="coordinators")
        )


def cohort_create(*, folder: Path, number: int, progress: Progress) -> Cohort:
    """Simulate `number` patients as DICOM files, import them as anyone's and divide
    them: once the studies read them, that could not be done any more."""
    cohort = Cohort.objects.filter(name=COHORT).first()
    if cohort is None:
        cohort = _import(folder=folder, number=number, progress=progress)
    if not cohort.frozen_at and not Division.objects.filter(cohort=cohort).exists():
        fifth = cohort.cases.count() // 5
        cases.cohort_divide(
            cohort=cohort,
            sizes=Sizes(cohort.cases.count() - 2 * fifth, fifth, fifth),
            seed=str(SEED),
            by=User.objects.get(username="coordinator"),
        )
    return cohort


def _import(*, folder: Path, number: int, progress: Progress) -> Cohort:
    from readerstudy.simulation.cohort import write_cohort

    write_cohort(
        folder,
        cases=number,
        seed=SEED,
        progress=lambda done, total: progress("Simulating patients", done, total),
    )
    return cases.cohort_import(
        plan=cases.cohort_scan(folder),
        name=COHORT,
        coordinators=[User.objects.get(username="coordinator")],
        simulated=True,
        progress=lambda done, total: progress("Importing cases", done, total),
    )


def arms_make(*, cohort: Cohort, progress: Progress) -> dict[str, str]:
    """Have the worker make every arm; return method by arm code.

    Refused with the job's own message if one fails.
    """
    shipped = {weights.network: weights for weights in inference.weights_sync_shipped()}
    coordinator = User.objects.get(username="coordinator")
    jobs = [
        inference.job_request(
            cohort=cohort,
            method=method,
            weights=shipped.get(method),
            user=coordinator,
        )
        for method in METHODS
    ]
    while True:
        rows = list(Job.objects.filter(pk__in=[job.pk for job in jobs]))
        for row in rows:
            if row.state in (Job.State.FAILED, Job.State.CANCELLED):
                raise Refused(f"{row.method}: {row.message}")
        done, total = sum(r.done for r in rows), sum(r.total for r in rows)
        progress("Making arms", done, max(total, 1))
        if all(row.state == Job.State.DONE for row in rows):
            break
        time.sleep(POLL_SECONDS)
    made = {job.method: job.rendition_method for job in jobs}
    return {"reference": "reference", "short": "short", **made}


@transaction.atomic
def study_create(*, demo: DemoStudy, cohort: Cohort, methods: dict[str, str]) -> Study:
    """One open study of all arms, in as many sessions as a case has reads."""
    existing = Study.objects.filter(slug=demo.slug).first()
    if existing:
        return existing
    coordinator = User.objects.get(username="coordinator")
    sessions = len(methods) + 1
    settings: Settings = {**PLAN, "title": demo.title, "sessions": sessions}
    training: list[TrainingChoice] = []
    if demo.trains:
        training = training_choose(cohort=cohort, seed=SEED, left=sessions)
    study = reading.study_create(
        slug=demo.slug,
        cohort=cohort,
        coordinator=coordinator,
        training=training,
        **settings,
    )
    for code, method in methods.items():
        reading.arm_add(
            study=study,
            method=method,
            code=code,
            title=ARM_TITLES[code],
            role="reference" if code == "reference" else "comparison",
            repeated=code == REPEATED,
        )
    for name in demo.readers:
        reading.member_add(
            study=study,
            user=User.objects.get(username=name),
            role=Membership.Role.READER,
            simulated=name in SIMULATED_READERS,
        )
    reading.member_add(
        study=study,
        user=User.objects.get(username="statistician"),
        role=Membership.Role.STATISTICIAN,
    )
    return reading.study_open(study=study, by=coordinator)


def stability_ask(*, cohort: Cohort, methods: dict[str, str]) -> None:
    """Have the worker look at what every arm does to images, when it has nothing else
    to do; nobody waits for it."""
    for method in methods.values():
        if method == "reference" or cohort.stabilities.filter(method=method).exists():
            continue
        inference.stability_request(
            cohort=cohort,
            method=method,
            chosen={"simulation_seed": SEED},
            user=User.objects.get(username="coordinator"),
        )


def is_to_be_simulated() -> bool:
    """Not once somebody has closed the study while the demo was being made."""
    return Study.objects.filter(slug=SIMULATED, state=Study.State.OPEN).exists()
