"""A server that is killed in the middle of gigabytes gets the rest when it is back."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Route, expect

from tests.cast import PASSWORD
from tests.config.test_serve import ROOT, children_of, free_port, serve, wait_for
from tests.migrated import put_database

from .conftest import log_in
from .test_cohort_upload import BROKEN, break_off, choose, folder, pieces

__all__ = ["folder"]

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.sqlite]


@dataclass
class Site:
    """`make run`, which may be killed and started again."""

    var_dir: Path
    port: int

    def start(self) -> None:
        self.server = serve(self.var_dir, self.port)
        wait_for(self.port)

    def kill(self) -> None:
        """As a power cut would: no process of it may clean anything up."""
        for process in children_of(self.var_dir):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self.server.communicate(timeout=30)


@pytest.fixture
def site(tmp_path) -> Iterator[Site]:
    site = Site(tmp_path / "site", free_port())
    put_database(site.var_dir)
    site.start()
    make = (
        "from django.contrib.auth.models import Group, User;"
        f"user = User.objects.create_user('boss', password={PASSWORD!r});"
        "user.groups.add(Group.objects.get(name='coordinators'))"
    )
    subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", make],
        cwd=ROOT,
        env={
            **os.environ,
            "VAR_DIR": str(site.var_dir),
            "DJANGO_SETTINGS_MODULE": "readerstudy.config.settings.embedded",
        },
        check=True,
    )
    yield site
    site.kill()


def test_a_server_that_is_killed_and_started_again_gets_the_rest(
    site: Site,
    new_context: Callable[..., BrowserContext],
    folder: Path,
    expected_errors: list[str],
) -> None:
    expected_errors.extend(BROKEN)
    page = new_context().new_page()
    base = f"http://localhost:{site.port}"
    log_in(page, base, "boss")
    page.goto(f"{base}/cohorts/upload/")

    def kill(route: Route) -> None:
        site.kill()
        route.continue_()

    break_off(page, after=4, act=kill)
    choose(page, folder)
    page.click("#send")
    news = page.locator("#upload-news")
    expect(news).to_contain_text("The connection is lost", timeout=30_000)
    asked = pieces(page)
    site.start()
    page.wait_for_url("**/cohorts/uploads/*/", timeout=60_000)
    assert ("PATCH", 200_000) in asked
    assert ("POST", 0) not in asked
    expect(page.locator("main")).to_contain_text("2 cases were found", timeout=60_000)
