"""Where a job is called: where a GPU listens, and elsewhere once it does not."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from celery import Celery
from django.conf import settings
from django.utils import timezone

from inference import presence, services, tasks
from inference.claims import new_claim
from inference.models import Worker
from inference.presence import Presence
from inference.services import workers

from .conftest import dead_claim, request

pytestmark = pytest.mark.django_db
ELSEWHERE = "|".join(["elsewhere", "pid:[1]", "1", "1", "x"])


def worker(*queues: str, device: str, claim: str = ELSEWHERE) -> Worker:
    return workers.worker_register(claim=claim, queues=queues, device=device)


def silent_for(minutes: float) -> None:
    seen = timezone.now() - timedelta(minutes=minutes)
    Worker.objects.update(seen_at=seen)


@pytest.mark.parametrize(
    ("queues", "device", "minutes", "queue"),
    [
        (["gpu"], "cuda: A GPU", 0, "gpu"),
        (["cpu", "gpu"], "cuda: A GPU", 1.5, "gpu"),
        (["gpu"], "cuda: A GPU", 2.1, "cpu"),  # it has gone silent
        (["gpu"], "cpu", 0, "cpu"),  # it listens, but is no faster
        (["cpu"], "cuda: A GPU", 0, "cpu"),  # its GPU serves whom it listens to
    ],
)
def test_a_job_goes_to_a_gpu_where_one_listens(queues, device, minutes, queue):
    assert workers.queue_for_jobs() == "cpu"
    worker(*queues, device=device)
    silent_for(minutes)
    assert workers.queue_for_jobs() == queue


def test_a_gpu_s_worker_that_has_ended_is_not_waited_for():
    """Of this machine it is known at once, however lately it was seen."""
    worker("gpu", device="cuda: A GPU", claim=dead_claim())
    assert workers.queue_for_jobs() == "cpu"
    worker("gpu", device="cuda: A GPU", claim=new_claim())
    assert workers.queue_for_jobs() == "gpu"


def test_a_gpu_that_vanishes_leaves_its_jobs_to_the_others(
    cohort, monkeypatch, django_capture_on_commit_callbacks
):
    """A message is only a wake-up call: the next one goes where somebody listens."""
    called = []
    listening = {"cpu"}

    def call(args, queue):
        called.append(queue)
        if queue in listening:
            services.job_run(job_id=args[0])

    monkeypatch.setattr(tasks.run_job, "apply_async", call)
    worker("gpu", device="cuda: A GPU")
    with django_capture_on_commit_callbacks(execute=True):
        job = request(cohort)
    job.refresh_from_db()
    assert (called, job.state) == (["gpu"], "queued")
    silent_for(3)
    with django_capture_on_commit_callbacks(execute=True):
        services.jobs_recover(call_again=timedelta(0))
    job.refresh_from_db()
    assert (called, job.state) == (["gpu", "cpu"], "done")


@pytest.mark.parametrize(
    ("queues", "chosen", "queue"),
    [
        ([["cpu"], ["training"]], {}, "training"),
        ([["cpu", "training"]], {}, "training"),
        ([["cpu"]], {}, "cpu"),
        ([["cpu"], ["gpu"]], {}, "cpu"),
        ([["cpu"]], {"simulation_seed": 2026, "rescan": True}, "training"),
    ],
)
def test_what_was_sent_waits_behind_no_run_of_the_stability_suite(
    cohort, monkeypatch, django_capture_on_commit_callbacks, queues, chosen, queue
):
    called = []
    monkeypatch.setattr(
        tasks.run_stability, "apply_async", lambda args, queue: called.append(queue)
    )
    for number, told in enumerate(queues):
        worker(*told, device="cpu", claim=f"{ELSEWHERE}{number}")
    with django_capture_on_commit_callbacks(execute=True):
        services.stability_request(cohort=cohort, method="short", chosen=chosen)
    assert called == [queue]


@pytest.mark.parametrize(
    ("device", "told", "listens"),
    [
        ("cpu", None, {"cpu", "training"}),
        ("cuda: A GPU", None, {"cpu", "gpu", "training"}),
        ("cpu", "gpu", {"gpu"}),
        ("cuda: A GPU", "cpu", {"cpu"}),
    ],
)
def test_a_worker_listens_to_what_it_is_told_or_to_all_that_it_can_do(
    monkeypatch, device, told, listens
):
    """As Celery does it: the worker's start is told first, then -Q is obeyed."""
    app = Celery(set_as_current=False)
    app.conf.task_queues = settings.CELERY_TASK_QUEUES
    app.conf.task_default_queue = settings.CELERY_TASK_DEFAULT_QUEUE
    monkeypatch.setattr(presence, "this_device", lambda: device)
    presence.choose_queues(SimpleNamespace(app=app), {"queues": told})
    app.amqp.queues.select(told)
    assert set(app.amqp.queues.consume_from) == listens


def test_a_worker_says_that_it_lives_and_is_there_again_where_it_was_forgotten():
    ours = Presence(["cpu"], "cpu")
    ours.say()
    row = Worker.objects.get()
    assert (row.queues, row.device) == (["cpu"], "cpu")
    silent_for(1)
    ours.say()
    assert timezone.now() - Worker.objects.get().seen_at < timedelta(minutes=1)
    Worker.objects.all().delete()
    ours.say()
    assert Worker.objects.get().claim == ours.claim
    ours.end()
    assert not Worker.objects.exists()


def test_who_died_without_a_word_is_forgotten():
    worker("cpu", device="cpu", claim=dead_claim())
    living = worker("cpu", device="cpu", claim=new_claim())
    elsewhere = worker("gpu", device="cpu")
    services.workers_forget()
    assert set(Worker.objects.all()) == {living, elsewhere}
    Worker.objects.filter(pk=elsewhere.pk).update(
        seen_at=timezone.now() - timedelta(hours=2)
    )
    services.workers_forget()
    assert set(Worker.objects.all()) == {living}
