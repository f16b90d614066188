"""Pairs of images to train on when there are no patients: a simulated cohort.

Simulating takes seconds a case, so every finished case is kept in a folder that
is named by seed and by the physics' own source: changed physics, other folder.
"""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

import readerstudy.simulation
from readerstudy.imaging import preprocessing
from readerstudy.imaging.preprocessing import (
    SEARCH_RADIUS_MM,
    find_central_slice,
    prepare_stack,
    to_eight_bit,
)

from .training import Pairs


def physics_sha256() -> str:
    """One hash of the source text that decides how simulated images look."""
    folder = Path(readerstudy.simulation.__file__).parent
    sources = [*sorted(folder.glob("*.py")), Path(preprocessing.__file__)]
    digest = hashlib.sha256()
    for path in sources:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def simulated_pairs(
    *,
    seed: int,
    indices: Iterable[int],
    folder: Path,
    progress: Callable[[int], None] | None = None,
) -> Pairs:
    """The five slices of each case: (5 · cases, 64, 64), in the order of `indices`.

    Goes through the same preprocessing as every imported case.
    """
    home = folder / f"{seed}-{physics_sha256()[:12]}"
    home.mkdir(parents=True, exist_ok=True)
    stacks = []
    for done, index in enumerate(indices, start=1):
        path = home / f"{index:04}.npy"
        if not path.exists():
            unfinished = path.with_suffix(".part")
            with unfinished.open("wb") as file:
                np.save(file, _simulate(seed, index), allow_pickle=False)
            unfinished.replace(path)
        stacks.append(np.load(path, allow_pickle=False))
        if progress:
            progress(done)
    both = np.stack(stacks)  # (cases, 2, 5, 64, 64): short, reference
    return Pairs(
        short=both[:, 0].reshape(-1, *both.shape[-2:]),
        reference=both[:, 1].reshape(-1, *both.shape[-2:]),
    )


def _simulate(seed: int, index: int) -> np.ndarray:
    from readerstudy.simulation.cohort import simulate_pair

    pair = simulate_pair(seed=seed, index=index)
    central = find_central_slice(pair.reference, search_radius_mm=SEARCH_RADIUS_MM)
    return np.stack(
        [
            to_eight_bit(prepare_stack(volume, central_slice=central).values)
            for volume in (pair.short, pair.reference)
        ]
    )


def pairs_sha256(*parts: Pairs) -> str:
    """One hash of all pixels, in order: what exactly was learned from."""
    digest = hashlib.sha256()
    for part in parts:
        for images in (part.short, part.reference):
            digest.update(str(images.shape).encode() + images.tobytes())
    return digest.hexdigest()
