"""Whoever runs the site is told which part does not work, and readers' part of it."""

from typing import Any

import pytest
from django.test import Client

from readerstudy.operations import health
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def looked_at_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "KEPT_S", -1.0)
    monkeypatch.setattr(health.health, "_seen", None)  # nor what is seen here later


def break_part(monkeypatch: pytest.MonkeyPatch, name: str, error: Exception) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setitem(health.PARTS, name, (fail, health.PARTS[name][1]))


def test_a_site_that_is_well_says_so_of_each_part(client: Client) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {
        "ready": True,
        "database": "ok",
        "migrations": "ok",
        "broker": "ok",
        "storage": "ok",
    }
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize("part", ["database", "migrations", "storage"])
def test_what_readers_need_is_named_and_the_site_is_not_ready(
    client: Client, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    break_part(monkeypatch, part, OSError("host db.internal, account reads"))
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()[part] == "failed: OSError"
    assert b"internal" not in response.content


def test_without_the_broker_readers_go_on(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_part(monkeypatch, "broker", ConnectionError("redis.internal"))
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json()["broker"] == "failed: ConnectionError"


def test_a_broker_that_is_away_is_noticed(settings: Any) -> None:
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    with pytest.raises(Exception, match="refused"):
        health.broker_answers()


def test_a_migration_that_waits_is_counted(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db.migrations.executor import MigrationExecutor

    waiting = [("reading.0010", False), ("stats.0002", False)]
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda *a, **b: waiting)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["migrations"] == "failed: 2 waiting: manage.py migrate"


def test_a_folder_that_cannot_be_written_is_noticed(
    client: Client, settings: Any, tmp_path: Any
) -> None:
    (tmp_path / "file").write_text("")
    settings.MEDIA_ROOT = tmp_path / "file" / "media"
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["storage"].startswith("failed: ")


def test_the_look_leaves_nothing_behind(
    client: Client, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    client.get("/readyz")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_who_asks_often_makes_no_work(
    client: Client, monkeypatch: pytest.MonkeyPatch, cast: Cast
) -> None:
    monkeypatch.setattr(health, "KEPT_S", 60.0)
    client.get("/readyz")
    break_part(monkeypatch, "database", OSError())
    assert client.get("/readyz").status_code == 200
