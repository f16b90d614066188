"""A network tried on one case before it is taken in."""

import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from .errors import NO_ANSWER, NOT_FINITE, NetworkFailedError
from .files import NetworkFile
from .limits import PROBING, Limits
from .preparing import prepare
from .session import start


@dataclass(frozen=True)
class Probe:
    """What was seen of a network in a process of its own.

    operators: how often each occurs. parameters: numbers stored in the graph.
    seconds: wall time for the five slices of a case, the better of two.
    peak_mib: what its process took at most, Python and ONNX Runtime included.
    output_min, output_mean, output_max: of its output before it is clipped to 0–1.
    deterministic: the same images came out as the same bytes, in any order.
    network_blocked: its process was refused a connection when it asked for one.
    card: the text of the file's own card, empty if it has none.
    """

    layout: str
    in_channels: int
    opset: int
    operators: dict[str, int]
    parameters: int
    seconds: float
    peak_mib: int
    output_min: float
    output_mean: float
    output_max: float
    deterministic: bool
    network_blocked: bool
    engine: str
    versions: dict[str, str]
    card: str

    def to_json(self) -> dict[str, Any]:
        """As plain values, without the card: that is kept by itself."""
        return {key: value for key, value in asdict(self).items() if key != "card"}


def probe(file: NetworkFile, *, cache: Path, limits: Limits = PROBING) -> Probe:
    """Try `file` on one case. Refused with a sentence if it may not or cannot run."""
    prepared = prepare(file, cache=cache)
    process, told = start(prepared, limits=limits, probing=True)
    try:
        answer = process.ask(
            {
                "probe": {"foreign": file.format == "onnx", "name": file.title},
                "file": prepared.content,
            },
            limit_s=limits.start_s + limits.case_s,
        )
        peak_mib = process.peak_mib
    finally:
        process.stop()
    found = answer.get("found")
    if not isinstance(found, dict):
        raise NetworkFailedError(NO_ANSWER)
    if not found.pop("finite", False):
        raise NetworkFailedError(NOT_FINITE)
    seen = {key: told[key] for key in TOLD} | {"peak_mib": peak_mib}
    return _probe({**found, **seen})


TOLD = ("engine", "versions", "network_blocked")


def _probe(found: dict[str, Any]) -> Probe:
    """Its process may have been taken over: only what is named here is kept."""
    kinds = {field.name: field.type for field in fields(Probe)}
    if set(found) != set(kinds) or not all(
        type(value) is _plain(kinds[name])
        and not (isinstance(value, float) and not math.isfinite(value))
        for name, value in found.items()
    ):
        raise NetworkFailedError(NO_ANSWER)
    return Probe(**found)


def _plain(kind: Any) -> type:
    return getattr(kind, "__origin__", kind)  # type: ignore[no-any-return]
