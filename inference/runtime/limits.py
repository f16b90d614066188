"""What a network may use up, as its own process sees to it. Standard library only."""

import contextlib
import json
import os
import resource
import sys
import tempfile
from dataclasses import asdict, dataclass

from . import isolation

MIB = 2**20
SLICES = 16  # as many as are computed together


@dataclass(frozen=True)
class Limits:
    """memory_mib: address space beside what the network's own file takes.
    case_s: wall time for the slices of one case; of a large stack, for SLICES of it.
    start_s: wall time until the network is loaded.
    processor_s: processor time altogether, None without end.
    """

    memory_mib: int = 3072
    case_s: float = 60.0
    start_s: float = 60.0
    processor_s: int | None = None


SERVING = Limits()
PROBING = Limits(memory_mib=2048, case_s=20.0, start_s=30.0, processor_s=60)
EXPORTING = Limits(memory_mib=8192, case_s=300.0, start_s=300.0)


@dataclass(frozen=True)
class Orders:
    """What a child is told as it is started, before it sees a byte of a network.

    content_bytes: length of the network's file; it is held several times in memory.
    confined: whether files, programs and sockets are out of reach ("all"), only the
        network is ("network"), or writing, programs and network are ("writing").
    """

    parent: int
    limits: Limits
    content_bytes: int
    confined: isolation.Level
    probing: bool = False

    def to_argument(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_argument(cls, text: str) -> "Orders":
        told = json.loads(text)
        return cls(**{**told, "limits": Limits(**told["limits"])})


def begin(orders: Orders) -> list[str]:
    """First of all, while the process has one thread; what keeps it off the network.

    It ends with its parent, whatever it does.
    """
    isolation.die_with(orders.parent)
    return ["namespace"] if isolation.leave_network() else []


def confine(orders: Orders) -> list[str]:
    """Once everything of ours is imported, before the network's file is read.

    The folder it stands in from now on is empty and stays so: it is no longer there.
    """
    try:
        folder = tempfile.mkdtemp()
        os.chdir(folder)
        os.rmdir(folder)  # noqa: PTH106
    except OSError:  # a disk that takes nothing is as good
        os.chdir("/")
    limits = orders.limits
    bytes_ = limits.memory_mib * MIB + 4 * orders.content_bytes
    wanted = [(resource.RLIMIT_FSIZE, 0, 0), (resource.RLIMIT_CORE, 0, 0)]
    if orders.confined == "all":  # torch and CUDA reserve more than they use
        wanted.append((resource.RLIMIT_AS, bytes_, bytes_))
    if (seconds := limits.processor_s) is not None:
        # at the second one the signal would not say why
        wanted.append((resource.RLIMIT_CPU, seconds, seconds + 1))
    for what, soft, hard in wanted:
        with contextlib.suppress(ValueError, OSError):  # not known to every system
            resource.setrlimit(what, (soft, hard))
    return ["filter"] if isolation.filter_calls(orders.confined) else []


def orders_given() -> Orders:
    return Orders.from_argument(sys.argv[1])
