"""Run a command against a throw-away PostgreSQL server: with_postgres.py COMMAND…

The server lives in a temporary folder, listens on a Unix socket only, and ends
with the command. Without PostgreSQL on this machine it says so and exits 0,
unless REQUIRE_ALL=1.
"""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def find_binaries() -> Path | None:
    if found := shutil.which("initdb"):
        return Path(found).parent
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: int(path.parts[-3]),
    )
    return versions[-1].parent if versions else None


def main(command: list[str]) -> int:
    binaries = find_binaries()
    if binaries is None:
        print("SKIPPED: PostgreSQL was not found; its tests were not run.")
        return 1 if os.environ.get("REQUIRE_ALL") else 0
    # PostgreSQL refuses to run as root; its package brings an account for it
    owner = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    as_owner = ["setpriv", f"--reuid={owner}", f"--regid={owner}", "--clear-groups"]
    prefix = as_owner if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        folder = Path(name)
        shutil.chown(folder, owner)
        data = folder / "data"
        control = [*prefix, str(binaries / "pg_ctl"), "-D", str(data), "-s", "-w"]
        subprocess.run(
            [*prefix, str(binaries / "initdb"), f"--pgdata={data}", "--username=tests"]
            + ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
        )
        options = f"-k {folder} -c listen_addresses= -c fsync=off"
        start = [*control, "-l", str(folder / "log"), "-o", options, "start"]
        subprocess.run(start, check=True, cwd=folder)
        folder.chmod(0o711)  # the tests connect as another user than the owner
        url = f"postgres://tests@%2F{str(folder).strip('/').replace('/', '%2F')}/tests"
        try:
            return subprocess.run(
                command, env={**os.environ, "TEST_DATABASE_URL": url}
            ).returncode
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], cwd=folder)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
