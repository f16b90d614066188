"""One system that is backed up, and servers for those that are made from it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers import Postgres, find_binaries, postgres_server

from .systems import System, passphrase_file


@dataclass(frozen=True)
class Original:
    """A system that was filled, what its backup said, and the backup."""

    system: System
    backup: Path
    said: str


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    if find_binaries() is None:
        pytest.skip("PostgreSQL was not found on this machine")
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Original:
    folder = tmp_path_factory.mktemp("original")
    system = System(folder / "var")
    system.told("tests.operations.filling")
    backup = folder / "sealed.backup"
    sealed = passphrase_file(folder)
    said = system.manage("backup", str(backup), f"--passphrase-file={sealed}")
    return Original(system, backup, said)
