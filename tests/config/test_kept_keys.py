"""The keys of the embedded profile: made once, whole, and never silently another."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ASK = "from readerstudy.config.settings import embedded as e; print(e.IDENTITY_KEY)"


def start(var: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", ASK],
        env={**os.environ, "VAR_DIR": str(var)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def key_of(var: Path) -> str:
    out, error = start(var).communicate(timeout=60)
    assert out, error
    return out.strip()


def refusal_of(var: Path) -> str:
    out, error = start(var).communicate(timeout=60)
    assert not out
    return error.splitlines()[-1]


def test_all_who_start_at_once_have_the_same_whole_key(tmp_path: Path):
    started = [start(tmp_path) for _ in range(4)]
    keys = {process.communicate(timeout=60)[0].strip() for process in started}
    assert len(keys) == 1
    assert len(keys.pop()) >= 50
    assert (tmp_path / "identity-key").stat().st_mode & 0o077 == 0


def test_an_older_server_goes_on_with_the_key_that_it_had(tmp_path: Path):
    (tmp_path / "secret-key").write_text("before" * 10)
    assert key_of(tmp_path) == "before" * 10
    assert key_of(tmp_path) == "before" * 10


@pytest.mark.parametrize(
    ("left", "why"),
    [(None, "is missing"), ("", "is empty"), ("another" * 9, "is not the key")],
)
def test_a_backup_without_its_key_is_not_gone_on_with(
    tmp_path: Path, left: str | None, why: str
):
    key_of(tmp_path)
    (tmp_path / "identity-key").unlink()
    if left is not None:
        (tmp_path / "identity-key").write_text(left)
    assert why in refusal_of(tmp_path)


def test_the_web_server_repeats_no_uid_of_an_address():
    does = (
        "import logging\n"
        "from gunicorn.config import Config\n"
        "from readerstudy.config.web_log import WebLogger\n"
        "WebLogger(Config()).error('Error handling /dicom-web/studies/1.2.3.4.5.6.7')\n"
    )
    done = subprocess.run([sys.executable, "-c", does], capture_output=True, text=True)
    assert "Error handling /…" in done.stderr
    assert "1.2.3" not in done.stderr
