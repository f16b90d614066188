"""The production profile starts whole or not at all, and says what is missing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WHOLE = {
    "SECRET_KEY": "x" * 60,
    "IDENTITY_KEY": "y" * 60,
    "ALLOWED_HOSTS": "reads.example.org",
    "DATABASE_URL": "postgres://user:word@database/reads",
    "CELERY_BROKER_URL": "redis://broker/0",
}

pytestmark = pytest.mark.pure


def start(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "import django; django.setup()"],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "readerstudy.config.settings.production",
            "VAR_DIR": str(tmp_path),
            **environment,
        },
        capture_output=True,
        text=True,
    )


def test_it_starts_when_everything_is_set(tmp_path: Path) -> None:
    assert start(tmp_path, **WHOLE).returncode == 0


def test_it_lists_everything_that_is_missing_at_once(tmp_path: Path) -> None:
    outcome = start(tmp_path)
    assert outcome.returncode != 0
    for name in WHOLE:
        assert f"{name} (or {name}_FILE) is not set" in outcome.stderr


def test_it_refuses_a_short_secret_and_another_database(tmp_path: Path) -> None:
    outcome = start(
        tmp_path,
        **{
            **WHOLE,
            "SECRET_KEY": "short",
            "IDENTITY_KEY": "short",
            "DATABASE_URL": "sqlite:///x",
        },
    )
    assert "SECRET_KEY is shorter than 50" in outcome.stderr
    assert "IDENTITY_KEY is shorter than 50" in outcome.stderr
    assert "DATABASE_URL must name a PostgreSQL database" in outcome.stderr


def test_secrets_may_come_from_files(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("y" * 60 + "\n")
    rest = {name: value for name, value in WHOLE.items() if name != "SECRET_KEY"}
    assert start(tmp_path, SECRET_KEY_FILE=str(secret), **rest).returncode == 0
    missing = start(tmp_path, SECRET_KEY_FILE=str(tmp_path / "no"), **rest)
    assert "SECRET_KEY_FILE" in missing.stderr
