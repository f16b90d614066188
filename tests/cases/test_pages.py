"""What a coordinator sees and does in the browser, and nobody else."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from readerstudy.cases import services
from readerstudy.cases.models import Cohort
from tests.factory import make_cohort

pytestmark = pytest.mark.django_db


@pytest.fixture
def cohort(folder, coordinator) -> Cohort:
    return services.cohort_import(
        plan=services.cohort_scan(folder), name="First", coordinators=[coordinator]
    )


def test_a_cohort_and_its_images_are_its_coordinators_alone(cohort, browser, other):
    case = cohort.cases.first()
    rendition = case.renditions.first()
    for address in (
        f"/cohorts/{cohort.pk}/",
        f"/cohorts/{cohort.pk}/cases/{case.code}/",
        f"/cohorts/previews/{rendition.pk}/2.png",
        f"/cohorts/previews/{rendition.pk}/strip.png",
        f"/cohorts/{cohort.pk}/cases.csv",
    ):
        assert browser.get(address).status_code == 200
        assert other.get(address).status_code == 404
    change = f"/cohorts/{cohort.pk}/cases/{case.code}/central-slice/"
    assert other.post(change, {"slice_number": 6}).status_code == 404
    assert other.post(f"/cohorts/{cohort.pk}/divide/").status_code == 404


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
    page = browser.post(
        f"{address}central-slice/",
        {"slice_number": 8, "reason": "The rule took the cerebellum."},
        follow=True,
    )
    assert "now read at slice 8" in page.content.decode()
    case.refresh_from_db()
    assert case.central_slice == 7
    page = browser.post(
        f"{address}central-slice/", {"slice_number": 99, "reason": "?"}, follow=True
    )
    assert "too near the end" in page.content.decode()
    services.cohort_freeze(cohort=cohort)
    page = browser.post(
        f"{address}central-slice/", {"slice_number": 7, "reason": "?"}, follow=True
    )
    assert "being read in a study" in page.content.decode()
    case.refresh_from_db()
    assert case.central_slice == 7


def test_who_changes_a_slice_is_asked_only_where_images_would_be_lost(
    browser, coordinator
):
    """Of two cohorts with the reference's and the short image, one has a filter's."""
    for name, methods, asked in (
        ("Acquired", ("reference", "short"), False),
        ("Filtered", ("reference", "short", "gaussian"), True),
    ):
        cohort = make_cohort(
            name, cases_wanted=1, coordinators=[coordinator], methods=methods
        )
        page = browser.get(f"/cohorts/{cohort.pk}/cases/C001/").content.decode()
        assert "Change the slice" in page
        assert ("must be made or sent again" in page) is asked


def test_the_list_says_whose_scans_were_resampled(browser, coordinator):
    for name, resampled in (("Plain", False), ("Other pixels", True)):
        cohort = Cohort.objects.create(name=name, resampled=resampled)
        cohort.coordinators.add(coordinator)
    page = browser.get("/cohorts/").content.decode()
    for row in page.split("<tr>"):
        assert ("resampled" in row) is ("Other pixels" in row)
