"""Production installs what was asked for, each by its hash, and nothing by chance."""

import json
import re
import subprocess

import pytest

from tests.supply import audit
from tests.supply.locks import LOCKS, ROOT, asked, locked

pytestmark = pytest.mark.pure


def test_the_locks_fit_what_is_required() -> None:
    """After a change of requirements*.txt: make lock, make licences."""
    required = asked("requirements.txt", "requirements-postgres.txt")
    torch = required.pop("torch")
    everywhere = {one.name: one.version for one in locked("requirements.lock")}
    assert required.items() <= everywhere.items()
    for name in ("requirements-cpu.lock", "requirements-cuda.lock"):
        assert {one.name: one.version for one in locked(name)}["torch"] == torch


@pytest.mark.parametrize("name", LOCKS)
def test_every_line_has_a_hash_and_an_exact_version(name: str) -> None:
    assert all(one.hashes for one in locked(name))
    text = (ROOT / name).read_text()
    loose = re.findall(r"^(?!#|    --hash|[a-z0-9.-]+==).+$", text, re.MULTILINE)
    assert loose == []


@pytest.mark.parametrize("name", LOCKS)
def test_no_lock_names_where_packages_are_fetched(name: str) -> None:
    text = (ROOT / name).read_text()
    assert not re.search("://|--index|--find-links|file:", text)


def test_what_locks_share_has_one_version() -> None:
    common = {(one.name, one.where): one.version for one in locked("requirements.lock")}
    for name in ("requirements-cpu.lock", "requirements-cuda.lock"):
        for one in locked(name):
            assert common.get((one.name, one.where), one.version) == one.version


def test_the_audit_tells_apart_all_is_well_and_nobody_was_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """pip-audit ends with 0 where its database knows nothing at all."""
    flawed = {"name": "a", "version": "1", "vulns": [{"id": "X-1", "fix_versions": []}]}
    well = {"name": "a", "version": "1", "vulns": []}
    unknown = {"name": "a", "version": "1", "skip_reason": "not found"}

    def run_with(*found: object) -> int:
        told = json.dumps({"dependencies": found})
        monkeypatch.setattr(
            audit.subprocess,
            "run",
            lambda *a, **k: subprocess.CompletedProcess([], 0, told, ""),
        )
        return audit.main()

    assert run_with(well) == audit.ALL_WELL
    assert run_with(unknown) == audit.UNKNOWN
    assert "NOTHING IS KNOWN" in capsys.readouterr().out
    assert run_with(well, flawed) == audit.FLAWED
    assert "X-1" in capsys.readouterr().out
