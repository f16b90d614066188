"""The lock files, read."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
LOCKS = {
    "requirements.lock": "every image",
    "requirements-cpu.lock": "worker",
    "requirements-cuda.lock": "worker-cuda",
}
PIN = re.compile(r"^([a-z0-9][a-z0-9.-]*)==([^ ;\\]+)([^\\]*)", re.MULTILINE)


class Locked(NamedTuple):
    name: str
    version: str  # without the build, as +cpu
    where: str  # under which conditions pip installs it; empty: always
    hashes: int


def normal(name: str) -> str:
    """As package indexes write names (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(name: str) -> list[Locked]:
    text = (ROOT / name).read_text()
    found = list(PIN.finditer(text))
    ends = [one.start() for one in found[1:]] + [len(text)]
    return [
        Locked(
            one[1],
            one[2].partition("+")[0],
            one[3].strip(" ;"),
            text.count("--hash=sha256:", one.start(), end),
        )
        for one, end in zip(found, ends, strict=True)
    ]


def asked(*names: str) -> dict[str, str]:
    """Name and version of every line of the requirements that people write."""
    pins = {}
    for name in names:
        for line in (ROOT / name).read_text().splitlines():
            if "==" in line and not line.startswith(("#", "-")):
                package, _, version = line.partition("==")
                pins[normal(package.partition("[")[0])] = version.strip()
    return pins
