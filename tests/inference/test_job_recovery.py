"""Dead workers, lost messages, a broker that is down: no job is lost."""

from datetime import timedelta

import pytest
from django.db.models import Value
from django.db.models.functions import Concat
from django.utils import timezone

from inference import computing, filters, services
from inference.claims import new_claim
from inference.models import Job
from inference.services import running

from .conftest import make_cohort, request, run

pytestmark = pytest.mark.django_db


DEAD = "|".join(["elsewhere", "pid:[1]", "1", "1", "x"])


def running_job(cohort, *, claim: str, silent_for: timedelta) -> Job:
    job = request(cohort)
    services.job_claim(job_id=job.pk, claim=claim)
    Job.objects.filter(pk=job.pk).update(heartbeat_at=timezone.now() - silent_for)
    job.refresh_from_db()
    return job


def test_the_job_of_a_worker_that_died_here_is_put_back_at_once(cohort):
    import subprocess
    import sys

    claim = subprocess.run(
        [
            sys.executable,
            "-c",
            "from inference.claims import new_claim as n;print(n())",
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    job = running_job(cohort, claim=claim, silent_for=timedelta(0))
    assert services.jobs_recover() == 1
    job.refresh_from_db()
    assert (job.state, job.claimed_by) == ("queued", "")
    assert run(job).state == "done"


def test_the_job_of_a_living_worker_is_left_alone(cohort):
    running_job(cohort, claim=new_claim(), silent_for=timedelta(seconds=100))
    assert services.jobs_recover() == 0


def test_a_worker_elsewhere_is_given_its_lease_and_no_more(cohort):
    job = running_job(cohort, claim=DEAD, silent_for=timedelta(seconds=100))
    assert services.jobs_recover() == 0
    late = timezone.now() - services.runs.LEASE - timedelta(seconds=1)
    Job.objects.filter(pk=job.pk).update(heartbeat_at=late)
    assert services.jobs_recover() == 1


def test_a_job_that_keeps_killing_its_worker_is_given_up_with_the_reason(cohort):
    job = request(cohort)
    for _ in range(services.runs.MAX_ATTEMPTS):
        assert services.job_claim(job_id=job.pk, claim=DEAD)
        Job.objects.filter(pk=job.pk).update(
            heartbeat_at=timezone.now() - timedelta(hours=1)
        )
        services.jobs_recover()
    job.refresh_from_db()
    assert job.state == "failed"
    assert "died 3 times" in job.message
    services.job_retry(job=job)
    assert run(job).state == "done"


def test_a_long_job_outlives_any_number_of_stops_as_long_as_it_gets_further(
    cohort, monkeypatch
):
    monkeypatch.setattr(computing, "MOST", 1)
    job = request(cohort)
    stops = services.runs.MAX_ATTEMPTS + 2
    cases = make_cohort("Long", cases=stops + 1).cases.all()
    cases.update(cohort=cohort, code=Concat(Value("L"), "code"))
    computed = 0

    def stopped_at_every_second(images, **parameters):
        nonlocal computed
        computed += 1
        if computed % 2 == 0:
            raise KeyboardInterrupt
        return filters.gaussian(images, **parameters)

    monkeypatch.setitem(filters.FILTERS, "gaussian", stopped_at_every_second)
    for _ in range(stops):
        with pytest.raises(KeyboardInterrupt):
            services.job_run(job_id=job.pk)
        Job.objects.filter(pk=job.pk).update(
            heartbeat_at=timezone.now() - timedelta(hours=1)
        )
        services.jobs_recover()
        job.refresh_from_db()
        assert job.state == "queued"
    monkeypatch.setitem(filters.FILTERS, "gaussian", filters.gaussian)
    job = run(job)
    assert (job.state, job.done) == ("done", 3 + stops + 1)


@pytest.mark.parametrize(("times", "state"), [(1, "done"), (9, "failed")])
def test_what_fails_unexpectedly_is_tried_again_so_often_and_no_more(
    cohort, monkeypatch, times, state
):
    left = times

    def disk_full(**more):
        nonlocal left
        left -= 1
        if left >= 0:
            raise OSError("no space left")
        return save(**more)

    save = running.cases_services.renditions_save
    monkeypatch.setattr(running.cases_services, "renditions_save", disk_full)
    job = request(cohort)
    for attempt in range(1, services.runs.MAX_ATTEMPTS + 1):
        job = run(job)
        assert job.attempts == attempt or job.state == "done"
        if job.state != "queued":
            break
    assert job.state == state
    assert job.message == (running.UNEXPECTED if state == "failed" else "")
    assert not job.claimed_by


def test_a_waiting_job_whose_message_was_lost_is_called_again(
    cohort, django_capture_on_commit_callbacks
):
    job = request(cohort)  # its message is never delivered
    with django_capture_on_commit_callbacks() as callbacks:
        services.jobs_recover()
    assert not callbacks, "it was called only a moment ago"
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        services.jobs_recover(call_again=timedelta(0))
    assert len(callbacks) == 1
    job.refresh_from_db()
    assert job.state == "done"


def test_a_message_for_a_job_that_is_gone_is_no_error(cohort):
    job = request(cohort)
    pk = job.pk
    job.delete()
    services.job_run(job_id=pk)


def test_a_broker_that_is_down_loses_no_job(
    cohort, monkeypatch, django_capture_on_commit_callbacks
):
    from inference import tasks

    def unreachable(*args, **kwargs):
        raise ConnectionError("no broker")

    monkeypatch.setattr(tasks.run_job, "apply_async", unreachable)
    with django_capture_on_commit_callbacks(execute=True):
        job = request(cohort)
    job.refresh_from_db()
    assert job.state == "queued"
