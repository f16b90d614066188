"""The coordinator's pages for jobs, and who never sees them."""

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse

from inference import services
from inference.models import Job, Weights

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def pages(client, coordinator):
    client.force_login(coordinator)
    return client


def address(name, cohort, *more):
    return reverse(f"inference:{name}", args=[cohort.pk, *more])


def test_a_coordinator_chooses_a_method_and_sees_the_job(pages, cohort, weights):
    page = pages.get(address("job-list", cohort)).content.decode()
    assert "Gaussian filter" in page
    assert "U-Net(L1): Random unet-l1" in page
    assert "Nothing has been run" in page
    response = pages.post(
        address("job-request", cohort), {"method": f"weights-{weights.pk}"}, follow=True
    )
    page = response.content.decode()
    assert "waiting for a worker" in page
    assert "0 / 3" in page
    job = Job.objects.get()
    assert (job.weights, job.requested_by.username) == (weights, "carol")


def test_weights_whose_title_begins_with_their_network_are_not_called_it_twice(
    pages, cohort, weights
):
    Weights.objects.filter(pk=weights.pk).update(title="U-Net(L1), of our own")
    page = pages.get(address("job-list", cohort)).content.decode()
    assert f">U-Net(L1), of our own ({weights.sha256[:12]})</option>" in page


def test_the_fragment_is_polled_only_while_something_is_going_on(pages, cohort):
    job = services.job_request(cohort=cohort, method="gaussian")
    fragment = pages.get(address("job-list", cohort), headers=HTMX).content.decode()
    assert 'hx-trigger="every 1s"' in fragment
    assert "<html" not in fragment
    services.job_run(job_id=job.pk)
    fragment = pages.get(address("job-list", cohort), headers=HTMX).content.decode()
    assert "hx-trigger" not in fragment
    assert "3 / 3" in fragment


def test_failures_are_shown_by_case_and_can_be_tried_again(pages, cohort):
    cohort.cases.get(code="C002").renditions.get(method="short").delete()
    job = services.job_request(cohort=cohort, method="gaussian")
    services.job_run(job_id=job.pk)
    page = pages.get(address("job-list", cohort)).content.decode()
    assert "1 of 3 cases failed." in page
    assert "C002: It has no image of the short scan." in page
    pages.post(address("job-retry", cohort, job.pk))
    job.refresh_from_db()
    assert job.state == "queued"
    pages.post(address("job-cancel", cohort, job.pk))
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_what_cannot_be_done_is_said_on_the_page(pages, cohort):
    response = pages.post(address("job-request", cohort), {"method": "x"}, follow=True)
    assert "Choose one of the methods" in response.content.decode()
    job = services.job_request(cohort=cohort, method="gaussian")
    response = pages.post(address("job-retry", cohort, job.pk), follow=True)
    assert "Only a job that failed" in response.content.decode()


@pytest.mark.parametrize("member", [False, True])
def test_another_cohorts_coordinator_and_a_stranger_find_nothing(
    client, cohort, member
):
    job = services.job_request(cohort=cohort, method="gaussian")
    other = User.objects.create_user("other")
    if member:
        other.groups.add(Group.objects.get(name="coordinators"))
    client.force_login(other)
    assert client.get(address("job-list", cohort)).status_code == 404
    for name, more in (("request", []), ("cancel", [job.pk]), ("retry", [job.pk])):
        response = client.post(
            address(f"job-{name}", cohort, *more), {"method": "gaussian"}
        )
        assert response.status_code == 404
    job.refresh_from_db()
    assert job.state == "queued"


def test_a_job_is_reached_only_through_its_own_cohort(pages, cohort, coordinator):
    from .conftest import make_cohort

    elsewhere = make_cohort("Elsewhere", cases=1)
    job = services.job_request(cohort=elsewhere, method="gaussian")
    assert pages.post(address("job-cancel", cohort, job.pk)).status_code == 404
