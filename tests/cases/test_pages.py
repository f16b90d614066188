"""What a coordinator sees and does in the browser, and nobody else."""

from datetime import timedelta
from io import BytesIO

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from readerstudy.cases import services
from readerstudy.cases.models import Cohort, Upload
from tests.cast import make_user

pytestmark = pytest.mark.django_db
UPLOAD = "/cohorts/upload/"


@pytest.fixture
def browser(client, coordinator):
    client.force_login(coordinator)
    return client


@pytest.fixture
def other(other_coordinator):
    client = Client()
    client.force_login(other_coordinator)
    return client


@pytest.fixture
def cohort(folder, coordinator) -> Cohort:
    return services.cohort_import(
        plan=services.cohort_scan(folder), name="First", coordinators=[coordinator]
    )


@pytest.fixture
def send(browser, archive, django_capture_on_commit_callbacks):
    def send(**headers):
        with django_capture_on_commit_callbacks(execute=True):
            file = SimpleUploadedFile("cohort.zip", archive.read_bytes())
            data = {"name": "First", "files": [file]}
            return browser.post(UPLOAD, data, headers=headers)

    return send


def test_a_cohort_goes_from_files_to_a_page_of_images(
    browser, send, django_capture_on_commit_callbacks
):
    response = send()
    confirm = response.headers["Location"]
    page = browser.get(confirm).content.decode()
    assert not Cohort.objects.exists()
    assert page.count('<th scope="row">C0') == 3
    assert "25.0 min" in page
    assert "5.0 min" in page
    assert "truth.csv" in page
    assert "It is not a DICOM file." in page
    with django_capture_on_commit_callbacks(execute=True):
        assert browser.post(confirm, {"name": "First"}).status_code == 302
    detail = browser.get(confirm, follow=True)
    assert detail.redirect_chain[-1][0] == f"/cohorts/{Cohort.objects.get().pk}/"
    assert detail.content.decode().count('<img src="/cohorts/previews/') == 6
    assert "First" in browser.get("/cohorts/").content.decode()


def test_the_script_gets_an_address_instead_of_a_page(send):
    response = send(accept="application/json")
    upload = Upload.objects.get()
    assert response.json() == {
        "location": reverse("cases:cohort-confirm", args=[upload.pk])
    }


def test_the_script_gets_the_reason_of_a_refusal(browser):
    Cohort.objects.create(name="First")
    file = SimpleUploadedFile("a", b"x")
    response = browser.post(
        UPLOAD,
        {"name": "First", "files": [file]},
        headers={"accept": "application/json"},
    )
    assert response.status_code == 422
    assert "already" in response.json()["error"]


def test_an_upload_without_files_is_told_on_the_page(browser):
    response = browser.post(UPLOAD, {"name": "First"})
    assert response.status_code == 422
    assert "Please choose a zip file" in response.content.decode()


def test_too_large_an_upload_is_refused_unread(browser, settings):
    settings.COHORT_UPLOAD_MAX_BYTES = 2**20
    file = SimpleUploadedFile("big", bytes(2**20 + 1))
    response = browser.post(UPLOAD, {"name": "First", "files": [file]})
    assert response.status_code == 413
    assert "larger than 1 MB" in response.content.decode()


def test_an_upload_needs_the_token_of_the_form(coordinator):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(coordinator)
    response = browser.post(UPLOAD, {"name": "First"})
    assert response.status_code == 403


def test_only_who_may_upload_sees_the_form(client):
    assert client.get(UPLOAD).status_code == 302
    client.force_login(make_user("reader"))
    assert client.get(UPLOAD).status_code == 403
    assert client.get("/cohorts/").status_code == 403


def test_progress_is_a_fragment_that_ends_with_a_fresh_page(browser, send):
    confirm = send().headers["Location"]
    done = browser.get(confirm, headers={"hx-request": "true"})
    assert done.headers["HX-Refresh"] == "true"
    Upload.objects.update(
        state=Upload.State.SCANNING, done=3, total=7, heartbeat_at=timezone.now()
    )
    fragment = browser.get(confirm, headers={"hx-request": "true"}).content.decode()
    assert 'max="7" value="3"' in fragment
    assert "every 1s" in fragment
    assert "<html" not in fragment
    assert "Try again" not in fragment


def test_a_dead_worker_is_told_and_can_be_replaced(
    browser, send, django_capture_on_commit_callbacks
):
    confirm = send().headers["Location"]
    Upload.objects.update(
        state=Upload.State.SCANNING,
        heartbeat_at=timezone.now() - timedelta(minutes=5),
    )
    assert "Try again" in browser.get(confirm).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        browser.post(f"{confirm}retry/")
    assert Upload.objects.get().state == Upload.State.READY


def test_an_upload_is_its_uploaders_alone(browser, other, send):
    confirm = send().headers["Location"]
    preview = f"{confirm}previews/C001-reference.png"
    assert browser.get(preview).headers["Content-Type"] == "image/png"
    for address in (confirm, preview):
        assert other.get(address).status_code == 404
    for address in (confirm, f"{confirm}discard/", f"{confirm}retry/"):
        assert other.post(address, {"name": "x"}).status_code == 404
    assert Upload.objects.filter(state=Upload.State.READY).exists()


@pytest.mark.parametrize("name", ["..-reference", "C999-short", "C001-other"])
def test_no_other_file_is_served_as_a_preview(browser, send, name):
    confirm = send().headers["Location"]
    assert browser.get(f"{confirm}previews/{name}.png").status_code == 404


def test_discarding_leads_back_to_the_list(browser, send):
    confirm = send().headers["Location"]
    assert browser.post(f"{confirm}discard/").headers["Location"] == "/cohorts/"
    assert not Upload.objects.exists()


def test_a_cohort_and_its_images_are_its_coordinators_alone(cohort, browser, other):
    case = cohort.cases.first()
    rendition = case.renditions.first()
    for address in (
        f"/cohorts/{cohort.pk}/",
        f"/cohorts/{cohort.pk}/cases/{case.code}/",
        f"/cohorts/previews/{rendition.pk}/2.png",
    ):
        assert browser.get(address).status_code == 200
        assert other.get(address).status_code == 404
    change = f"/cohorts/{cohort.pk}/cases/{case.code}/central-slice/"
    assert other.post(change, {"slice_number": 6}).status_code == 404


def test_a_preview_shows_the_patients_right_on_the_left(cohort, browser):
    """The hottest spot of these heads is on the patient's left, in front."""
    rendition = cohort.cases.first().renditions.get(method="reference")
    png = browser.get(f"/cohorts/previews/{rendition.pk}/2.png").content
    image = np.asarray(Image.open(BytesIO(png))).sum(axis=2, dtype=int)
    assert image.shape == (192, 192)
    row, column = np.unravel_index(image.argmax(), image.shape)
    assert column > 96 > row
    assert browser.get(f"/cohorts/previews/{rendition.pk}/5.png").status_code == 404


def test_the_colour_bar_runs_from_black_to_white(browser):
    png = browser.get("/cohorts/colour-bar.png").content
    image = np.asarray(Image.open(BytesIO(png)))
    assert image.shape == (12, 256, 3)
    assert image[0, 0].tolist() == [1, 3, 2]
    assert image[0, 255].tolist() == [254, 250, 246]


def test_the_slice_of_a_case_is_corrected_on_its_page(cohort, browser):
    case = cohort.cases.first()
    address = f"/cohorts/{cohort.pk}/cases/{case.code}/"
    page = browser.post(f"{address}central-slice/", {"slice_number": 8}, follow=True)
    assert "now read at slice 8" in page.content.decode()
    case.refresh_from_db()
    assert case.central_slice == 7
    page = browser.post(f"{address}central-slice/", {"slice_number": 99}, follow=True)
    assert "too near the end" in page.content.decode()
    services.cohort_freeze(cohort=cohort)
    page = browser.post(f"{address}central-slice/", {"slice_number": 7}, follow=True)
    assert "being read in a study" in page.content.decode()
    case.refresh_from_db()
    assert case.central_slice == 7


def test_the_page_of_a_cohort_asks_the_database_as_often_for_more_cases(
    cohort, browser, django_assert_max_num_queries
):
    with django_assert_max_num_queries(10):
        browser.get(f"/cohorts/{cohort.pk}/")
