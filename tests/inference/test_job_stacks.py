"""Jobs on image-to-image cohorts: whole stacks, in their unit."""

import numpy as np
import pytest
from django.urls import reverse

from inference import computing, filters, services
from inference.filters import gaussian
from inference.job_pages import job_row, jobs_counted
from inference.models import Job
from inference.registry import METHODS
from inference.services import running
from readerstudy.cases.selectors import rendition_get, rendition_values
from readerstudy.imaging.errors import Refused
from tests.factory import STACK, make_stack_cohort

from .conftest import request, run, weights  # noqa: F401

pytestmark = pytest.mark.django_db


@pytest.fixture
def heads(coordinator):
    return make_stack_cohort(
        cases_wanted=2, methods=("reference", "short"), shapes=(STACK, (3, 70, 130))
    )


def test_a_filter_makes_stacks_in_hounsfield_units(heads):
    job = run(request(heads))
    assert (job.state, job.done, job.message) == ("done", 2, "")
    for case in heads.cases.all():
        short = rendition_values(rendition_get(case=case, method="short"))
        made = rendition_get(case=case, method="gaussian")
        shares = (short.astype(np.float32) + 1024) / 4095
        expected = gaussian(shares, **METHODS["gaussian"].settings) * 4095 - 1024
        np.testing.assert_allclose(rendition_values(made), expected, atol=0.01)
        assert made.provenance["scale"] == [-1024, 3071]


def test_a_network_makes_stacks_of_any_size(heads, weights):  # noqa: F811
    job = run(request(heads, "unet-l1", weights=weights))
    assert (job.state, job.message) == ("done", "")
    for case in heads.cases.all():
        short = rendition_values(rendition_get(case=case, method="short"))
        made = rendition_values(rendition_get(case=case, method=job.rendition_method))
        assert made.shape == short.shape and made.dtype == np.float32
        assert made.min() >= -1024 and made.max() <= 3071


def test_a_finished_job_finds_nothing_to_do_again(heads):
    run(request(heads))
    before = {
        c.pk: rendition_get(case=c, method="gaussian").made_at
        for c in heads.cases.all()
    }
    again = run(request(heads))
    assert again.state == "done"
    after = {
        c.pk: rendition_get(case=c, method="gaussian").made_at
        for c in heads.cases.all()
    }
    assert after == before


def test_networks_are_not_trained_on_stacks(heads, coordinator):
    heads.cases.update(split="training")
    with pytest.raises(Refused, match="trained here on DaT-SPECT"):
        services.training_request(
            cohort=heads, network="unet-l1", loss="l1", recipe="short", user=coordinator
        )


def test_a_coordinator_is_told_what_the_networks_there_are_have_learned_from(
    heads, cohort, coordinator, client
):
    heads.coordinators.add(coordinator)
    client.force_login(coordinator, backend="django.contrib.auth.backends.ModelBackend")
    for one in (heads, cohort):
        page = client.get(reverse("inference:job-list", args=[one.pk]))
        told = "have learned from DaT-SPECT alone" in page.content.decode()
        assert told is (one == heads)


@pytest.fixture
def asked(monkeypatch):
    """What a filter is given, and whatever is to happen meanwhile."""
    seen = []

    def smooth(stack, **settings):
        seen.append(len(stack))
        for do in list(meanwhile):
            do()
        return stack

    meanwhile = []
    monkeypatch.setitem(filters.FILTERS, "gaussian", smooth)
    monkeypatch.setattr(computing, "TOGETHER_S", 0)
    monkeypatch.setattr(running, "SIGN_EVERY_S", -1)
    return seen, meanwhile


@pytest.fixture
def tall(coordinator):
    return make_stack_cohort(
        cases_wanted=1, methods=("reference", "short"), shapes=((24, 64, 64),)
    )


def test_a_job_cancelled_within_a_large_stack_does_not_end_it(tall, asked):
    seen, meanwhile = asked
    job = request(tall)
    meanwhile.append(lambda: services.job_cancel(job=job) if len(seen) == 2 else None)
    assert run(job).state == "cancelled"
    assert seen == [8, 8]
    assert not tall.cases.get().renditions.filter(method="gaussian").exists()


def test_a_job_within_a_large_stack_says_that_it_lives(tall, asked):
    _, meanwhile = asked
    job = request(tall)
    heard = []
    meanwhile.append(
        lambda: heard.append(Job.objects.values_list("heartbeat_at").get(pk=job.pk)[0])
    )
    run(job)
    assert len(set(heard)) == 3 and heard == sorted(heard)


def test_images_per_second_are_slices_of_whole_stacks(tall, asked):
    job = run(request(tall))
    row = job_row(jobs_counted(tall).get())
    seconds = (job.finished_at - job.started_at).total_seconds()
    assert row.images_per_second == pytest.approx(24 / seconds)


def test_tiles_of_a_large_stack_are_sent_one_by_one():
    """Each takes seconds; a sign of life and a stop wait for one, not for four."""
    large = [(number, np.zeros((120, 64, 64))) for number in range(3)]
    small = [(number, np.zeros((5, 64, 64))) for number in range(5)]
    assert [len(batch) for batch in computing._Pace(large)] == [1, 1, 1]
    assert [len(batch) for batch in computing._Pace(small)] == [4, 1]


def test_a_job_of_large_stacks_lets_others_go_first_and_comes_back(
    coordinator, asked, django_capture_on_commit_callbacks
):
    """Files that somebody sends do not wait for all of its cases."""
    seen, _ = asked
    heads = make_stack_cohort(
        cases_wanted=3, methods=("reference", "short"), shapes=((3, 64, 64),)
    )
    job = request(heads)
    for done in (1, 2):
        with django_capture_on_commit_callbacks() as calls:
            services.job_run(job_id=job.pk, seconds=0)
        job.refresh_from_db()
        assert (job.state, job.done, job.attempts) == ("queued", done, 0)
        assert len(calls) == 1  # a worker is called again
    services.job_run(job_id=job.pk, seconds=0)
    job.refresh_from_db()
    assert (job.state, job.done, job.message) == ("done", 3, "")
    assert len(job.output_sha256) == 64 and seen == [3, 3, 3]


def test_a_job_of_which_cases_fail_sees_them_to_the_end(heads, asked):
    first = heads.cases.order_by("code")[0]
    first.renditions.filter(method="short").delete()
    job = request(heads)
    services.job_run(job_id=job.pk, seconds=0)
    job.refresh_from_db()
    assert (job.state, job.done, list(job.failures)) == ("failed", 1, [first.code])
