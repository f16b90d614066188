"""Jobs and trainings by a program: asked for, watched, cancelled, gone on with."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inference.api.training_fields import EpochFields
from inference.models import Job
from inference.services import job_run
from readerstudy.cases.models import Cohort
from tests.api.programs import Program
from tests.cast import Cast
from tests.factory import make_cohort

pytestmark = pytest.mark.django_db


@pytest.fixture
def cohort(cast: Cast) -> Cohort:
    return make_cohort(
        "Fresh", coordinators=[cast.coordinator], methods=("reference", "short")
    )


@pytest.fixture
def program(cast: Cast, cohort: Cohort) -> "OfACohort":
    return OfACohort(cohort, cast.coordinator)


@pytest.fixture
def divided(cohort: Cohort) -> Cohort:
    parts = ("training", "training", "training", "validation")
    for case, part in zip(cohort.cases.order_by("code"), parts, strict=True):
        case.split = part
        case.save()
    return cohort


class OfACohort(Program):
    """Asks of one cohort."""

    def __init__(self, cohort: Cohort, *args: Any) -> None:
        super().__init__(*args)
        self.cohort = cohort

    def generic(self, method: str, path: Any, *args: Any, **kwargs: Any) -> Any:
        whole = f"cohorts/{self.cohort.pk}/{path}"
        return super().generic(method, whole, *args, **kwargs)

    def queries(self, path: str) -> int:
        self.get(path)  # a token's last use is noted once a minute
        with CaptureQueriesContext(connection) as found:
            assert self.get(path).status_code == 200
        return len(found)


def test_a_filter_is_run_and_watched(program):
    response = program.post("jobs/", {"method": "gaussian"})
    assert response.status_code == 202
    job = response.json()
    assert (job["state"], job["done"], job["total"]) == ("queued", 0, 4)
    again = program.post("jobs/", {"method": "gaussian"}).json()
    assert again["id"] == job["id"]
    job_run(job_id=job["id"])
    done = program.get(f"jobs/{job['id']}/").json()
    assert (done["state"], done["done"]) == ("done", 4)
    assert done["images_per_second"] > 0
    assert "numpy" in done["versions"]
    assert len(done["output_sha256"]) == 64
    refused = program.post(f"jobs/{job['id']}/cancel/")
    assert refused.status_code == 409
    assert "nothing to cancel" in refused.json()["detail"]


def test_a_job_is_cancelled_and_tried_again(program):
    job = program.post("jobs/", {"method": "gaussian"}).json()["id"]
    cancelled = program.post(f"jobs/{job}/cancel/").json()
    assert (cancelled["state"], cancelled["can_retry"]) == ("cancelled", True)
    again = program.post(f"jobs/{job}/retry/")
    assert (again.status_code, again.json()["state"]) == (202, "queued")
    assert program.post(f"jobs/{job}/retry/").status_code == 409


@pytest.mark.parametrize(
    ("asked", "field"),
    [({}, "method"), ({"method": "magic"}, "method"), ({"weights": 99}, "weights")],
)
def test_what_is_no_method_is_named(program, asked, field):
    response = program.post("jobs/", asked)
    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert error == {
        "field": field,
        "detail": "Choose one of the methods in the list.",
    }
    assert not Job.objects.exists()


def test_a_network_is_run_with_weights_only(program):
    response = program.post("jobs/", {"method": "unet-l4"})
    assert response.status_code == 409
    assert response.json()["detail"] == "Choose weights of U-Net(L4)."


def test_a_job_of_another_cohort_is_not_here(cast, program):
    theirs = OfACohort(cast.cohort, cast.coordinator)
    job = theirs.post("jobs/", {"method": "gaussian"}).json()["id"]
    assert theirs.get(f"jobs/{job}/").status_code == 200
    assert program.get(f"jobs/{job}/").status_code == 404
    assert program.post(f"jobs/{job}/cancel/").status_code == 404


def test_why_a_cohort_teaches_nothing_is_told(program):
    found = program.get("learnable/").json()
    assert (found["cases"], found["training"]) == (4, 0)
    assert "is not divided yet" in found["obstacle"]
    refused = program.post("trainings/", {"network": "unet-l1"})
    assert (refused.status_code, refused.json()["detail"]) == (409, found["obstacle"])


def test_a_training_is_asked_for_stopped_and_gone_on_with(program, divided):
    assert program.get("learnable/").json()["obstacle"] == ""
    asked = {"network": "unet-l1", "recipe": "short", "seed": 5}
    response = program.post("trainings/", asked)
    assert response.status_code == 202
    training = response.json()
    assert (training["epochs"], training["loss"], training["seed"]) == (20, "l1", 5)
    same = program.post("trainings/", asked)
    assert (same.status_code, "already being trained" in same.json()["detail"]) == (
        409,
        True,
    )
    path = f"trainings/{training['id']}/"
    assert program.post(path + "stop/").json()["state"] == "cancelled"
    assert program.post(path + "stop/").status_code == 409
    assert program.post(path + "resume/").json()["state"] == "queued"
    forgotten = program.post(path + "forget/")
    assert "Stop the training first" in forgotten.json()["detail"]


def test_the_curves_of_a_training_hold_no_infinity():
    epoch = {
        "number": 1,
        "learning_rate": 1e-3,
        "training_loss": 0.2,
        "validation_psnr_db": float("inf"),
        "validation_ssim": 1.0,
        "seconds": 2.0,
    }
    told = EpochFields(epoch).data
    assert told["validation_psnr_db"] is None
    assert told["short_psnr_db"] is None
    assert told["validation_ssim"] == 1.0


@pytest.mark.parametrize(
    "asked",
    [{"network": "unet-l9"}, {"network": "gaussian"}, {"network": "onnx"}],
)
def test_what_cannot_be_trained_is_named(program, divided, asked):
    response = program.post("trainings/", asked)
    assert response.status_code == 400
    assert [one["field"] for one in response.json()["errors"]] == ["network"]


def test_recipes_are_told(cast):
    found = Program(cast.coordinator).get("recipes/").json()["results"]
    assert [one["name"] for one in found] == ["study", "quick", "short"]
    assert found[0]["epochs"] == 200


def test_more_jobs_and_trainings_are_not_more_queries(program, divided):
    program.post("jobs/", {"method": "gaussian"})
    program.post("trainings/", {"network": "unet-l1"})
    one = program.queries("jobs/"), program.queries("trainings/")
    program.post("jobs/", {"method": "bilateral"})
    program.post("trainings/", {"network": "unet-l2"})
    assert one == (program.queries("jobs/"), program.queries("trainings/"))
    assert max(one) < 8
