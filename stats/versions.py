"""Which program computes: its version, its code and the libraries that it uses."""

import hashlib
import platform
import tomllib
from functools import cache
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
LIBRARIES = ("django", "numpy", "scipy", "statsmodels", "pydantic")


@cache
def program_version() -> str:
    project = (HERE.parent / "pyproject.toml").read_bytes()
    return str(tomllib.loads(project.decode())["project"]["version"])


@cache
def program_sha256() -> str:
    """Of every module of this app, by path: what computed the numbers."""
    digest = hashlib.sha256()
    for path in sorted(HERE.rglob("*.py")):
        digest.update(path.relative_to(HERE).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def library_versions() -> dict[str, str]:
    found = {name: version(name) for name in LIBRARIES}
    return {"python": platform.python_version(), **found}
