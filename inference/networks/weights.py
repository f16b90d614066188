"""Weights as safetensors, with everything one must know about them inside.

Nothing is unpickled. The file is: eight bytes header length (little endian), the
header as JSON (name → dtype, shape, byte range; `__metadata__` with text only),
then the numbers (https://github.com/huggingface/safetensors#format). The reader
below is our own because files come from outside: it caps the header, wants every
byte accounted for, and needs neither torch nor trust.
"""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop

CARD_FORMAT = "readerstudy-weights-1"
HEADER_LIMIT = 2**20  # bytes; a TransUNET's header has about 40 000
FILE_LIMIT = 2 * 2**30  # bytes
MOST_SIMULATED = 100_000  # cases
DIGEST = re.compile("[0-9a-f]{64}")
UNSAFE_SUFFIXES = (".pt", ".pth", ".pkl", ".pickle", ".h5", ".hdf5", ".keras", ".ckpt")

_KINDS: dict[Any, tuple[type, str]] = {str: (str, "text"), int: (int, "a whole number")}

Parameters = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True)
class WeightsCard:
    """All one must know about a set of weights; travels inside its file.

    `preprocessing` names the form of the input, `data` describes the images and
    carries their SHA-256 and the number of cases and images of each split,
    `recipe` has every number of the training, `results` what was measured on
    which split, with units in the names.
    """

    network: str
    title: str
    configuration: dict[str, Any]
    preprocessing: dict[str, Any]
    data: dict[str, Any]
    recipe: dict[str, Any]
    loss: str
    seed: int
    versions: dict[str, str]
    results: dict[str, Any]
    licence: str = ""
    origin: str = ""  # who made them

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Any) -> "WeightsCard":
        if not isinstance(data, dict):
            raise Refused(
                gettext_noop("The card of these weights is not a JSON object.")
            )
        known = {field.name: field.type for field in fields(cls)}
        needed = {
            field.name for field in fields(cls) if not isinstance(field.default, str)
        }
        if missing := needed - set(data):
            raise Refused(
                gettext_noop("The card of these weights lacks: %(missing)s.")
                % {"missing": ", ".join(sorted(missing))}
            )
        if unknown := set(data) - set(known):
            raise Refused(
                gettext_noop(
                    "The card of these weights has unknown fields: %(unknown)s."
                )
                % {"unknown": ", ".join(sorted(map(str, unknown)))}
            )
        for name, value in data.items():
            wanted, words = _KINDS.get(known[name], (dict, "an object"))
            if type(value) is not wanted:
                raise Refused(
                    gettext_noop(
                        "In the card of these weights, %(name)r is not %(words)s."
                    )
                    % {"name": name, "words": words}
                )
        _refuse_unstorable(data)
        if not data["data"].get("sha256"):
            raise Refused(
                gettext_noop("The card of these weights lacks the hash of its data.")
            )
        _check_patients(data["data"])
        return cls(**data)


@dataclass(frozen=True)
class WeightsFile:
    """A checked file: its card, its numbers, and the SHA-256 of all its bytes."""

    card: WeightsCard
    parameters: dict[str, NDArray[np.float32]]
    sha256: str


def write_weights(path: Path, *, card: WeightsCard, parameters: Parameters) -> str:
    """Write the file whole or not at all; its SHA-256. Same input, same bytes."""
    from safetensors.numpy import save

    for name, values in parameters.items():
        if values.dtype != np.float32 or not np.isfinite(values).all():
            raise Refused(
                gettext_noop("The weights %(name)r are not finite float32 numbers.")
                % {"name": name}
            )
    text = json.dumps(card.to_json(), sort_keys=True, ensure_ascii=False)
    ordered = {
        name: np.ascontiguousarray(parameters[name]) for name in sorted(parameters)
    }
    # one metadata entry only: the library writes several in no fixed order
    content = save(ordered, metadata={CARD_FORMAT: text})
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_bytes(content)
    temporary.replace(path)
    return hashlib.sha256(content).hexdigest()


def parse_weights(content: bytes, *, name: str) -> WeightsFile:
    """The checked content of a weights file; `name` is only for the sentences.

    Raises Refused, with the reason in the user's words, on anything but complete,
    finite float32 numbers with a card. Whether names and shapes fit a network is
    asked by `check_shapes`.
    """
    header, start = _parse_header(content, name=name)
    metadata = header.pop("__metadata__", None)
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
    parameters: dict[str, NDArray[np.float32]] = {}
    position = start
    entries = [(_byte_range(key, entry), key, entry) for key, entry in header.items()]
    for (begin, end), key, entry in sorted(entries, key=lambda item: item[0]):
        shape = _shape(key, entry)
        if start + begin != position or end - begin != 4 * math.prod(shape):
            raise Refused(
                gettext_noop(
                    "In %(name)s, the bytes of %(key)r overlap, leave a gap or do "
                    "not fit its shape."
                )
                % {"name": name, "key": key}
            )
        position = start + end
        if position > len(content):
            raise Refused(
                gettext_noop("%(name)s is cut off: the bytes of %(key)r are missing.")
                % {"name": name, "key": key}
            )
        values = np.frombuffer(content, "<f4", math.prod(shape), start + begin)
        if not np.isfinite(values).all():
            raise Refused(
                gettext_noop("In %(name)s, %(key)r has values that are not finite.")
                % {"name": name, "key": key}
            )
        parameters[key] = values.astype(np.float32).reshape(shape)
    if position != len(content):
        raise Refused(
            gettext_noop("%(name)s has %(bytes)s bytes after its last weights.")
            % {"name": name, "bytes": len(content) - position}
        )
    return WeightsFile(card, parameters, hashlib.sha256(content).hexdigest())


def parse_card(text: Any, *, name: str) -> WeightsCard:
    """The card that the file `name` brings, as JSON."""
    return WeightsCard.from_json(_parse_json(text, of=name))


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
                "%(name)s is in a format that can run a program when it is "
                "opened, so it is not accepted. Save the weights as "
                "safetensors instead: "
                "safetensors.torch.save_file(network.state_dict(), …), with a "
                "card in the metadata."
            )
            % {"name": name}
        )


def _parse_header(content: bytes, *, name: str) -> tuple[dict[str, Any], int]:
    """The header as a dict, and where the numbers begin."""
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 or content[8:9] != b"{":
        raise Refused(
            gettext_noop("%(name)s is not a safetensors file.") % {"name": name}
        )
    if length > HEADER_LIMIT:
        raise Refused(
            gettext_noop(
                "The header of %(name)s claims %(length)s bytes; at most "
                "%(most)s are read."
            )
            % {"name": name, "length": length, "most": HEADER_LIMIT}
        )
    if 8 + length > len(content):
        raise Refused(
            gettext_noop("%(name)s is cut off within its header.") % {"name": name}
        )
    header = _parse_json(content[8 : 8 + length], of=name)
    if not isinstance(header, dict):
        raise Refused(
            gettext_noop("The header of %(name)s is not a JSON object.")
            % {"name": name}
        )
    return header, 8 + length


def _parse_json(text: Any, *, of: str) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a name appears twice")
        return found

    def no_constant(value: str) -> Any:
        raise ValueError(f"{value} is not a number of JSON")

    try:
        found = json.loads(text, object_pairs_hook=once, parse_constant=no_constant)
        # JSON may escape half of a pair ("\ud800"): no page and no row can hold it
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeError as error:
        raise Refused(
            gettext_noop("The header of %(of)s holds text that is not valid Unicode.")
            % {"of": of}
        ) from error
    except (TypeError, ValueError, RecursionError) as error:
        raise Refused(
            gettext_noop("The header of %(of)s cannot be read: %(error)s.")
            % {"of": of, "error": error}
        ) from error
    return found


def _check_patients(data: dict[str, Any]) -> None:
    """`data.patients`, if it is there, must hold digests: it decides who is read."""
    if "patients" not in data and "simulation_seed" not in data:
        return  # they may be looked at, but no study reads what they make
    try:
        if "patients" in data:
            found = [data["patients"][part] for part in ("training", "validation")]
            right = all(map(_are_digests, found))
        else:
            numbers = [data["simulation_seed"]]
            for part in ("training", "validation"):
                first, last = data["split"][part]["cases"]
                numbers += [first, last, last - first, MOST_SIMULATED - last]
            right = all(type(number) is int and number >= 0 for number in numbers)
    except (KeyError, TypeError, ValueError):
        right = False
    if not right:
        raise Refused(
            gettext_noop(
                "The card of these weights does not say rightly which patients they "
                "learned from: data.patients needs two lists of digests, training and "
                "validation."
            )
        )


def _are_digests(found: Any) -> bool:
    return isinstance(found, list) and all(
        isinstance(one, str) and DIGEST.fullmatch(one) for one in found
    )


def _refuse_unstorable(data: Any) -> None:
    """1e999 reads as infinity and no database keeps a NUL; both would surface late."""
    try:
        text = json.dumps(data, allow_nan=False)
    except (ValueError, RecursionError) as error:
        raise Refused(
            gettext_noop("The card of these weights holds a number too large.")
        ) from error
    if "\\u0000" in text:
        raise Refused(gettext_noop("The card of these weights holds a NUL character."))


def _byte_range(key: str, entry: Any) -> tuple[int, int]:
    offsets = entry.get("data_offsets") if isinstance(entry, dict) else None
    if (
        not isinstance(offsets, list)
        or len(offsets) != 2
        or not all(type(offset) is int and offset >= 0 for offset in offsets)
    ):
        raise Refused(
            gettext_noop("The header entry %(key)r has no valid byte range.")
            % {"key": key}
        )
    return offsets[0], offsets[1]


def _shape(key: str, entry: dict[str, Any]) -> tuple[int, ...]:
    if entry.get("dtype") != "F32":
        raise Refused(
            gettext_noop(
                "%(key)r is of type %(dtype)s; only float32 (F32) is accepted."
            )
            % {"key": key, "dtype": entry.get("dtype")}
        )
    shape = entry.get("shape")
    if (
        not isinstance(shape, list)
        or len(shape) > 8
        or not all(type(size) is int and 0 < size < 2**31 for size in shape)
    ):
        raise Refused(
            gettext_noop("The header entry %(key)r has no valid shape.") % {"key": key}
        )
    return tuple(shape)
