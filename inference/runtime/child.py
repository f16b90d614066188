"""The process that a network runs in: `python -m inference.runtime.child ORDERS`.

It says what it is before it sees a network, then loads one, then works on what comes
until its pipe or its parent ends.
"""

import platform
from typing import IO, TYPE_CHECKING, Any

from readerstudy.imaging.pipes import ends

from . import limits

if TYPE_CHECKING:
    from .engine import Engine

OUT_OF_MEMORY = ("allocate memory", "bad allocation", "bad_alloc")


def main() -> None:
    orders = limits.orders_given()
    blocked_by = limits.begin(orders)
    # only now: these start threads, and a process of several takes no namespace
    from . import engine, wire
    from .isolation import network_blocked

    asked, answers = ends()
    if orders.probing:
        from . import looking  # noqa: F401 - nothing can be imported later
    blocked_by += limits.confine(orders)
    told = {
        "engine": "onnxruntime",
        "versions": {"python": platform.python_version(), **engine.versions()},
        "device": "cpu",
        "threads": engine.THREADS,
        "network_blocked": network_blocked(),
        "network_blocked_by": blocked_by,
    }
    wire.send(answers, {"told": told})
    try:
        work(wire.receive(asked), asked, answers)
    except EOFError:
        return
    except Exception as error:  # whatever ONNX Runtime stumbles over
        wire.send(answers, failure(error))


def work(message: dict[str, Any], asked: IO[bytes], answers: IO[bytes]) -> None:
    from . import engine, wire

    if "probe" in message:
        from .looking import look

        wire.send(answers, {"found": look(**message["probe"], file=message["file"])})
        return
    network = engine.Engine(message["file"])
    wire.send(answers, {"ready": True})
    serve(network, asked, answers)


def serve(network: "Engine", asked: IO[bytes], answers: IO[bytes]) -> None:
    """Stacks in, outputs out, until the pipe ends."""
    import numpy as np

    from . import wire

    while True:
        stacks = wire.receive(asked)["stacks"]
        output = np.stack([network.run(stack) for stack in stacks])
        wire.send(answers, {"output": output})


def failure(error: Exception) -> dict[str, str]:
    from readerstudy.imaging.errors import Refused

    text = str(error)
    if isinstance(error, Refused):
        return {"failed": "refused", "reason": text}
    if isinstance(error, MemoryError) or any(sign in text for sign in OUT_OF_MEMORY):
        return {"failed": "memory"}
    return {"failed": type(error).__name__, "reason": text or type(error).__name__}


if __name__ == "__main__":
    main()
