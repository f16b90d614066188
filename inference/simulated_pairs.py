"""Pairs of images to train on when there are no patients: a simulated cohort.

Simulating takes seconds a case, so every finished case is kept in a folder that
is named by seed and by the physics' own source: changed physics, other folder.
"""

import ast
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
    """One hash of the code that decides how simulated images look.

    Taken over the syntax trees of `simulation.cohort`, what it imports from its own
    package, and the preprocessing; comments, docstrings and layout do not count.
    """
    folder = Path(readerstudy.simulation.__file__).parent
    sources: dict[Path, str] = {}
    waiting = [folder / "cohort.py", Path(preprocessing.__file__)]
    while waiting:
        path = waiting.pop()
        if path in sources:
            continue
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            if isinstance(body, list) and ast.get_docstring(_as_module(body)):
                del body[0]
            if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module:
                waiting.append(path.with_name(f"{node.module}.py"))
        sources[path] = ast.dump(tree)
    digest = hashlib.sha256()
    for path, text in sorted(sources.items()):
        digest.update(f"{path.name}\0{text}".encode())
    return digest.hexdigest()


def _as_module(body: list[ast.stmt]) -> ast.Module:
    return ast.Module(body=body, type_ignores=[])


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
