"""Chromium, driven by Playwright; the system's browser, never a downloaded one."""

import threading
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    expect,
    sync_playwright,
)

from tests.cast import PASSWORD
from tests.conftest import find_program

PATIENCE = 60_000  # milliseconds; how fast a page is, is not asked here
expect.set_options(timeout=PATIENCE)

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def chromium(django_db_setup: None) -> Iterator[Browser]:
    # While Playwright's event loop runs, Django holds another connection object in
    # this thread; it needs the rows that serialized_rollback brings back as well.
    rows = getattr(connection, "_test_serialized_contents", None)
    with sync_playwright() as playwright:
        if rows is not None:
            connection._test_serialized_contents = rows
        browser = playwright.chromium.launch(
            executable_path=find_program("browser"), args=FLAGS
        )
        yield browser
        browser.close()


@pytest.fixture
def expected_errors() -> list[str]:
    """Parts of console errors that a test provokes; it adds them itself."""
    return []


@pytest.fixture
def new_context(
    chromium: Browser, expected_errors: list[str]
) -> Iterator[Callable[..., BrowserContext]]:
    """Fresh browser profiles; a page that asks another host for anything fails."""
    contexts: list[BrowserContext] = []
    strayed: list[str] = []
    errors: list[str] = []

    def make(**options: object) -> BrowserContext:
        context = chromium.new_context(
            **{"viewport": {"width": 1280, "height": 800}, **options}
        )
        context.set_default_timeout(PATIENCE)

        def watch(url: str) -> None:
            local = ("http://localhost", "http://127.0.0.1", "data:", "blob:")
            if not url.startswith(local):
                strayed.append(url)

        context.on("request", lambda request: watch(request.url))
        context.on(
            "console",
            lambda message: (
                errors.append(message.text) if message.type == "error" else None
            ),
        )
        context.on("weberror", lambda error: errors.append(str(error.error)))
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()
    wait_for_the_server()
    assert strayed == []
    errors = [e for e in errors if not any(part in e for part in expected_errors)]
    assert errors == [], "the browser's console shows errors"


def wait_for_the_server() -> None:
    """Until it has answered what closed pages had asked of the test's database."""
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:
            thread.join(timeout=60)


def log_in(page: Page, base: str, username: str, password: str = PASSWORD) -> None:
    page.goto(f"{base}/login/")
    page.fill("#id_username", username)
    page.fill("#id_password", password)
    page.click("main button")
    page.wait_for_url(lambda url: "/login/" not in url)


def let_in(context: BrowserContext, base: str, user: User) -> None:
    """Give the browser the cookie of a log-in; typing one is for tests about that."""
    client = Client()
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": base}])


@pytest.fixture
def page_of(
    new_context: Callable[..., BrowserContext], live_server: object
) -> Callable[[User], Page]:
    """The start page of a person who has just logged in."""

    def open_page(user: User, **options: object) -> Page:
        context, base = new_context(**options), str(live_server)
        let_in(context, base, user)
        page = context.new_page()
        page.goto(base + reverse(settings.LOGIN_REDIRECT_URL))
        return page

    return open_page
