"""What is backed up comes back: every value, every file, on either database."""

import json
import sqlite3
from typing import Any

import pytest

from .conftest import Original
from .systems import System, passphrase_file

pytestmark = pytest.mark.sqlite  # brings its own PostgreSQL: once is enough

OTHERWISE = {
    *("django_migrations", "django_session", "inference_worker", "stats_reportwork"),
    *("cases_upload", "cases_uploadfile"),  # files on their way are not in a backup
    *("audit_auditevent", "sqlite_sequence"),  # one goes on; looked at by themselves
}
GUARDED = ("audit_auditevent", "stats_frozenreport")
Rows = dict[str, list[tuple[Any, ...]]]


def without(rows: Rows) -> Rows:
    return {name: of for name, of in rows.items() if name not in OTHERWISE}


def plain(value: Any) -> Any:
    """JSON as what it says: PostgreSQL sorts keys and writes numbers its own way."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        return json.dumps(_numbers(json.loads(value)), sort_keys=True)
    return value


def _numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _numbers(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_numbers(one) for one in value]
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) + 0.0 if is_number else value


def as_said(rows: Rows) -> Rows:
    return {
        name: sorted((tuple(map(plain, row)) for row in of), key=repr)
        for name, of in without(rows).items()
    }


def events(rows: Rows) -> list[tuple[Any, ...]]:
    return sorted(rows["audit_auditevent"], key=lambda row: row[0])


def assert_came_back(original: Original, restored: System, *, acts: list[str]) -> None:
    """acts: what the log has more."""
    before, after = events(original.rows), events(restored.rows())
    assert [tuple(map(plain, e)) for e in after[: len(before)]] == [
        tuple(map(plain, event)) for event in before
    ]
    assert [event[4] for event in after[len(before) :]] == acts
    assert restored.files() == original.files
    assert len(original.files) == 26


@pytest.fixture(scope="module")
def restored(original: Original, tmp_path_factory) -> System:
    folder = tmp_path_factory.mktemp("restored")
    system, sealed = System(folder / "var"), passphrase_file(folder)
    said = system.manage("restore", str(original.backup), f"--passphrase-file={sealed}")
    assert "The audit log is whole" in said
    assert "2 uploads were not done" in said
    return system


def test_every_value_and_file_comes_back(original: Original, restored: System):
    assert without(restored.rows()) == without(original.rows)
    assert len(restored.rows()["reading_score"]) == 20
    assert_came_back(original, restored, acts=["system.restore"])


def test_numbers_of_rows_that_are_gone_are_not_given_again(
    original: Original, restored: System
):
    before = dict(original.rows["sqlite_sequence"])
    after = dict(restored.rows()["sqlite_sequence"])
    users = max(row[0] for row in original.rows["auth_user"])
    assert after["auth_user"] == before["auth_user"] > users


def test_a_sealed_backup_brings_the_key_that_patients_are_known_by(
    original: Original, restored: System
):
    keys = [
        (system.folder / "identity-key").read_text()
        for system in (original.system, restored)
    ]
    assert keys[0] == keys[1]
    verified = restored.manage("verify_audit")  # the profile takes it for its own
    assert "The audit chain is whole" in verified


def test_files_on_their_way_are_to_be_sent_again_and_everybody_logs_in_again(
    restored: System,
):
    rows = restored.rows()
    said = [set(row) for row in rows["cases_upload"]]
    assert len(said) == 2  # nobody's, in the inbox, is gone
    assert all("done" in row or "failed" in row for row in said)
    assert rows["cases_uploadfile"] == []
    assert rows["inference_worker"] == rows["django_session"] == []


def test_what_is_not_in_a_backup_or_was_damaged_already_is_said(original: Original):
    for name in ("sessions.session", "uploads", "exports", "queue", "secret-key"):
        assert f"  {name}: " in original.said
    assert "identity-key:" not in original.said
    assert original.said.count(" is missing\n") == 1
    assert original.said.count(" is not what was stored\n") == 1
    assert original.backup.stat().st_mode & 0o777 == 0o600


def test_the_database_keeps_its_promises_after_a_restore(restored: System):
    for table in GUARDED:
        with (
            sqlite3.connect(restored.folder / "db.sqlite3") as database,
            pytest.raises(sqlite3.IntegrityError, match="never changed"),
        ):
            database.execute(f"UPDATE {table} SET reason = 'another'")


def test_a_system_moves_to_postgresql_and_back_with_every_value(
    original: Original, postgres, tmp_path
):
    import psycopg

    moved = System(tmp_path / "moved", postgres.create_database())
    back, sealed = System(tmp_path / "back"), passphrase_file(tmp_path)
    key = f"--passphrase-file={sealed}"
    moved.manage("restore", str(original.backup), key)
    with psycopg.connect(moved.database_url) as database:
        for table in GUARDED:
            with pytest.raises(psycopg.IntegrityError, match="never changed"):
                database.execute(f"UPDATE {table} SET reason = 'another'")
            database.rollback()
        added = "INSERT INTO auth_group (name) VALUES ('x') RETURNING id"
        (group,) = database.execute(added).fetchone()
        assert group == max(row[0] for row in original.rows["auth_group"]) + 1
        database.rollback()
    moved.manage("backup", str(tmp_path / "moved.backup"), key)
    back.manage("restore", str(tmp_path / "moved.backup"), key)
    assert as_said(back.rows()) == as_said(original.rows)
    acts = ["system.restore", "system.backup", "system.restore"]
    assert_came_back(original, back, acts=acts)
    for found in moved.told("tests.operations.writing", str(tmp_path)):
        assert_is_of_one_moment(found)


def assert_is_of_one_moment(found: dict[str, Any]) -> None:
    assert found["cohorts"] == found["cohort events"]
    assert found["answers"] == found["submitted"] == found["read events"]
    assert found["sequence"]
    assert found["told"]


def test_a_backup_is_of_one_moment_while_readers_go_on(copied: System, tmp_path):
    made = copied.told("tests.operations.writing", str(tmp_path))
    for found in made:
        assert_is_of_one_moment(found)
    assert made[-1]["written meanwhile"]
    assert made[-1]["cohorts"] > made[0]["cohorts"]
