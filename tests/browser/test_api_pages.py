"""The pages about the doors for programs work under the site's own policy.

The browser's console shows every breach of it, and then these tests fail
(tests/browser/conftest.py); so does whatever asks another host.
"""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from readerstudy.api.own import schema
from tests.cast import Cast

pytestmark = [
    pytest.mark.browser,
    # the group of coordinators, made by a migration, comes back after each flush
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]


def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def tried(page: Page, door: str) -> tuple[Locator, Locator]:
    """Status and answer that Swagger shows of trying a door: `<tag>/<operation>`."""
    tag, _slash, operation = door.partition("/")
    heading = page.locator(f"#operations-tag-{tag}")
    heading.get_by_role("button").click()
    block = page.locator(f"#operations-{tag}-{operation}")
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Try it out").click()
    block.get_by_role("button", name="Execute").click()
    row = block.locator(".live-responses-table tbody").first
    expect(row).to_be_visible()
    status = row.locator(".response-col_status").first
    return status, row.locator(".response-col_description").first


def test_swagger_shows_the_doors_and_tries_them(cast: Cast, page_of, live_server):
    schema("en")
    page = page_of(cast.reader)
    page.goto(f"{live_server}/api/v1/docs/")
    status, answer = tried(page, "me/me_retrieve")
    expect(status).to_contain_text("200")
    expect(answer).to_contain_text('"username": "reader"')
    picture(page, "swagger")
    # a write: the session's, with the CSRF token of the page
    status, answer = tried(page, "preferences/preferences_update")
    expect(status).to_contain_text("200")
    expect(answer).not_to_contain_text("CSRF")


def test_redoc_shows_the_doors(cast: Cast, page_of, live_server):
    schema("en")
    page = page_of(cast.statistician)
    page.goto(f"{live_server}/api/v1/redoc/")
    heading = page.get_by_role("heading", name="Reader study").first
    expect(heading).to_be_visible()
    expect(page.locator("[role=menuitem]").first).to_be_visible()
    picture(page, "redoc")


def test_a_person_makes_a_token_and_revokes_it(cast: Cast, page_of, live_server):
    page = page_of(cast.statistician)
    page.goto(f"{live_server}/account/tokens/")
    page.get_by_label("Name").fill("notebook")
    page.get_by_label("See studies, their protocol and progress").check()
    picture(page, "tokens")
    page.get_by_role("button", name="Make the token").click()
    expect(page.locator(".secret")).to_contain_text("rs_")
    picture(page, "tokens-made")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Revoke notebook").click()
    expect(page.locator(".tag", has_text="revoked")).to_be_visible()
