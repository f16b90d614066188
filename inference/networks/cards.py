"""The card of weights: all that one must know about them, as JSON in their file."""

import json
import re
from dataclasses import asdict, dataclass, fields
from typing import Any

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop

from .tensors import parse_json

CARD_FORMAT = "readerstudy-weights-1"
MOST_SIMULATED = 10_000  # cases, each drawn again where it is asked who they were
DIGEST = re.compile("[0-9a-f]{64}")

_KINDS: dict[Any, tuple[type, str]] = {str: (str, "text"), int: (int, "a whole number")}


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
        _check_fields(data)
        _refuse_unstorable(data)
        if not data["data"].get("sha256"):
            raise Refused(
                gettext_noop("The card of these weights lacks the hash of its data.")
            )
        _check_patients(data["data"])
        return cls(**data)


def parse_card(text: Any, *, name: str) -> WeightsCard:
    """The card that the file `name` brings, as JSON."""
    return WeightsCard.from_json(parse_json(text, of=name))


def _check_fields(data: dict[Any, Any]) -> None:
    """Those of a card, all that are needed, each of its kind."""
    known = {field.name: field.type for field in fields(WeightsCard)}
    needed = {
        field.name
        for field in fields(WeightsCard)
        if not isinstance(field.default, str)
    }
    if missing := needed - set(data):
        raise Refused(
            gettext_noop("The card of these weights lacks: %(missing)s.")
            % {"missing": ", ".join(sorted(missing))}
        )
    if unknown := set(data) - set(known):
        raise Refused(
            gettext_noop("The card of these weights has unknown fields: %(unknown)s.")
            % {"unknown": ", ".join(sorted(map(str, unknown)))}
        )
    for name, value in data.items():
        wanted, words = _KINDS.get(known[name], (dict, "an object"))
        if type(value) is not wanted:
            raise Refused(
                gettext_noop("In the card of these weights, %(name)r is not %(words)s.")
                % {"name": name, "words": words}
            )


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
