"""Whether the process beside this is well; for a container's health check.

    healthy.py web      the web server says it is ready
    healthy.py celery   process 1 is a Celery process and is not a zombie

Whether a worker works is the business of its row in the database: each says twice a
minute that it lives, and a job whose worker is silent goes to another.
"""

import http.client
import sys
from pathlib import Path

STATUS_S = 8


def web() -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", 8000, timeout=STATUS_S)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def celery() -> bool:
    """With `init: true` process 1 is the init, and Celery its child."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:  # ended meanwhile
            continue
        if state != "Z" and any(word.endswith(b"/celery") for word in words[:3]):
            return True
    return False


if __name__ == "__main__":
    sys.exit(not {"web": web, "celery": celery}[sys.argv[1]]())
