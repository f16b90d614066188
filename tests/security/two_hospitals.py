"""Two coordinators who share a server and nothing else, each with one of everything."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.urls import get_resolver, reverse
from django.utils import timezone

from inference.models import Job, StabilityRun, Sweep, Training
from inference.services import job_request, stability_request, training_request
from readerstudy.cases.models import (
    Case,
    Cohort,
    Rendition,
    Stability,
    Upload,
    UploadFile,
)
from readerstudy.reading import services
from readerstudy.reading.models import Read, Study
from tests.cast import make_user, reader_membership
from tests.factory import make_cohort, make_study
from tests.test_leaks import routes

# whose object `pk` is, where it is not a cohort's, by the path of the address
KINDS = (
    ("uploads/", Upload),
    ("cohorts/pacs/", Upload),
    ("cohorts/previews/", Rendition),
)
# what an address names besides, the same everywhere
ANYBODYS: dict[str, object] = {
    "study_uid": "1.2.3",
    "name": "kappa",
    "form": "csv",
    "role": "short",
    "arm": "short",
    "method": "short",
    "reference": 0,
    "short": 1,
    "index": 2,
    "slice_index": 2,
    "number": 1,
    "provider_id": "none",
    "lut": "cool",
    "app_label": "auth",
}
# every coordinator's: weights, and what lies in the inbox; accounts' own addresses
SHARED = ("networks/", "accounts/", "account/", "admin/", "tokens/", "login", "logout")


@dataclass(frozen=True)
class Hospital:
    """Everything that belongs to one coordinator, and nobody else may see."""

    coordinator: User
    statistician: User
    reader: User
    cohort: Cohort
    study: Study
    upload: Upload
    file: UploadFile
    job: Job
    training: Training
    run: StabilityRun
    sweep: Sweep
    read: Read

    @property
    def case(self) -> Case:
        case = self.cohort.cases.order_by("code").first()
        assert case is not None
        return case


def make_hospital(name: str) -> Hospital:
    coordinator = make_user(f"{name}-coordinator", coordinator=True)
    statistician, reader = (
        make_user(f"{name}-statistician"),
        make_user(f"{name}-reader"),
    )
    cohort = make_cohort(f"Cohort of {name}", coordinators=[coordinator])
    study = make_study(
        cohort,
        slug=f"{name}-study",
        coordinator=coordinator,
        readers=[reader],
        statistician=statistician,
    )
    services.read_next(reader=reader_membership(study, reader))
    parts = ("training", "training", "training", "validation")
    for case, part in zip(cohort.cases.order_by("code"), parts, strict=True):
        case.split = part
        case.save()
    upload = Upload.objects.create(
        name=f"Upload of {name}", uploaded_by=coordinator, folder=name
    )
    Stability.objects.create(
        cohort=cohort, method="short", suite="of tests", made_at=timezone.now()
    )
    return Hospital(
        coordinator=coordinator,
        statistician=statistician,
        reader=reader,
        cohort=cohort,
        study=study,
        upload=upload,
        file=UploadFile.objects.create(upload=upload, size=10, sealed_name=b""),
        job=job_request(cohort=cohort, method="gaussian", user=coordinator),
        training=training_request(
            cohort=cohort, network="unet-l1", recipe="short", user=coordinator
        ),
        run=stability_request(cohort=cohort, method="gaussian", user=coordinator),
        sweep=Sweep.objects.create(
            cohort=cohort,
            title=f"Sweep of {name}",
            factor=Sweep.Factor.DEPTH,
            levels=[1, 2],
            seeds=[1],
            network="unet-l1",
            recipe={},
            loss="l1",
            margin_db=0.3,
        ),
        read=Read.objects.get(reader__study=study, first_shown_at__isnull=False),
    )


def addresses(theirs: Hospital, own: Hospital) -> Iterator[tuple[str, str]]:
    """Every address that names something of theirs, alone or beside one's own."""
    for name, path, arguments in routes_with_paths():
        if not arguments or is_shared(path):
            continue
        choices = [_values(one, path, theirs, own) for one in arguments]
        for values in itertools.product(*choices):
            if any(is_theirs for _, is_theirs in values):
                given = dict(zip(arguments, (v for v, _ in values), strict=True))
                yield name, reverse(name, kwargs=given)


def own_addresses(own: Hospital) -> Iterator[tuple[str, str]]:
    """Every address but the accounts', for what is one's own."""
    for name, path, arguments in routes_with_paths():
        if name not in ("login", "logout", "set_language") and "admin/" not in path:
            given = {one: _of(one, path, own) for one in arguments}
            yield name, reverse(name, kwargs=given)


def is_shared(path: str) -> bool:
    return any(f"/{part}" in f"/{path}" for part in SHARED)


def routes_with_paths() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for name, arguments in routes():
        resolver, path = get_resolver(), ""
        for part in name.split(":")[:-1]:
            prefix, resolver = resolver.namespace_dict[part]
            path += prefix
        patterns = resolver.reverse_dict.getlist(name.rpartition(":")[2])
        yield name, path + patterns[0][0][0][0], arguments


def _values(
    argument: str, path: str, theirs: Hospital, own: Hospital
) -> Sequence[tuple[object, bool]]:
    """What to put for an argument, and whether that is theirs."""
    value = _of(argument, path, own)
    if argument in ANYBODYS or argument in ("code", "case"):
        return [(value, False)]
    return [(_of(argument, path, theirs), True), (value, False)]


def _of(argument: str, path: str, hospital: Hospital) -> object:
    if argument in ANYBODYS:
        return ANYBODYS[argument]
    if argument in ("pk", "cohort_pk"):
        return _named_by_pk(path, hospital).pk
    return {
        "slug": hospital.study.slug,
        "code": hospital.case.code,
        "case": hospital.case.code,
        "job_pk": hospital.job.pk,
        "training_pk": hospital.training.pk,
        "run_pk": hospital.run.pk,
        "sweep_pk": hospital.sweep.pk,
        "token": hospital.file.token if "files/" in path else hospital.read.token,
    }[argument]


def _named_by_pk(path: str, hospital: Hospital) -> Upload | Rendition | Cohort:
    kind = next((model for part, model in KINDS if part in path), Cohort)
    if kind is Upload:
        return hospital.upload
    if kind is Rendition:
        rendition = Rendition.objects.filter(case=hospital.case).first()
        assert rendition is not None
        return rendition
    return hospital.cohort
