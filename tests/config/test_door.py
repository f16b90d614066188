"""Processes that write to SQLite wait for one another, but not for ever."""

import fcntl
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.db import OperationalError, connection, connections, transaction

from readerstudy.config.sqlite.base import DatabaseWrapper
from readerstudy.config.sqlite.door import Door
from readerstudy.config.sqlite.turns import TURNS

pytestmark = pytest.mark.sqlite


@contextmanager
def somebody_in(path: Path) -> Iterator[None]:
    """As a process that was stopped in the middle of its transaction."""
    file = os.open(path, os.O_CREAT | os.O_RDWR)
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(file)


def test_who_waits_too_long_at_the_door_goes_away_and_leaves_it_open(
    tmp_path: Path,
) -> None:
    door, other = Door(f"{tmp_path}/turn"), Door(f"{tmp_path}/turn")
    before = threading.active_count()
    with somebody_in(tmp_path / "turn"):
        assert not door.enter(timeout=0.05)
        assert not door.enter(timeout=0.05)
        assert threading.active_count() <= before + 1  # however often one asks
    assert other.enter(timeout=20)
    assert not door.enter(timeout=0.05)
    other.leave()
    assert door.enter(timeout=20)
    assert not other.enter(timeout=0.05)
    door.leave()


def test_who_is_called_while_waiting_goes_in(tmp_path: Path) -> None:
    door, other = Door(f"{tmp_path}/turn"), Door(f"{tmp_path}/turn")
    for _ in range(50):
        assert other.enter(timeout=20)
        threading.Timer(0.002, other.leave).start()
        assert door.enter(timeout=20)
        door.leave()


def test_a_child_that_inherited_the_file_keeps_nobody_out(tmp_path: Path) -> None:
    door, other = Door(f"{tmp_path}/turn"), Door(f"{tmp_path}/turn")
    assert door.enter(timeout=20)
    assert door._file is not None
    child = subprocess.Popen(["sleep", "60"], pass_fds=[door._file])
    try:
        door.leave()
        assert other.enter(timeout=20)
    finally:
        child.kill()
        child.wait()


def test_where_there_can_be_no_door_everybody_goes_in(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    door = Door(f"{tmp_path}/no-such-folder/turn")
    assert door.enter(timeout=0)
    assert "waits in no order" in caplog.text
    door.leave()


@pytest.fixture
def written(
    tmp_path: Path, django_db_blocker: pytest.FixtureRequest
) -> Iterator[DatabaseWrapper]:
    """A database of its own, in a file, whose writers wait a fifth of a second."""
    settings = {
        **connections.settings["default"],
        "NAME": tmp_path / "db.sqlite3",
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 0.2},
    }
    with django_db_blocker.unblock():
        connections["written"] = wrapper = DatabaseWrapper(settings, alias="written")
        with wrapper.schema_editor() as editor:
            editor.create_model(Group)
        yield wrapper
        wrapper.close()
        del connections["written"]


def test_behind_a_stopped_process_a_writer_is_told_and_the_next_one_writes(
    written: DatabaseWrapper, tmp_path: Path
) -> None:
    def write(name: str) -> None:
        with transaction.atomic(using="written"):
            Group.objects.using("written").create(name=name)

    with somebody_in(tmp_path / "db.sqlite3-turn"):
        for name in ("first", "second"):
            with pytest.raises(OperationalError, match="database is locked"):
                write(name)
    written.settings_dict["OPTIONS"]["timeout"] = 20
    written.close()  # the next connection waits for so long
    write("third")
    assert Group.objects.using("written").get().name == "third"


def test_a_connection_that_is_closed_in_its_transaction_keeps_no_turn(
    written: DatabaseWrapper, tmp_path: Path
) -> None:
    with pytest.raises(LookupError), transaction.atomic(using="written"):
        Group.objects.using("written").create(name="lost")
        written.close()
        raise LookupError
    assert TURNS[f"{tmp_path}/db.sqlite3"].take(timeout=20)
    TURNS[f"{tmp_path}/db.sqlite3"].give()


def test_inner_transactions_have_their_outer_ones_turn(
    written: DatabaseWrapper, tmp_path: Path
) -> None:
    turns = TURNS[f"{tmp_path}/db.sqlite3"]
    with transaction.atomic(using="written"):
        with pytest.raises(LookupError), transaction.atomic(using="written"):
            Group.objects.using("written").create(name="taken back")
            raise LookupError
        with transaction.atomic(using="written"):
            Group.objects.using("written").create(name="kept")
        assert not turns.take(timeout=0.01)
    assert turns.take(timeout=20)
    turns.give()
    assert Group.objects.using("written").get().name == "kept"


@pytest.mark.parametrize("name", [":memory:", "file:here?mode=memory&cache=shared"])
def test_a_database_in_memory_has_no_door(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    django_db_blocker: pytest.FixtureRequest,
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = {
        **connections.settings["default"],
        "NAME": name,
        "OPTIONS": {"transaction_mode": "IMMEDIATE"},
    }
    with django_db_blocker.unblock():
        wrapper = DatabaseWrapper(settings, alias="written")
        monkeypatch.setattr(connections._connections, "written", wrapper, raising=False)
        with transaction.atomic(using="written"):
            wrapper.cursor().execute("CREATE TABLE one (two)")
        wrapper.connection.close()
    assert list(tmp_path.iterdir()) == []
    assert name not in TURNS
    assert connection.vendor == "sqlite"
