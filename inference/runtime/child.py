"""The process that a network runs in: `python -m inference.runtime.child ORDERS`.

It ends when its pipe or its parent does.
"""

import os
import platform
import sys
from typing import IO, TYPE_CHECKING

from . import limits

if TYPE_CHECKING:
    from .engine import Engine

OUT_OF_MEMORY = ("allocate memory", "bad allocation", "bad_alloc")


def main() -> None:
    orders = limits.orders_given()
    kept_off = limits.begin(orders)
    # only now: these start threads, and a process of several takes no namespace
    from . import engine, wire

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what libraries print goes nowhere
    kept_off += limits.confine(orders)
    try:
        network = engine.Engine(wire.receive(sys.stdin.buffer)["content"])
        told = {
            "engine": "onnxruntime",
            "versions": {"python": platform.python_version(), **engine.versions()},
            "device": "cpu",
            "threads": engine.THREADS,
            "kept_off_the_network_by": kept_off,
        }
        wire.send(answers, {"told": told})
        serve(network, answers)
    except EOFError:
        return
    except Exception as error:  # whatever ONNX Runtime stumbles over
        wire.send(answers, failure(error))


def serve(network: "Engine", answers: IO[bytes]) -> None:
    """Stacks in, outputs out, until the pipe ends."""
    import numpy as np

    from . import wire

    while True:
        stacks = wire.receive(sys.stdin.buffer)["stacks"]
        output = np.stack([network.run(stack) for stack in stacks])
        wire.send(answers, {"output": output})


def failure(error: Exception) -> dict[str, str]:
    text = str(error)
    if isinstance(error, MemoryError) or any(sign in text for sign in OUT_OF_MEMORY):
        return {"failed": "memory"}
    return {"failed": type(error).__name__, "reason": text or type(error).__name__}


if __name__ == "__main__":
    main()
