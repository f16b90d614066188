"""The production profile starts whole or not at all, and says what is missing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WHOLE = {
    "SECRET_KEY": "qwertzuiop" * 6,
    "IDENTITY_KEY": "y" * 60,
    "ALLOWED_HOSTS": "reads.example.org",
    "DATABASE_URL": "postgres://user:word@database/reads",
    "CELERY_BROKER_URL": "redis://broker/0",
}

pytestmark = pytest.mark.pure


def run(
    tmp_path: Path, *command: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "readerstudy.config.settings.production",
            "VAR_DIR": str(tmp_path),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def start(
    tmp_path: Path, told: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """told: what is printed of the settings."""
    program = "import django; django.setup()\nfrom django.conf import settings\n"
    return run(tmp_path, "-c", f"{program}print({told})", **environment)


def test_it_starts_when_everything_is_set(tmp_path: Path) -> None:
    assert start(tmp_path, **WHOLE).returncode == 0


def test_it_lists_everything_that_is_missing_at_once(tmp_path: Path) -> None:
    outcome = start(tmp_path)
    assert outcome.returncode != 0
    for name in WHOLE:
        assert f"{name} (or {name}_FILE) is not set" in outcome.stderr


def test_it_lists_everything_that_does_not_fit_at_once(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text("\n")
    outcome = start(
        tmp_path,
        SECRET_KEY="short",
        IDENTITY_KEY="y" * 60,
        IDENTITY_KEY_FILE=str(empty),
        ALLOWED_HOSTS="*,https://reads.example.org",
        DATABASE_URL="sqlite:///x",
        CELERY_BROKER_URL="amqp://broker",
        CACHE_URL="memcached://cache",
        TIME_ZONE="Mars/Olympus",
        FILES="s3",
        S3_BUCKET_FILE=str(empty),
        S3_ACCESS_KEY="only one of two",
        S3_ENDPOINT_URL="store:9000",
        S3_COPIES_MB="many",
        METRICS_TOKEN="short",
        LOG_JSON="yes",
    )
    for sentence in (
        "SECRET_KEY is shorter than 50 characters",
        "IDENTITY_KEY and IDENTITY_KEY_FILE are both set; leave one",
        "ALLOWED_HOSTS: * is no name of a host",
        "ALLOWED_HOSTS: https://reads.example.org is no name of a host",
        "DATABASE_URL must name a PostgreSQL database",
        "CELERY_BROKER_URL must name a Redis server",
        "CACHE_URL must name a Redis server",
        "TIME_ZONE=Mars/Olympus is not known",
        "S3_BUCKET_FILE names an empty file",
        "S3_ACCESS_KEY and S3_SECRET_KEY must both be set, or neither",
        "S3_ENDPOINT_URL must begin with https:// or http:// and a host",
        "S3_COPIES_MB is not a whole number",
        "METRICS_TOKEN is shorter than 20 characters",
        "LOG_JSON is neither 0 nor 1",
    ):
        assert sentence in outcome.stderr
    assert outcome.stderr.count("\n- ") == 14


def test_a_store_that_nobody_asked_for_is_not_left_unused(tmp_path: Path) -> None:
    outcome = start(tmp_path, **WHOLE, S3_BUCKET="images")
    assert "S3_BUCKET is set, but FILES=s3 is not" in outcome.stderr


def test_secrets_may_come_from_files(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("y" * 60 + "\n")
    rest = {name: value for name, value in WHOLE.items() if name != "SECRET_KEY"}
    found = start(
        tmp_path,
        "settings.SECRET_KEY, settings.DATABASES['default']['PASSWORD']",
        SECRET_KEY_FILE=str(secret),
        DATABASE_PASSWORD_FILE=str(secret),
        **rest,
    )
    assert found.stdout.split() == ["y" * 60, "y" * 60]
    missing = start(tmp_path, SECRET_KEY_FILE=str(tmp_path / "no"), **rest)
    assert "cannot be read (No such file or directory)" in missing.stderr


def test_django_finds_nothing_to_say_about_its_safety(tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "staticfiles.json").write_text("{}")
    outcome = run(tmp_path, "manage.py", "check", "--deploy", **WHOLE)
    assert outcome.returncode == 0
    assert "no issues" in outcome.stdout


def test_a_web_process_is_refused_without_folders_and_static_files(
    tmp_path: Path,
) -> None:
    (tmp_path / "media").write_text("a file where a folder should be")
    outcome = run(tmp_path, "-c", "import readerstudy.config.wsgi", **WHOLE)
    assert outcome.returncode != 0
    assert f"MEDIA_ROOT={tmp_path}/media cannot be written: File exists." in (
        outcome.stderr
    )
    assert "run `manage.py collectstatic --noinput` first" in outcome.stderr
