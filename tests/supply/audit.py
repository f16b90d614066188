"""`make audit`: whether any locked package has a known flaw.

pip-audit asks a database in the internet. Where there is none it finds nothing in
nothing and says so as if all were well; here that is told apart, and what can be seen
without it is looked at: that each package is locked by hash, and to one version.
"""

import json
import subprocess
import sys

from .locks import LOCKS, ROOT, locked

ALL_WELL, FLAWED, UNKNOWN = 0, 1, 2


def asked_database(name: str) -> tuple[list[str], list[str], str]:
    """Flaws; packages the database does not know; why it could not be asked."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(ROOT / name)]
    command += ["--require-hashes", "--disable-pip", "--format=json"]
    outcome = subprocess.run(
        [*command, "--progress-spinner=off"], capture_output=True, text=True, cwd=ROOT
    )
    try:
        found = json.loads(outcome.stdout)["dependencies"]
    except (ValueError, KeyError):
        last_words = outcome.stderr.strip().splitlines()[-1:]
        return [], [], "".join(last_words) or "it says nothing"
    flaws = [
        f"{one['name']} {one['version']}: {flaw['id']}, mended in "
        f"{', '.join(flaw['fix_versions']) or 'no version yet'}"
        for one in found
        for flaw in one.get("vulns", [])
    ]
    unknown = [one["name"] for one in found if "skip_reason" in one]
    known = len(found) - len(unknown)
    return flaws, unknown, "" if known else "it knows none of the packages"


def unhashed(name: str) -> list[str]:
    return [f"{one.name} {one.version}" for one in locked(name) if not one.hashes]


def main() -> int:
    worst = ALL_WELL
    for name in LOCKS:
        if loose := unhashed(name):
            print(f"{name}: without a hash: {', '.join(loose)}")
            worst = FLAWED
        flaws, unknown, why_not = asked_database(name)
        for flaw in flaws:
            print(f"{name}: {flaw}")
            worst = FLAWED
        if why_not:
            print(
                f"{name}: the database of known flaws cannot be asked ({why_not}). "
                f"NOTHING IS KNOWN of {len(locked(name))} packages."
            )
            worst = worst or UNKNOWN
        elif not flaws:
            print(f"{name}: no known flaw; not in the database: {unknown or 'none'}")
    if worst == UNKNOWN:
        print("Run this where the package index can be reached: docs/deploy.md.")
    return worst


if __name__ == "__main__":
    sys.exit(main())
