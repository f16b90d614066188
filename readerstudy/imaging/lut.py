"""Colour tables: one file each, one loader, checked by hash."""

import hashlib
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FOLDER = Path(__file__).parent / "luts"

# name → SHA-256 of its file. "cool" is ImageJ's "Cool", measured from ImageJ's own
# file; it is another table than matplotlib's "cool". "grey" has as much of each colour.
LUTS = {
    "cool": "e393f1cdca8fe7cb4b35a2ce091990290557b4dcabf05dca8e9f19025f74852f",
    "grey": "791d325db6c3a98b7a32e2a84c8cda8e1cd1d95cf92a712796d994d30fb8cb09",
}


@cache
def load_lut(name: str = "cool") -> NDArray[np.uint8]:
    """Red, green, blue for each of 256 grey values: uint8 (256, 3), read-only."""
    content = (FOLDER / f"{name}.csv").read_bytes()
    if hashlib.sha256(content).hexdigest() != LUTS[name]:
        raise ValueError(f"The colour table {name}.csv is not the one it should be.")
    rows = [line.split(",") for line in content.decode("ascii").split()]
    table = np.array([[int(cell) for cell in row] for row in rows[1:]])
    if rows[0] != ["index", "red", "green", "blue"] or table.shape != (256, 4):
        raise ValueError(f"The colour table {name}.csv has another layout.")
    if not np.array_equal(table[:, 0], np.arange(256)):
        raise ValueError(f"The colour table {name}.csv is out of order.")
    colours = table[:, 1:].astype(np.uint8)
    colours.setflags(write=False)
    return colours
