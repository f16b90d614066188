"""What coordinators see of how jobs were run, and of who runs them."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from inference.claims import new_claim
from inference.models import Job, Worker
from inference.services import workers

from .conftest import request, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client, coordinator, cohort):
    def get(**headers: str) -> str:
        client.force_login(coordinator)
        address = reverse("inference:job-list", args=[cohort.pk])
        return client.get(address, headers=headers).content.decode()

    return get


def test_carol_sees_how_long_it_took_on_what_and_what_came_of_it(page, cohort):
    job = run(request(cohort))
    finished = job.started_at + timedelta(seconds=1.5)
    Job.objects.filter(pk=job.pk).update(finished_at=finished)
    told = page()
    assert "1.5 s" in told
    assert ">10.0<" in told  # 15 images
    assert f"scipy {job.versions['scipy']}" in told
    assert job.input_sha256 in told
    assert job.output_sha256 in told


def test_a_job_that_found_everything_done_claims_no_speed(page, cohort):
    run(request(cohort))
    Job.objects.all().delete()
    run(request(cohort))
    assert "Images per second" not in page()


def test_carol_sees_which_workers_live_and_that_none_does(page, cohort):
    request(cohort)
    fragment = page(**{"HX-Request": "true"})
    assert "No worker is running." in fragment
    workers.worker_register(claim=new_claim(), queues=["cpu"], device="cuda: A100")
    silent = workers.worker_register(
        claim="a|b|1|1|c", queues=["gpu"], device="cuda: A GPU"
    )
    Worker.objects.filter(pk=silent.pk).update(
        seen_at=timezone.now() - timedelta(minutes=3)
    )
    told = page()
    assert "cuda: A100" in told
    assert "cuda: A GPU" not in told
    assert "No worker is running." not in told
