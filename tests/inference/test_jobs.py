"""Jobs: asked for, claimed, cancelled and tried again."""

import pytest
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from inference import computing, filters, services
from inference.claims import new_claim
from inference.models import Job
from readerstudy.cases.models import Case, Cohort, Rendition
from readerstudy.cases.selectors import rendition_values
from readerstudy.cases.services import rendition_save
from readerstudy.imaging.errors import Refused

from .conftest import made, make_cohort, request, run

pytestmark = pytest.mark.django_db


def test_a_job_may_be_run_twice_without_harm(cohort):
    job = run(request(cohort))
    before = list(Rendition.objects.order_by("pk").values())
    run(job)
    run(request(cohort))
    assert list(Rendition.objects.order_by("pk").values()) == before


def test_asking_twice_for_the_same_gives_the_job_that_is_waiting(cohort):
    assert request(cohort) == request(cohort)
    assert request(cohort, "bilateral") != request(cohort)
    assert Job.objects.count() == 2


def test_the_database_itself_allows_one_active_job_per_method(cohort):
    job = request(cohort)
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.create(
            cohort=cohort, method="gaussian", rendition_method=job.rendition_method
        )


def test_a_worker_is_called_only_after_the_row_is_on_disk(
    cohort, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks() as callbacks:
        job = request(cohort)
    assert len(callbacks) == 1
    callbacks[0]()  # tasks run in place in tests
    job.refresh_from_db()
    assert job.state == "done"


@pytest.mark.parametrize(
    ("method", "with_weights", "words"),
    [
        ("magic", False, "no method 'magic'"),
        ("unet-l1", False, r"Choose weights of U-Net\(L1\)"),
        ("unet-l4", True, r"Choose weights of U-Net\(L4\)"),
        ("gaussian", True, "takes no weights"),
    ],
)
def test_what_cannot_be_run_is_refused(cohort, weights, method, with_weights, words):
    with pytest.raises(Refused, match=words):
        request(cohort, method, weights=weights if with_weights else None)
    assert not Job.objects.exists()


def test_an_empty_cohort_is_refused(db):
    with pytest.raises(Refused, match="has no cases"):
        request(make_cohort("Empty", cases=0))


def test_only_one_of_two_workers_gets_the_job(cohort):
    job = request(cohort)
    first = services.job_claim(job_id=job.pk, claim=new_claim())
    assert first
    assert services.job_claim(job_id=job.pk, claim=new_claim()) is None
    assert first.attempts == 1


def test_a_failed_job_does_only_what_is_missing_when_tried_again(cohort):
    case = cohort.cases.get(code="C002")
    short = case.renditions.get(method="short")
    values = rendition_values(short)
    short.delete()
    job = run(request(cohort))
    before = made(cohort)
    rendition_save(case=case, method="short", values=values, provenance={})
    services.job_retry(job=job)
    job = run(job)
    assert (job.state, job.done, job.failures) == ("done", 3, {})
    assert made(cohort).items() > before.items()


def test_only_an_ended_job_is_tried_again_and_only_an_active_one_cancelled(cohort):
    job = request(cohort)
    with pytest.raises(Refused, match="failed or was cancelled"):
        services.job_retry(job=job)
    services.job_cancel(job=job)
    assert run(job).state == "cancelled"
    with pytest.raises(Refused, match="nothing to cancel"):
        services.job_cancel(job=job)
    request(cohort)  # the same again
    with pytest.raises(Refused, match="already waiting or running"):
        services.job_retry(job=job)


def test_a_cancelled_job_stops_before_its_next_cases(cohort, monkeypatch):
    monkeypatch.setattr(computing, "MOST", 1)
    job = request(cohort)
    computed = 0

    def cancel_meanwhile(images, **parameters):
        nonlocal computed
        computed += 1
        if computed == 2:
            services.job_cancel(job=job)
        return filters.gaussian(images, **parameters)

    monkeypatch.setitem(filters.FILTERS, "gaussian", cancel_meanwhile)
    assert run(job).state == "cancelled"
    assert len(made(cohort)) == 1


def test_a_worker_that_lost_its_job_writes_nothing_more_to_it(cohort, monkeypatch):
    job = request(cohort)

    def lose_it(images, **parameters):
        Job.objects.filter(pk=job.pk).update(claimed_by="somebody else", done=77)
        return filters.gaussian(images, **parameters)

    monkeypatch.setitem(filters.FILTERS, "gaussian", lose_it)
    job = run(job)
    assert (job.state, job.claimed_by, job.done) == ("running", "somebody else", 77)


def test_a_worker_that_lost_its_job_does_not_end_it_either(cohort, monkeypatch):
    job = request(cohort)

    def lose_it(spec):
        Job.objects.filter(pk=job.pk).update(claimed_by="somebody else")
        raise Refused("It cannot be run.")

    monkeypatch.setattr(computing, "open_filter", lose_it)
    job = run(job)
    assert (job.state, job.claimed_by) == ("running", "somebody else")
    assert job.message == ""


def test_the_cohort_is_locked_before_anything_of_its_cases(cohort, monkeypatch):
    """As all others do it that change cases: else two wait for each other for ever."""
    locked = []

    def remember(queryset, *args, **kwargs):
        locked.append(queryset.model)
        return lock(queryset, *args, **kwargs)

    lock = QuerySet.select_for_update
    monkeypatch.setattr(QuerySet, "select_for_update", remember)
    assert run(request(cohort)).state == "done"
    assert locked[0] is Cohort
    assert Case not in locked
