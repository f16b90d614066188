"""Weights as safetensors, with everything one must know about them inside.

Nothing is unpickled, and no torch is needed: `tensors` reads the numbers, `cards` the
card in the file's metadata.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop

from .cards import CARD_FORMAT, DIGEST, WeightsCard, parse_card
from .tensors import HEADER_LIMIT, parse_tensors, to_eight_bit_tensors

__all__ = [
    "CARD_FORMAT",
    "DIGEST",
    "HEADER_LIMIT",
    "Parameters",
    "WeightsCard",
    "WeightsFile",
    "check_shapes",
    "parse_card",
    "parse_weights",
    "read_weights",
    "refuse_unsafe_name",
    "write_weights",
]

FILE_LIMIT = 2 * 2**30  # bytes
UNSAFE_SUFFIXES = (
    ".pt",
    ".pth",
    ".pt2",
    ".pkl",
    ".pickle",
    ".ckpt",
    ".h5",
    ".hdf5",
    ".keras",
)

Parameters = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True)
class WeightsFile:
    """A checked file: its card, its numbers, and the SHA-256 of all its bytes."""

    card: WeightsCard
    parameters: dict[str, NDArray[np.float32]]
    sha256: str


def write_weights(
    path: Path, *, card: WeightsCard, parameters: Parameters, eight_bit: bool = False
) -> str:
    """Write the file whole or not at all; its SHA-256. Same input, same bytes.

    eight_bit: large tensors take a quarter of the space, each number rounded to one
        of 255 steps; who reads the file gets float32 again. A network that is judged
        must have been read from the file that is shipped.
    """
    from safetensors.numpy import save

    for name, values in parameters.items():
        if values.dtype != np.float32 or not np.isfinite(values).all():
            raise Refused(
                gettext_noop("The weights %(name)r are not finite float32 numbers.")
                % {"name": name}
            )
    text = json.dumps(card.to_json(), sort_keys=True, ensure_ascii=False)
    stored = to_eight_bit_tensors(dict(parameters)) if eight_bit else parameters
    ordered = {name: np.ascontiguousarray(stored[name]) for name in sorted(stored)}
    # one metadata entry only: the library writes several in no fixed order
    content = save(ordered, metadata={CARD_FORMAT: text})
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_bytes(content)
    temporary.replace(path)
    return hashlib.sha256(content).hexdigest()


def parse_weights(content: bytes, *, name: str) -> WeightsFile:
    """The checked content of a weights file; `name` is only for the sentences.

    Raises Refused, with the reason in the user's words, on anything but complete,
    finite numbers with a card. Whether names and shapes fit a network is asked by
    `check_shapes`.
    """
    parameters, metadata = parse_tensors(content, name=name)
    if not isinstance(metadata, dict) or CARD_FORMAT not in metadata:
        raise Refused(
            gettext_noop(
                "%(name)s has no card (the metadata entry %(card_format)r), so "
                "it is not known which network it belongs to and how it was "
                "trained."
            )
            % {"name": name, "card_format": CARD_FORMAT}
        )
    card = parse_card(metadata[CARD_FORMAT], name=name)
    return WeightsFile(card, parameters, hashlib.sha256(content).hexdigest())


def read_weights(path: Path) -> WeightsFile:
    refuse_unsafe_name(path.name)
    if path.stat().st_size > FILE_LIMIT:
        raise Refused(
            gettext_noop("%(name)s is larger than %(megabytes)s MB.")
            % {"name": path.name, "megabytes": FILE_LIMIT // 2**20}
        )
    return parse_weights(path.read_bytes(), name=path.name)


def check_shapes(
    weights: WeightsFile, *, shapes: Mapping[str, tuple[int, ...]], title: str
) -> None:
    """Refuse weights whose names or shapes are not those of the network `title`."""
    found = {name: values.shape for name, values in weights.parameters.items()}
    if missing := sorted(set(shapes) - set(found)):
        raise Refused(
            gettext_noop("These weights do not fit %(title)s; missing: %(missing)s.")
            % {"title": title, "missing": ", ".join(map(repr, missing[:3]))}
        )
    if unknown := sorted(set(found) - set(shapes)):
        raise Refused(
            gettext_noop("These weights do not fit %(title)s: it has no %(unknown)r.")
            % {"title": title, "unknown": unknown[0]}
        )
    for name, shape in shapes.items():
        if found[name] != shape:
            raise Refused(
                gettext_noop(
                    "These weights do not fit %(title)s: %(name)r has the shape "
                    "%(found)s, not %(shape)s."
                )
                % {"title": title, "name": name, "found": found[name], "shape": shape}
            )


def refuse_unsafe_name(name: str) -> None:
    """Formats that can run code when they are opened are not even looked at."""
    if name.lower().endswith(UNSAFE_SUFFIXES):
        raise Refused(
            gettext_noop(
                "%(name)s is in a format that can run a program when it is opened, so "
                "it is not accepted. Bring the network as ONNX instead (from torch "
                "by torch.onnx.export, from Keras by tf2onnx), or its weights as "
                "safetensors with a card; docs/bring-your-network.md shows each step."
            )
            % {"name": name}
        )
