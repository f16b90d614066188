"""Run a command against a throw-away PostgreSQL server: with_postgres.py COMMAND…

The server lives in a temporary folder, listens on a Unix socket only, and ends
with the command. Without PostgreSQL on this machine it says so and exits 0,
unless REQUIRE_ALL=1.
"""

import os
import subprocess
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])  # it is run by its path

from tests.servers import find_binaries, postgres_server  # noqa: E402


def main(command: list[str]) -> int:
    if find_binaries() is None:
        print("SKIPPED: PostgreSQL was not found; its tests were not run.")
        return 1 if os.environ.get("REQUIRE_ALL") else 0
    with postgres_server() as server:
        environment = {**os.environ, "TEST_DATABASE_URL": server.url("tests")}
        return subprocess.run(command, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
