"""`make licences`: docs/licences.md, from the lock files and what packages declare."""

import sys
from importlib.metadata import PackageNotFoundError, metadata

from .locks import LOCKS, ROOT, locked

PAGE = ROOT / "docs" / "licences.md"
NVIDIA = "NVIDIA's own terms (not free software)"
# What is not installed where this is written, or says nothing a reader can use.
KNOWN = {
    "async-timeout": "Apache-2.0",
    "colorama": "BSD-3-Clause",
    "cuda-bindings": NVIDIA,
    "cuda-pathfinder": "Apache-2.0",
    "cuda-toolkit": NVIDIA,
    "fido2": "BSD-2-Clause (a list of domains within: MPL-2.0)",
    "imagecodecs": "BSD-3-Clause (what it bundles: decisions.md)",
    "nvidia-nccl-cu13": "BSD-3-Clause",
    "nvidia-nvtx": "Apache-2.0",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
    "qrcode": "BSD-3-Clause",
    "triton": "MIT",
    "tzdata": "Apache-2.0",
}
SHORT = {
    "Apache Software License": "Apache-2.0",
    "BSD 3-Clause OR Apache-2.0": "BSD-3-Clause OR Apache-2.0",
    "BSD License": "BSD",
    "3-Clause BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
HEAD = """# Licences of what is shipped

This software: Apache-2.0 (LICENSE). What production installs beside it, from the lock
files; written by `make licences`, held by `tests/supply/test_licences.py`. Why each is
here: [decisions.md](decisions.md).

- **No package is under the GPL or AGPL.** psycopg is under the LGPL-3.0: it is used
  unmodified through its public interface and can be replaced by its user, as that
  licence asks.
- `certifi` and a list within `fido2` are under the MPL-2.0, unmodified.
- NVIDIA's libraries are not free software. They are in the image `worker-cuda` alone,
  which whoever builds it downloads from NVIDIA under NVIDIA's terms;
  nothing needs them.
- Vendored in `static/vendor`, with their licences beside them: htmx (0BSD),
  tus-js-client (MIT).
- Programs beside the site, neither linked nor shipped: PostgreSQL (PostgreSQL
  Licence), Redis 7.2 (BSD-3-Clause) or another server of its protocol, nginx
  (BSD-2-Clause), Python (PSF-2.0), Debian's packages in a base image.

| package | version | licence | in |
|---|---|---|---|
"""


def licence_of(name: str) -> str:
    if name in KNOWN:
        return KNOWN[name]
    if name.startswith("nvidia-"):
        return NVIDIA
    try:
        told = metadata(name)
    except PackageNotFoundError:
        return ""
    if expression := told.get("License-Expression"):
        return str(expression)
    classes = [
        one.rpartition(" :: ")[2]
        for one in told.get_all("Classifier") or []
        if one.startswith("License ::")
    ]
    found = classes or [(told.get("License") or "").split("\n")[0]]
    return ", ".join(SHORT.get(one, one) for one in found)


def lines() -> list[str]:
    """One a package; of several versions by Python's, all."""
    seen: dict[tuple[str, str], list[str]] = {}
    for lock, image in LOCKS.items():
        for one in locked(lock):
            where = seen.setdefault((one.name, one.version), [])
            if not where or where == ["worker"]:
                where.append(image)
    return [
        f"| {name} | {version} | {licence_of(name)} | {', '.join(where)} |"
        for (name, version), where in sorted(seen.items())
    ]


def page() -> str:
    return HEAD + "\n".join(lines()) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
    sys.stdout.write(f"{PAGE.relative_to(ROOT)}: {len(lines())} packages\n")
