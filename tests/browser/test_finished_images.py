"""Finished images go by the page's script, in pieces, into the cohort that is named."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from readerstudy.cases.models import Cohort, Rendition
from readerstudy.cases.selectors import rendition_get, rendition_values
from tests.cast import make_user
from tests.factory import make_stack_cohort

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]


@pytest.fixture(autouse=True)
def own_folders(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.VAR_DIR = tmp_path / "var"


def test_a_coordinator_sends_arrays_and_sees_them_beside_the_others(
    page_of, live_server, tmp_path
):
    coordinator = make_user("coordinator", coordinator=True)
    cohort = make_stack_cohort(coordinators=[coordinator], cases_wanted=2)
    page = page_of(coordinator)
    page.goto(f"{live_server}/cohorts/{cohort.pk}/")
    page.get_by_role("link", name="Bring finished images").click()
    page.fill("#id_name", "Ours")
    page.set_input_files("#files", write_arrays(cohort, tmp_path / "ours"))
    send(page)
    page.wait_for_url(f"{live_server}/cohorts/{cohort.pk}/")
    made = Rendition.objects.filter(case__cohort=cohort, method="result-ours")
    assert made.count() == 2
    expect(page.get_by_text("result-ours").first).to_be_visible()


def test_what_is_missing_is_told_where_it_was_sent(page_of, live_server, tmp_path):
    coordinator = make_user("coordinator", coordinator=True)
    cohort = make_stack_cohort(coordinators=[coordinator], cases_wanted=2)
    page = page_of(coordinator)
    page.goto(f"{live_server}/cohorts/{cohort.pk}/images/")
    page.fill("#id_name", "Ours")
    page.set_input_files("#files", write_arrays(cohort, tmp_path / "ours")[:1])
    send(page)
    expect(page.get_by_role("alert")).to_contain_text("Case H002 has no image.")


def write_arrays(cohort: Cohort, folder: Path) -> list[Path]:
    folder.mkdir()
    found = []
    for case in cohort.cases.all():
        reference = rendition_get(case=case, method="reference")
        found.append(folder / f"{case.code}.npy")
        np.save(found[-1], rendition_values(reference))
    return found


def send(page: Page) -> None:
    expect(page.locator("#chosen")).not_to_be_empty()
    page.get_by_role("button", name="Send").click()
