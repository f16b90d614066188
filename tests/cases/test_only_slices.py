"""Stacks of one slice, as coordinators see them: large, and with no neighbours."""

import pytest

from readerstudy.cases import services
from readerstudy.cases.models import Case, Upload

from .stacks import body, looked_through, noisy, picture, write_ct

pytestmark = pytest.mark.django_db


@pytest.fixture
def upload(tmp_path, coordinator) -> Upload:
    """A pair of one slice each, looked through."""
    values = body(shape=(1, 40, 48))
    for name, pixels in (("reference", values), ("input", noisy(values))):
        write_ct(tmp_path / name, pixels, patient="Abe", study="1.2", description=name)
    return looked_through(tmp_path, name="One", user=coordinator)


def test_the_only_slices_of_a_pair_stand_large_side_by_side(browser, upload):
    confirm = f"/cohorts/uploads/{upload.pk}/"
    page = browser.get(confirm).content.decode()
    assert page.count("Its only slice") == 2
    assert "and its neighbours" not in page and "slice 1 of 1" not in page
    (pair,) = services.uploads.upload_plan(upload).pairs
    waiting = f"{confirm}scans/{pair.reference.number}.png"
    assert picture(browser.get(waiting, {"slice": 0, "unit": "HU"})).shape == (213, 256)


def test_in_the_cohort_too_and_there_is_no_slice_to_choose(browser, upload):
    services.upload_confirm(upload=upload, name="One", seen="")
    services.upload_import(upload_id=upload.pk)
    case = Case.objects.get()
    image = case.renditions.get(method="reference")
    strip = picture(browser.get(f"/cohorts/previews/{image.pk}/strip.png"))
    assert strip.shape == (213, 256)
    address = f"/cohorts/{case.cohort_id}/"
    page = browser.get(address).content.decode()
    assert page.count('class="strip one"') == 2
    assert "Image to image</span>" in page
    page = browser.get(f"{address}cases/{case.code}/").content.decode()
    assert page.count("/cohorts/previews/") == 2
    assert 'name="slice"' not in page
