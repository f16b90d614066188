"""A network trained here becomes an arm, but reads none of those it learned from."""

from hashlib import sha256

import pytest

from inference import services
from readerstudy.cases.models import Cohort
from readerstudy.imaging.errors import Refused
from readerstudy.reading import services as reading
from readerstudy.reading.models import Study
from readerstudy.reading.preflight.checks import preflight
from tests.cast import make_user
from tests.factory import make_cohort, make_study

from .learners import ask, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def learned(db) -> tuple[Cohort, str]:
    """A cohort whose every case has an image by the network that learned from it."""
    coordinator = make_user("the-coordinator", coordinator=True)
    cohort = make_cohort(
        cases_wanted=8, coordinators=[coordinator], methods=("reference", "short")
    )
    for first, part in (("C001", "training"), ("C004", "validation"), ("C005", "test")):
        cohort.cases.filter(code__gte=first).update(split=part)
    for case in cohort.cases.all():
        case.patient_digest = sha256(case.code.encode()).hexdigest()
        case.save()
    training = run(ask(cohort, user=coordinator))
    job = services.job_request(
        cohort=cohort, method="unet-l1", weights=training.result, user=coordinator
    )
    services.job_run(job_id=job.pk)
    job.refresh_from_db()
    assert job.state == "done", (job.message, job.failures)
    return cohort, job.rendition_method


def study_of(cohort: Cohort, method: str, **settings: object) -> Study:
    return make_study(
        cohort,
        coordinator=cohort.coordinators.get(),
        readers=[make_user("the-reader")],
        methods=("reference", "short", method),
        repeated="",
        opened=False,
        **settings,
    )


def test_its_own_training_and_validation_cases_are_not_read_in_its_arm(learned):
    study = study_of(*learned)
    found = " ".join(finding.message for finding in preflight(study))
    assert "learned from the patients of" in found
    for code in ("C001", "C002", "C003", "C004"):
        assert code in found
    for code in ("C005", "C006", "C007", "C008"):
        assert code not in found
    with pytest.raises(Refused, match="C001"):
        reading.study_open(study=study, by=learned[0].coordinators.get())


def test_a_study_of_the_test_cases_opens_with_it_as_an_arm(learned):
    study = study_of(*learned, case_split="test")
    assert preflight(study) == []
    coordinator = learned[0].coordinators.get()
    assert reading.study_open(study=study, by=coordinator).state == "open"
