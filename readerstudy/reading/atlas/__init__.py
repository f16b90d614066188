"""Examples of each grade, from simulated patients whom no study may read.

They are made once by `manage.py build_atlas` and lie beside this file: values as
.npy, and as JSON where they come from. Readers are shown them by the rules of their
study, as its own images are; they are the same for every read and every arm.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from readerstudy.imaging.rendering import shown_pixels

FOLDER = Path(__file__).parent
# Of nothing else: the commands that simulate cohorts refuse it.
ATLAS_SEED = 70_701

Grades = Mapping[str, Mapping[str, int]]  # question → patient's side → grade


@dataclass(frozen=True)
class Atlas:
    """The examples of a question set.

    values: (examples, 5, 64, 64), 1.0 = maximum of the slice it was normalised by.
    """

    grades: tuple[Grades, ...]
    patients: tuple[str, ...]  # DICOM (0010,0020) of each example, if it were a file
    values: NDArray[np.floating]


def values_sha256(values: NDArray[np.floating]) -> str:
    plain = np.ascontiguousarray(values.astype("<f2"))
    return hashlib.sha256(plain.tobytes()).hexdigest()


@cache
def load_atlas(question_set: str) -> Atlas | None:
    """None: nobody made examples of these questions."""
    path = FOLDER / f"{question_set}.json"
    if not path.exists():
        return None
    card = json.loads(path.read_text(encoding="utf-8"))
    values = np.load(path.with_suffix(".npy"), allow_pickle=False)
    if values_sha256(values) != card["sha256"]:
        raise ValueError(f"The examples of {question_set} are not what they should be.")
    values.setflags(write=False)
    examples = card["examples"]
    return Atlas(
        grades=tuple(one["grades"] for one in examples),
        patients=tuple(f"SIM{card['seed']}-{one['index'] + 1:04d}" for one in examples),
        values=values,
    )


@cache
def atlas_pixels(question_set: str, *, window: str) -> bytes:
    """The shown slices of all examples, one after the other; none: no bytes.

    window: a key of rendering.WINDOWS.
    """
    atlas = load_atlas(question_set)
    if atlas is None:
        return b""
    return b"".join(
        shown_pixels(values.astype(np.float32), window=window)
        for values in atlas.values
    )
