"""The demo is made once, may be interrupted at any step, and gives nothing away."""

import stat
from pathlib import Path

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User

from inference.cohort_pairs import refuse_unlearnable
from inference.models import Job, StabilityRun
from readerstudy.cases.digests import patient_digest
from readerstudy.cases.models import Cohort
from readerstudy.demo import services
from readerstudy.imaging.errors import Refused
from readerstudy.reading.models import Membership, Read, Study
from readerstudy.simulation.patient import Patient, draw_patient
from tests.factory import make_cohort
from tests.stability import save_stability

pytestmark = pytest.mark.django_db


@pytest.fixture
def logins(tmp_path: Path) -> Path:
    path = tmp_path / "new" / "demo-logins.txt"
    services.accounts_create(logins=path)
    return path


@pytest.fixture
def cohort(logins: Path) -> Cohort:
    coordinator = User.objects.get(username="coordinator")
    return make_cohort(
        services.COHORT,
        cases_wanted=9,
        coordinators=[coordinator],
        methods=tuple(METHODS),
    )


METHODS = {code: code for code in services.ARM_TITLES}


def test_every_line_of_the_logins_opens_an_account(logins: Path) -> None:
    lines = [line.split() for line in logins.read_text().splitlines()]
    assert [role for role, _, _ in lines] == ["coordinator", "statistician"] + 3 * [
        "reader"
    ]
    assert all(authenticate(username=n, password=p) for _, n, p in lines)
    assert len({password for _, _, password in lines}) == len(lines)
    assert stat.S_IMODE(logins.stat().st_mode) == 0o600


def test_nobody_can_log_in_as_a_simulated_reader(logins: Path) -> None:
    for name in services.SIMULATED_READERS:
        user = User.objects.get(username=name)
        assert not user.is_active
        assert not user.has_usable_password()


def test_making_the_accounts_again_keeps_the_passwords(logins: Path) -> None:
    before = logins.read_text()
    services.accounts_create(logins=logins)
    assert logins.read_text() == before
    assert User.objects.count() == 5 + len(services.SIMULATED_READERS)


def test_both_studies_are_open_once_and_made_again_never(cohort: Cohort) -> None:
    for _ in range(2):
        for demo in services.STUDIES:
            services.study_create(demo=demo, cohort=cohort, methods=METHODS)
    assert set(Study.objects.values_list("slug", "state")) == {
        ("demo", "open"),
        ("demo-simulated", "open"),
    }
    reads = Read.objects.filter(reader__study__slug="demo")
    assert reads.count() == 3 * 9 * (8 + 1)
    assert set(reads.filter(repeat=1).values_list("arm__code", flat=True)) == {
        services.REPEATED
    }


def test_both_studies_have_a_plan_and_ask_for_guesses(cohort: Cohort) -> None:
    for demo in services.STUDIES:
        study = services.study_create(demo=demo, cohort=cohort, methods=METHODS)
        assert study.protocol["analysis"] == {
            "primary_arm": "unet-l4",
            "control_arm": "short",
            "margin": "0.1",
            "weights": "quadratic",
            "interval": "clustered-delta",
            "image_metrics": ["psnr-255", "ssim-255", "ssim-1"],
            "standard": "own",
            "stability_limits": {},
            "given": [],
        }
        assert study.protocol["guesses"] == {"when": "after-grade", "percent": 10}
        assert study.protocol["conduct"]["asks_conditions"]


def simulated_patients(cohort: Cohort) -> dict[str, Patient]:
    """Give the cohort's cases the patients that the demo simulates."""
    patients = {}
    for index, case in enumerate(cohort.cases.order_by("pk")):
        patient = draw_patient(seed=services.SEED, index=index)
        case.patient_digest = patient_digest(patient.patient_id)
        case.save()
        patients[case.code] = patient
    return patients


def test_people_train_on_cases_that_they_do_not_read(logins: Path) -> None:
    coordinator = User.objects.get(username="coordinator")
    methods = tuple(METHODS)
    cohort = make_cohort(
        services.COHORT, cases_wanted=12, coordinators=[coordinator], methods=methods
    )
    patients = simulated_patients(cohort)
    people, simulated = (
        services.study_create(demo=demo, cohort=cohort, methods=METHODS)
        for demo in services.STUDIES
    )
    items = list(people.training.all())
    assert len(items) == 3 * 2
    for item in items:
        truth = patients[item.case.code]
        sides = {side: truth.side(side).grade for side in ("right", "left")}
        assert item.key == {"grade": sides}
    grades = {grade for item in items for grade in item.key["grade"].values()}
    assert grades == {1, 2, 3, 4}
    trained = {item.case_id for item in items}
    read = Read.objects.filter(reader__study=people).values_list("case", flat=True)
    assert len(set(read)) == 9
    assert not trained & set(read)
    assert not simulated.training.exists()


def test_a_network_can_be_trained_on_the_cohort_that_the_studies_read(
    logins: Path,
) -> None:
    undivided = make_cohort(
        services.COHORT,
        cases_wanted=9,
        coordinators=[User.objects.get(username="coordinator")],
        methods=tuple(METHODS),
    )
    undivided.cases.update(split="")
    for _ in range(2):  # interrupted, and made again
        cohort = services.cohort_create(
            folder=Path(), number=9, progress=lambda *_: None
        )
        for demo in services.STUDIES:
            services.study_create(demo=demo, cohort=cohort, methods=METHODS)
    refuse_unlearnable(cohort)
    assert cohort.frozen_at
    assert Read.objects.filter(reader__study__slug="demo").count() == 3 * 9 * (8 + 1)
    assert cohort.cases.filter(split="training").count() == 7


def test_a_small_cohort_has_no_cases_to_spare_for_training(cohort: Cohort) -> None:
    for demo in services.STUDIES:
        study = services.study_create(demo=demo, cohort=cohort, methods=METHODS)
        assert not study.training.exists()


def test_people_and_simulated_readers_are_in_different_studies(cohort: Cohort) -> None:
    for demo in services.STUDIES:
        services.study_create(demo=demo, cohort=cohort, methods=METHODS)
    readers = Membership.objects.filter(role="reader")
    simulated = readers.filter(user__username__in=services.SIMULATED_READERS)
    assert set(simulated.values_list("study__slug", flat=True)) == {"demo-simulated"}


def test_an_arm_that_cannot_be_made_is_named(
    cohort: Cohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "METHODS", ("gaussian",))

    def fail(**choice: object) -> Job:
        return Job.objects.create(
            cohort=cohort,
            method="gaussian",
            rendition_method="gaussian",
            state=Job.State.FAILED,
            message="The disk is full.",
            finished_at=cohort.created_at,
        )

    monkeypatch.setattr(services.inference, "job_request", fail)
    with pytest.raises(Refused, match="gaussian: The disk is full"):
        services.arms_make(cohort=cohort, progress=lambda *_: None)


def test_every_arm_is_looked_at_by_the_suite_once_the_studies_are_open(
    cohort: Cohort,
) -> None:
    made = {code: method for code, method in METHODS.items() if code != "unet-l4"}
    services.stability_ask(cohort=cohort, methods=made)
    asked = StabilityRun.objects.order_by("pk")
    assert [one.rendition_method for one in asked] == [
        method for method in made.values() if method != "reference"
    ]
    assert {one.settings["simulation_seed"] for one in asked} == {services.SEED}
    StabilityRun.objects.all().delete()
    save_stability(cohort, "short")  # what is known already is not asked for again
    services.stability_ask(cohort=cohort, methods={"short": "short"})
    assert not StabilityRun.objects.exists()
