"""Several scripts reach the reading room as one file."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

ROOT = Path(__file__).resolve().parents[2]


def test_the_rooms_scripts_are_one_file_in_their_order() -> None:
    joined = Path(str(finders.find("js/room.js"))).read_text()
    places = []
    for part in settings.BUNDLES["js/room.js"]:
        text = (ROOT / "static" / part).read_text()
        assert text in joined
        places.append(joined.index(text))
    assert places == sorted(places)
    assert joined.count('"use strict";') == len(places)


@pytest.fixture
def parts(settings, tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """Two scripts that are one for pages, js/both.js."""
    first, second = tmp_path / "first.js", tmp_path / "second.js"
    first.write_text("one();\n")
    second.write_text("two();\n")
    settings.STATICFILES_DIRS = [tmp_path]
    settings.BUNDLES_ROOT = tmp_path / "bundles"
    settings.BUNDLES = {"js/both.js": ["first.js", "second.js"]}
    finders.get_finder.cache_clear()
    yield first, second
    finders.get_finder.cache_clear()


def test_a_changed_script_changes_the_bundle(parts: tuple[Path, Path]) -> None:
    first, second = parts
    assert Path(str(finders.find("js/both.js"))).read_text() == "one();\n\ntwo();\n"
    first.write_text("three();\n")
    assert "three" in Path(str(finders.find("js/both.js"))).read_text()
    second.unlink()
    with pytest.raises(FileNotFoundError, match=r"second\.js"):
        finders.find("js/both.js")


def test_nobody_gets_half_of_what_several_ask_for_at_once(
    parts: tuple[Path, Path],
) -> None:
    first, _ = parts

    def find(_number: int) -> str:
        return Path(str(finders.find("js/both.js"))).read_text()

    with ThreadPoolExecutor(8) as pool:
        for change in range(30):
            first.write_text(f"one({change});\n" * 20_000)
            whole = f"{first.read_text()}\ntwo();\n"
            assert set(pool.map(find, range(16))) == {whole}


@pytest.mark.django_db
def test_a_page_that_loads_the_rooms_scripts_loads_no_part_of_them_again(at_room):
    page = at_room.content.decode()
    assert page.count("js/room") == 1
    for part in settings.BUNDLES["js/room.js"]:
        assert part not in page


@pytest.fixture
def at_room(client, cast):
    client.force_login(cast.reader)
    return client.get(f"/read/{cast.study.slug}/")
