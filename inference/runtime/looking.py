"""The probe's half in the child: a file is checked, loaded and tried on one case."""

import time
from collections import Counter
from dataclasses import asdict
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import defs

from . import onnx_checks
from .engine import Engine
from .probe_case import probe_stack

TRIALS = 2
# whatever these read, they read now: later no file can be opened
STACK = probe_stack()
defs.has("Conv", 17, "")


def look(*, foreign: bool, name: str, file: bytes) -> dict[str, Any]:
    """What `probe` tells of the file, as plain values.

    foreign: the file comes from outside, so nothing of it is run before it has
        passed the checks. Our own exports may be larger than such a file.
    """
    described = described_foreign(file, name) if foreign else described_own(file)
    engine, stack = Engine(file), STACK
    outputs, seconds = [], []
    for _ in range(TRIALS):
        start = time.perf_counter()
        outputs.append(engine.run(stack))
        seconds.append(time.perf_counter() - start)
    # one after the other, so that each has another place among its neighbours
    turned = engine.run(np.roll(stack, 1, axis=0))
    return {
        **described,
        "layout": engine.layout,
        "in_channels": engine.in_channels,
        "seconds": min(seconds),
        **described_output(outputs[-1]),
        "deterministic": all(same(outputs[0], other) for other in outputs[1:])
        and (engine.in_channels > 1 or same(np.roll(outputs[0], 1, axis=0), turned)),
    }


def same(one: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    return one.tobytes() == other.tobytes()


def described_foreign(file: bytes, name: str) -> dict[str, Any]:
    found = asdict(onnx_checks.check_onnx(file, name=name))
    return {key: found[key] for key in ("opset", "operators", "parameters", "card")}


def described_own(file: bytes) -> dict[str, Any]:
    model = onnx.ModelProto.FromString(file)
    counted = Counter(node.op_type for node in model.graph.node)
    sizes = [int(np.prod(one.dims)) for one in model.graph.initializer]
    return {
        "opset": model.opset_import[0].version,
        "operators": dict(sorted(counted.items())),
        "parameters": sum(sizes),
        "card": "",
    }


def described_output(output: NDArray[np.float32]) -> dict[str, Any]:
    """Of what it gave before it is clipped; no number where it is none."""
    if not np.isfinite(output).all():
        return {
            "finite": False,
            "output_min": 0.0,
            "output_mean": 0.0,
            "output_max": 0.0,
        }
    return {
        "finite": True,
        "output_min": float(output.min()),
        "output_mean": float(output.mean(dtype=np.float64)),
        "output_max": float(output.max()),
    }
