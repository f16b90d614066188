"""Two tabs, two devices, an impatient finger: one read has one answer."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> dict:
    """What eight simultaneous answers gave, on the embedded profile's database."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.reading.race"],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "readerstudy.config.settings.embedded",
            "VAR_DIR": str(tmp_path_factory.mktemp("var")),
            "LOG_LEVEL": "ERROR",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_identical_answers_at_once_are_one_score_a_side(told):
    assert told["identical"] == ["stored"] * 8
    assert told["identical scores"] == 2


def test_different_answers_at_once_leave_the_first_one_standing(told):
    assert told["different"] == ["refused"] * 7 + ["stored"]
    assert told["different scores"] == 2


def test_tabs_that_ask_for_the_next_read_at_once_get_the_same_one(told):
    assert told["starts"] == ["stored"] * 8
    assert told["shown"] == 3
    assert told["sessions"] == 1
