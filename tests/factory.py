"""Small real objects for tests: cohorts of noise-free discs, studies of two arms.

Everything goes through the services, so a test never meets a state that the
program itself could not reach.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from django.contrib.auth.models import User
from django.db import transaction

from readerstudy.cases import services as cases
from readerstudy.cases.models import Case, Cohort, Rendition, Series
from readerstudy.cases.storage.stored_files import npy_bytes, save_file
from readerstudy.imaging.study_types import IMAGE_TO_IMAGE
from readerstudy.reading import services as reading
from readerstudy.reading.models import Membership, Study
from readerstudy.reading.services.settings import TrainingChoice

METHODS = ("reference", "short", "gaussian")


def training_set(*images: tuple[str, str, int, int]) -> list[TrainingChoice]:
    """Of (case code, method, key on the patient's right, on the left)."""
    return [
        TrainingChoice(case, method, {"grade": {"right": right, "left": left}})
        for case, method, right, left in images
    ]


# one case of make_cohort's, out of the study then
TRAINING = training_set(
    ("C001", "reference", 4, 4), ("C001", "short", 3, 1), ("C001", "gaussian", 1, 2)
)


def stack(*, seed: int, noise: float = 0.05) -> np.ndarray:
    """Two bright discs on a dim head, (5, 64, 64) float32 within [0, 1]."""
    rng = np.random.default_rng(seed)
    row, column = np.mgrid[:64, :64]
    head = 0.2 * (((row - 32) / 28) ** 2 + ((column - 32) / 22) ** 2 < 1)
    image = np.asarray(head, dtype=np.float64)
    for centre in (25, 39):
        strength = rng.uniform(0.3, 0.8)
        image += strength * np.exp(-((row - 29) ** 2 + (column - centre) ** 2) / 12)
    noisy = image[None] * (1 + noise * rng.standard_normal((5, 64, 64)))
    noisy = np.clip(noisy, 0, None)
    return (noisy / noisy.max(axis=(1, 2), keepdims=True)).astype(np.float32)


@transaction.atomic
def make_cohort(
    name: str = "Phantoms",
    *,
    cases_wanted: int = 4,
    coordinators: Iterable[User] = (),
    methods: Sequence[str] = METHODS,
    code: str = "C{:03}",
) -> Cohort:
    """A cohort with every method's rendition of every case."""
    cohort = Cohort.objects.create(name=name, simulated=True)
    cohort.coordinators.set(coordinators)
    for number in range(1, cases_wanted + 1):
        case = Case.objects.create(
            cohort=cohort,
            code=code.format(number),
            patient_digest=f"{name}-{number}",
            central_slice=30,
        )
        for role, share in (("reference", 5.0), ("short", 1.0)):
            Series.objects.create(
                case=case,
                role=role,
                counts=f"series/{case.pk}-{role}.npy",
                slices=60,
                rows=128,
                columns=128,
                slice_spacing_mm=3.29,
                row_spacing_mm=3.29,
                column_spacing_mm=3.29,
                duration_s=300 * share,
                total_counts=1e6 * share,
                instance_digest=f"{name}-{number}-{role}",
            )
        for index, method in enumerate(methods):
            cases.rendition_save(
                case=case,
                method=method,
                values=stack(seed=number, noise=0.02 + 0.1 * (index > 0)),
                provenance={"made by": "tests"},
            )
    return cohort


STACK = (6, 96, 80)  # slices, rows, columns


def head_of(*, seed: int, noise: float, shape: Sequence[int] = STACK) -> np.ndarray:
    """A head in HU, int16 (slices, rows, columns): skull, brain, and a bright dot on
    the patient's left in the upper half of the stack."""
    rng = np.random.default_rng(seed)
    slices, rows, columns = shape
    row, column = np.mgrid[:rows, :columns].astype(float)
    row, column = (row + 0.5) / rows * 2 - 1, (column + 0.5) / columns * 2 - 1
    values = np.full(tuple(shape), -1000.0)
    for index in range(slices):
        size = 0.85 - 0.3 * abs(index / max(slices - 1, 1) - 0.5)
        radius = np.hypot(row / size, column / (0.85 * size))
        values[index][radius < 1] = 900
        values[index][radius < 0.88] = 30
        values[index][np.hypot(row + 0.1, column) < 0.15] = 5
        if index >= slices // 2:
            values[index][np.hypot(row - 0.2, column - 0.3) < 0.08] = 70
    noisy = values + noise * rng.standard_normal(tuple(shape))
    return np.rint(np.clip(noisy, -1024, 3071)).astype(np.int16)


@transaction.atomic
def make_stack_cohort(
    name: str = "Heads",
    *,
    cases_wanted: int = 4,
    coordinators: Iterable[User] = (),
    methods: Sequence[str] = METHODS,
    shapes: Sequence[Sequence[int]] = (STACK,),
    image: Callable[[int, int, Sequence[int]], np.ndarray] | None = None,
    code: str = "H{:03}",
) -> Cohort:
    """An image-to-image cohort in HU: whole stacks, in turn of these shapes.

    image: draws the stack of a case's number and a method's place, instead of a head.

    The first method has int16 values, as an import; the others float32, as networks.
    """
    cohort = Cohort.objects.create(name=name, simulated=True, study_type=IMAGE_TO_IMAGE)
    cohort.coordinators.set(coordinators)
    for number in range(1, cases_wanted + 1):
        shape = shapes[(number - 1) % len(shapes)]
        case = Case.objects.create(
            cohort=cohort,
            code=code.format(number),
            patient_digest=f"{name}-{number}",
            central_slice=shape[0] // 2,
        )
        for role in ("reference", "short"):
            _head_series(case, role, shape)
        for index, method in enumerate(methods):
            values = (image or head_image)(number, index, shape)
            _stack_rendition(case, method, index, values)
    return cohort


def _head_series(case: Case, role: str, shape: Sequence[int]) -> None:
    Series.objects.create(
        case=case,
        role=role,
        counts=f"series/{case.pk}-{role}.npy",
        slices=shape[0],
        rows=shape[1],
        columns=shape[2],
        slice_spacing_mm=5,
        row_spacing_mm=2.5,
        column_spacing_mm=2.5,
        modality="CT",
        unit="HU",
        total_counts=0,
        instance_digest=f"{case.patient_digest}-{role}",
    )


def head_image(number: int, index: int, shape: Sequence[int]) -> np.ndarray:
    return head_of(seed=number, noise=4 + 4 * index, shape=shape)


def _stack_rendition(case: Case, method: str, index: int, values: np.ndarray) -> None:
    content = npy_bytes(values.astype(np.float32 if index else np.int16))
    _storage, stored = save_file(Rendition, "values", content)
    Rendition.objects.create(
        case=case,
        method=method,
        values=stored,
        sha256=hashlib.sha256(content).hexdigest(),
        provenance={"made by": "tests"},
    )


def statistician_of(slug: str) -> User:
    """A statistician for a study that needs one only in order to open."""
    return User.objects.get_or_create(username=f"statistician-of-{slug}")[0]


def make_study(
    cohort: Cohort,
    *,
    coordinator: User,
    readers: Sequence[User],
    slug: str = "phantom-study",
    methods: Sequence[str] = METHODS,
    repeated: str = "gaussian",
    sessions: int = 2,
    statistician: User | None = None,
    opened: bool = True,
    **settings: object,
) -> Study:
    """A study of the cohort's methods as arms, with `statistician` or a new one.

    Nothing stands between a reader and the next read, so tests can go on: no
    washout, no viewing conditions, sessions that end with their last answer;
    `settings` of services.study_create change that.
    """
    plain = {
        "title": "Phantoms, read blinded",
        "washout_days": 0,
        "asks_conditions": False,
        "answer_changes": "never",
    }
    study = reading.study_create(
        slug=slug,
        cohort=cohort,
        coordinator=coordinator,
        sessions=sessions,
        spacing=1,
        **{**plain, **settings},
    )
    for method in methods:
        reading.arm_add(
            study=study,
            method=method,
            title=f"Arm {method}",
            role="reference" if method == "reference" else "comparison",
            repeated=method == repeated,
        )
    for user in readers:
        reading.member_add(study=study, user=user, role=Membership.Role.READER)
    reading.member_add(
        study=study,
        user=statistician or statistician_of(slug),
        role=Membership.Role.STATISTICIAN,
    )
    if opened:
        reading.study_open(study=study, by=coordinator)
    study.refresh_from_db()
    return study


def unblind(study: Study) -> Study:
    """Close the study if it is open; its coordinator and statistician then agree."""
    study.refresh_from_db()
    for role in (Membership.Role.COORDINATOR, Membership.Role.STATISTICIAN):
        person = study.memberships.filter(role=role).order_by("pk")[0].user
        if study.state == Study.State.OPEN:
            reading.study_close(study=study, by=person)
        study = reading.unblinding_approve(study=study, by=person)
    return study
