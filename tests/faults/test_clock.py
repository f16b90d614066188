"""The machine's clock is put forward by an hour and back again, under everybody."""

import os
import shutil
import struct
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from inference.computing import FIRST
from tests.inference.houses import House

from .conftest import EMBEDDED
from .sites import Site

PATIENCE_S = 90
pytestmark = pytest.mark.faults
CASES = 60
METHOD = "unet-l4"
HOUR = 3600
SOURCE = Path(__file__).with_name("clock.c")


class Clock:
    """The wall clock of those processes that are started with its environment."""

    def __init__(self, folder: Path) -> None:
        compiler = shutil.which("cc")
        if compiler is None:
            told = "a C compiler was not found on this machine"
            pytest.fail(told) if os.environ.get("REQUIRE_ALL") else pytest.skip(told)
        library, self._file = folder / "clock.so", folder / "clock"
        subprocess.run(
            [str(compiler), "-shared", "-fPIC", "-O1", f"-o{library}", str(SOURCE)],
            check=True,
        )
        self.set(0)
        self.environment = {
            "LD_PRELOAD": str(library),
            "CLOCK_FILE": str(self._file),
        }

    def set(self, seconds: int) -> None:
        """Off by so many; in place, for everybody looks at the same bytes."""
        self._file.touch()
        with self._file.open("r+b") as file:
            file.write(struct.pack("=q", seconds))


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path)


def test_readers_go_on_and_no_answer_precedes_its_images(
    make_site: Callable[..., Site], clock: Clock, tmp_path: Path
) -> None:
    site = make_site("embedded", tmp_path, readers=5, cases=15)
    site.start_web(**clock.environment)
    with site.crowd(answers=45, think_s=lambda: 0.1) as crowd:
        for taken, offset in ((50, HOUR), (125, -HOUR), (175, 0)):
            crowd.wait_for(taken)
            clock.set(offset)
    moments = site.check(crowd, answers=225)
    assert crowd.trouble == []
    # of the future; afterwards nobody is taken back before what was there already
    assert max(moments) - min(moments) > timedelta(hours=0.9)


def test_a_job_is_done_once(clock: Clock, tmp_path: Path) -> None:
    house = House(tmp_path, {**EMBEDDED, **clock.environment}, "")
    house.patience_s = PATIENCE_S
    house.do(
        'call_command("migrate", verbosity=0)',
        f'weights = registered("{METHOD}")',
        f'ask(make_cohort("Phantoms", cases={CASES}), "{METHOD}", weights)',
    )
    try:
        house.start_worker_with_beat()
        for done, offset in ((FIRST, HOUR), (CASES // 2, -HOUR)):
            house.wait(
                lambda done=done: len(house.renditions("Phantoms", METHOD)) >= done,
                "some cases",
            )
            clock.set(offset)
        house.wait(lambda: house.jobs("state") == [("done",)], "the job")
    finally:
        house.end()
    assert house.jobs("attempts") == [(1,)]
    assert len(house.renditions("Phantoms", METHOD)) == CASES
