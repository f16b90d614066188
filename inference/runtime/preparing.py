"""Weights of a registered network become a network as ONNX, once.

torch makes the export in a process of its own, which also runs both and compares
them. What it gives is kept, with its hash, under the hash of the weights and the
versions of all that had a part in it.
"""

import hashlib
import json
import secrets
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from .errors import DIFFERENT, NetworkFailedError
from .files import NetworkFile, Prepared
from .limits import EXPORTING
from .process import Process

FORM = 1  # of the export; another one makes all exports anew
MOST_DIFFERENT = 1e-5  # in 0–1 units


def prepare(file: NetworkFile, *, cache: Path) -> Prepared:
    """What runs: an ONNX file as it is, weights as our export of their network.

    cache: a folder where exports are kept; it is made where it is missing. Raises
    NetworkFailedError if the weights do not fit their network, or if the export
    differs from it.
    """
    if file.format == "onnx":
        return Prepared(file, file.content)
    path = cache / export_name(file.content)
    kept = _kept(path, file)
    if kept is None:
        kept = _exported(file)
        _keep(kept, path)
    return kept


def export_name(content: bytes) -> str:
    versions = [_version("torch"), _version("onnxruntime"), _version("numpy")]
    key = "-".join(["export", str(FORM), *versions])
    return f"{hashlib.sha256(content).hexdigest()}-{key}.onnx"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def _exported(file: NetworkFile) -> Prepared:
    process = Process(
        "inference.runtime.torch_child",
        limits=EXPORTING,
        content_bytes=len(file.content),
        confined="writing",
    )
    try:
        process.greeting()
        answer = process.ask(
            {"file": file.content, "name": file.title}, limit_s=EXPORTING.start_s
        )
    finally:
        process.stop()
    difference = float(answer["difference"])
    if not difference <= MOST_DIFFERENT:
        told = {"difference": f"{difference:.1e}", "most": f"{MOST_DIFFERENT:g}"}
        raise NetworkFailedError(DIFFERENT % told)
    return Prepared(file, bytes(answer["file"]), difference)


def _keep(prepared: Prepared, path: Path) -> None:
    """Whole or not at all: a line of JSON about the export, then its bytes."""
    head = {
        "sha256": hashlib.sha256(prepared.content).hexdigest(),
        "difference": prepared.difference,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    # several threads and processes may make the same export at once
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    temporary.write_bytes(json.dumps(head).encode() + b"\n" + prepared.content)
    temporary.replace(path)


def _kept(path: Path, file: NetworkFile) -> Prepared | None:
    """What was kept, if it still is what it was."""
    try:
        line, _, content = path.read_bytes().partition(b"\n")
        head: dict[str, Any] = json.loads(line)
        whole = hashlib.sha256(content).hexdigest() == head["sha256"]
        difference = float(head["difference"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Prepared(file, content, difference) if whole else None
