"""One system that is backed up, and servers for those that are made from it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.made_once import made_once
from tests.migrated import put_database
from tests.servers import Postgres, find_binaries, postgres_server

from .systems import System, passphrase_file


@dataclass(frozen=True)
class Original:
    """A system that was filled, its backup and what was said then; its rows and files
    as they were. Tests of other processes look at it too: who changes it asks for a
    copy of its own."""

    system: System
    backup: Path
    said: str
    rows: dict[str, list[tuple[Any, ...]]]
    files: dict[str, bytes]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    if find_binaries() is None:
        if os.environ.get("REQUIRE_ALL"):
            pytest.fail("PostgreSQL was not found on this machine")
        pytest.skip("PostgreSQL was not found on this machine")
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Original:
    return made_once(tmp_path_factory, "original", _made)


@pytest.fixture
def copied(original: Original, tmp_path: Path) -> System:
    """The same system in a folder of the test's own, which may go on."""
    return original.system.copied(tmp_path / "copied")


def _made(folder: Path) -> Original:
    system, backup = System(folder / "var"), folder / "sealed.backup"
    put_database(system.folder)
    system.told("tests.operations.filling")
    sealed = passphrase_file(folder)
    said = system.manage("backup", str(backup), f"--passphrase-file={sealed}")
    return Original(system, backup, said, system.rows(), system.files())
