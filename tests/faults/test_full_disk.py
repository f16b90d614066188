"""The disk fills up while something is being saved."""

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.inference.houses import House
from tests.servers import wait_until

from .conftest import PROFILES
from .readers import Reader
from .sites import Site

PATIENCE_S = 90
pytestmark = pytest.mark.faults
SIZE = "24m"
FOR_SOME = 500_000  # bytes: the job can be begun, and some images stored


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "var"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        told = f"a small disk cannot be mounted: {mounted.stderr}"
        pytest.fail(told) if os.environ.get("REQUIRE_ALL") else pytest.skip(told)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def stray_files(house: House) -> set[str]:
    """Images on the disk that no row points at."""
    stored = {path.name for path in (house.folder / "media/renditions").iterdir()}
    rows = house.rows('SELECT "values" FROM cases_rendition')
    return stored - {Path(name).name for (name,) in rows}


@contextmanager
def filled(folder: Path, *, but: int = 0) -> Iterator[None]:
    """To the last page, or but for so many bytes."""
    balloon = folder / "balloon"
    with balloon.open("wb", buffering=0) as file:
        for size in (2**16, 2**10):
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(size))
        file.truncate(file.tell() - but)
    try:
        yield
    finally:
        balloon.unlink()


def test_answers_wait_for_room_and_none_is_lost(
    make_site: Callable[..., Site], small_disk: Path
) -> None:
    site = make_site("embedded", small_disk, readers=5, cases=20)
    site.start_web()
    with site.crowd(answers=50) as crowd:
        crowd.wait_for(50)
        with filled(small_disk):
            wait_until(lambda: len(crowd.trouble) >= 10, "somebody to notice it")
            # over a line of its own: the readers are at theirs
            visitor = Reader("visitor", site.port, "")
            status, *_ = visitor.ask("GET", "/static/favicon.svg")
            assert status == 200
    site.check(crowd, answers=250)
    assert {said[:5] for said in crowd.trouble} == {"507: "}
    assert all("disk is full" in said for said in crowd.trouble)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_job_leaves_nothing_half_written_and_goes_on(
    make_site: Callable[..., Site], small_disk: Path, profile: str
) -> None:
    site = make_site(profile, small_disk, readers=1, cases=12)
    database = site.environment.get("DATABASE_URL", "")
    house = House(small_disk, site.environment, database)
    house.patience_s = PATIENCE_S
    site.start_web()
    method = {"method": "bilateral"}
    assert site.ask_as_coordinator("/cohorts/1/jobs/request/", method)[0] == 302
    try:
        with filled(small_disk, but=FOR_SOME):
            house.start_worker()
            house.wait(lambda: house.jobs("attempts") == [(1,)], "an attempt")
            time.sleep(3)  # in which it would be done
            assert house.jobs("state") != [("done",)]
            assert stray_files(house) == set()
        house.wait(lambda: house.jobs("state") == [("queued",)], "its rest")
        house.call_waiting()
        house.wait(lambda: house.jobs("state") == [("done",)], "the job")
    finally:
        house.end()
    assert len(house.renditions("Phantoms", "bilateral")) == 12
    assert stray_files(house) == set()
