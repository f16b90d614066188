"""A coordinator writes a protocol in the browser, keeps it as a file, and amends it."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Page, expect

from readerstudy.reading.models import Amendment, Study
from readerstudy.reading.protocol.plain_yaml import yaml_read
from tests.cast import Cast

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]


@pytest.fixture
def page(cast: Cast, page_of: Callable[[User], Page]) -> Iterator[Page]:
    page = page_of(cast.coordinator)
    yield page
    # pictures that are still on their way would find the database emptied
    page.wait_for_load_state("networkidle")


def go(page: Page, name: str, *args: object, query: str = "") -> None:
    site = urlsplit(page.url)
    address = reverse(f"reading:{name}", args=args)
    page.goto(f"{site.scheme}://{site.netloc}{address}{query}")


def test_a_mistake_in_a_folded_section_is_seen_and_mended(
    page: Page, cast: Cast
) -> None:
    go(page, "study-create", query=f"?cohort={cast.cohort.pk}")
    page.get_by_label("Title", exact=True).fill("Written in the browser")
    page.get_by_label("Short name", exact=True).fill("written")
    expect(page.get_by_label("Training set", exact=True)).to_be_hidden()
    page.get_by_role("heading", name="Training").click()
    page.get_by_label("Training set", exact=True).fill(
        "C001 reference 4 4\nC009 short 2 1"
    )
    page.get_by_role("button", name="Save the draft").click()
    expect(page.get_by_text("Line 2: The cohort has no case C009.")).to_be_visible()
    expect(page.get_by_label("Window rule", exact=True)).to_be_hidden()
    page.get_by_label("Training set", exact=True).fill(
        "C001 reference 4 4\nC001 short 2 1"
    )
    page.get_by_role("button", name="Save the draft").click()
    expect(page.get_by_role("heading", name="Before it can open")).to_be_visible()
    study = Study.objects.get(slug="written")
    assert study.training.count() == 2
    assert study.asks_conditions


def test_a_draft_is_made_of_another_studys_file(
    page: Page, cast: Cast, tmp_path
) -> None:
    go(page, "study-detail", cast.study.slug)
    with page.expect_download() as download:
        page.get_by_role("link", name="Protocol as YAML").click()
    assert download.value.suggested_filename == "phantom-study.protocol.yaml"
    content = download.value.path().read_bytes()
    assert yaml_read(content)["slug"] == "phantom-study"
    file = tmp_path / "next.yaml"
    file.write_bytes(content.replace(b"slug: phantom-study", b"slug: next"))
    go(page, "study-create")
    page.get_by_label("File (.yaml)").set_input_files(file)
    page.get_by_role("button", name="Make the draft").click()
    expect(page.get_by_text("A draft was made of the file.")).to_be_visible()
    assert Study.objects.get(slug="next").arms.count() == 3


def test_an_amendment_is_looked_at_before_it_is_made(page: Page, cast: Cast) -> None:
    go(page, "study-detail", cast.study.slug)
    page.get_by_role("link", name="Amend the protocol").click()
    page.get_by_label("Washout between sessions, in days", exact=True).fill("14")
    page.get_by_label("Ask for the viewing conditions", exact=True).check()
    page.get_by_label("Reason", exact=True).fill("The committee asked for it.\nTwice.")
    page.get_by_role("button", name="Show what would change").click()
    preview = page.locator("#preview")
    expect(preview).to_contain_text("Washout between sessions, in days: 0 → 14")
    expect(preview).to_contain_text("Ask for the viewing conditions: no → yes")
    preview.get_by_role("button", name="Amend the protocol").click()
    expect(page.locator("#amendment-1")).to_contain_text("Twice.")
    amendment = Amendment.objects.get()
    assert set(amendment.changes) == {"washout_days", "asks_conditions"}
    assert amendment.reason.splitlines() == ["The committee asked for it.", "Twice."]
