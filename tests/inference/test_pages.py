"""The coordinator's pages for jobs and weights, and who never sees them."""

import pytest
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from inference import services
from inference.models import Job, Weights

from .conftest import weights_content

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


def test_weights_pages_are_there_only_for_those_who_may_upload(client, coordinator):
    addresses = [reverse("inference:weights-list"), reverse("inference:weights-upload")]
    for one in addresses:
        assert client.get(one).status_code == 302  # to the login
    client.force_login(User.objects.create_user("reader"))
    for one in addresses:
        assert client.get(one).status_code == 404
    client.force_login(coordinator)
    for one in addresses:
        assert client.get(one).status_code == 200


def test_a_coordinator_uploads_weights_and_finds_them_in_the_list(pages, tmp_path):
    file = SimpleUploadedFile("ours.safetensors", weights_content(tmp_path))
    response = pages.post(
        reverse("inference:weights-upload"),
        {"file": file, "title": "Ours, 2026"},
        follow=True,
    )
    page = response.content.decode()
    assert response.redirect_chain[-1][0] == reverse("inference:weights-list")
    assert "Ours, 2026" in page
    assert Weights.objects.get().sha256[:12] in page


def test_a_refused_upload_says_why_beside_the_field(pages):
    file = SimpleUploadedFile("net.pt", b"PK")
    response = pages.post(reverse("inference:weights-upload"), {"file": file})
    assert response.status_code == 422
    assert "can run a program when it is opened" in response.content.decode()
    assert not Weights.objects.exists()


def test_a_title_that_looks_like_a_page_stays_text(pages, tmp_path):
    content = weights_content(tmp_path, title="<script>alert(1)</script>")
    file = SimpleUploadedFile("x.safetensors", content)
    page = pages.post(
        reverse("inference:weights-upload"), {"file": file}, follow=True
    ).content.decode()
    assert "<script>alert" not in page
