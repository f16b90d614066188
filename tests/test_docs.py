"""The documents: every page in the site's contents, every link leads somewhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.made_once import made_once
from tests.own_database import ROOT

pytestmark = pytest.mark.pure
# what a page fetches by itself, as an anchor does not
FETCHED = re.compile(
    r"<(?:script|img|link|iframe)[^>]+(?:src|href)=\"(https?:[^\"]+)\""
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_once(tmp_path_factory, "site", build_site)


def build_site(folder: Path) -> Path:
    """Built as `make docs` does: a dead link or a page in no contents is an error."""
    build = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going"]
    done = subprocess.run(
        [*build, "-d", folder / "kept", "-c", "docs/site", ".", folder / "html"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder / "html"


def test_every_document_is_a_page_of_the_site(site: Path) -> None:
    documents = {path.stem for path in (ROOT / "docs").rglob("*.md")}
    assert documents <= {path.stem for path in (site / "docs").rglob("*.html")}


def test_no_page_fetches_anything_from_another_host(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        assert not FETCHED.findall(page.read_text()), page
    for sheet in site.rglob("*.css"):
        assert not re.search(r"url\(.?https?:|@import", sheet.read_text()), sheet
