"""Who works on a job, written so that others can tell whether they still live.

A claim names host, process namespace, process id and the moment that process
started, and ends in a random part, so that no two claims are ever equal. A
process id alone would be taken for alive when another program has got it, or
when the claim comes from another container.
"""

import os
import secrets
import socket
from pathlib import Path


def new_claim() -> str:
    pid = os.getpid()
    return "|".join(
        (_host(), _namespace(), str(pid), _started(pid), secrets.token_hex(8))
    )


def is_known_dead(claim: str) -> bool:
    """Whether the claimant lived on this very machine and has ended.

    False means alive or not to be known from here; then only time tells.
    """
    try:
        host, namespace, pid, started, _ = claim.rsplit("|", 4)
        number = int(pid)
    except ValueError:
        return False
    if (host, namespace) != (_host(), _namespace()):
        return False
    if number == os.getpid():
        return started != _started(number)
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # it lives and is someone else's
        pass
    now = _started(number)
    return _is_zombie(number) or bool(started and now and started != now)


def _host() -> str:
    return socket.gethostname()[:80]


def _namespace() -> str:
    """The process namespace (Linux); empty where there is none to be read."""
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the command's name (proc(5))."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def _started(pid: int) -> str:
    """Clock ticks from boot to the start of the process; empty if unknown."""
    fields = _stat(pid)
    return fields[19] if len(fields) > 19 else ""


def _is_zombie(pid: int) -> bool:
    """Killed but not yet collected by its parent: it will do no more work."""
    return _stat(pid)[:1] == ["Z"]
