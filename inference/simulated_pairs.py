"""Pairs of images to train on when there are no patients: a simulated cohort.

Simulating takes seconds a case, so every finished case is kept in a folder that
is named by seed and by the physics' own source: changed physics, other folder.
"""

import ast
import hashlib
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import readerstudy.simulation
from readerstudy.imaging import preprocessing
from readerstudy.imaging.preprocessing import (
    SEARCH_RADIUS_MM,
    find_central_slice,
    prepare_stack,
    to_eight_bit,
)
from readerstudy.imaging.volume import Volume

from .prediction import threads
from .training import Pairs

MOST_SIDE_BY_SIDE = 8  # each takes about 0.5 GB


def physics_sha256() -> str:
    """One hash of the code that decides how simulated images look.

    Taken over the syntax trees of `simulation.scanning`, what it imports from its
    own package, and the preprocessing; comments, docstrings and layout do not count,
    nor does what writes the images into files (`cohort`, `nm_writer`).
    """
    folder = Path(readerstudy.simulation.__file__).parent
    sources: dict[Path, str] = {}
    waiting = [folder / "scanning.py", Path(preprocessing.__file__)]
    while waiting:
        path = waiting.pop()
        if path in sources:
            continue
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            if isinstance(body, list) and ast.get_docstring(_as_module(body)):
                del body[0]
            if isinstance(node, ast.ImportFrom):
                waiting += _imported_files(node, path)
        sources[path] = repr(_plain(tree))
    digest = hashlib.sha256()
    for name, text in sorted((path.name, text) for path, text in sources.items()):
        digest.update(f"{name}\0{text}\0".encode())
    return digest.hexdigest()


def _imported_files(node: ast.ImportFrom, importer: Path) -> list[Path]:
    """Of `from .a import b` a.py, of `from . import a, b` a.py and b.py."""
    if node.level != 1:
        return []
    modules = [node.module] if node.module else [alias.name for alias in node.names]
    return [importer.with_name(f"{module}.py") for module in modules]


def _as_module(body: list[ast.stmt]) -> ast.Module:
    return ast.Module(body=body, type_ignores=[])


def _plain(value: object) -> object:
    """A syntax tree as tuples, the same in every Python version.

    `ast.dump` is not: later versions have fields that are empty in older code.
    """
    if isinstance(value, list):
        return tuple(_plain(one) for one in value)
    if not isinstance(value, ast.AST):
        return value
    fields = [(name, _plain(one)) for name, one in ast.iter_fields(value)]
    kept = tuple((name, one) for name, one in fields if one is not None and one != ())
    return (type(value).__name__, *kept)


def simulated_pairs(
    *,
    seed: int,
    indices: Iterable[int],
    folder: Path,
    progress: Callable[[int, int], None] | None = None,
) -> Pairs:
    """The five slices of each case: (cases, 5, 64, 64), in the order of `indices`.

    Goes through the same preprocessing as every imported case.
    """
    home = folder / f"{seed}-{physics_sha256()[:12]}"
    wanted = {index: home / f"{index:04}.npy" for index in indices}
    both = _kept(wanted, lambda index: _simulate(seed, index), progress)
    # (cases, 2, 5, 64, 64): short, reference
    return Pairs(short=both[:, 0].copy(), reference=both[:, 1].copy())


def expected_images(
    *,
    seed: int,
    indices: Iterable[int],
    folder: Path,
    progress: Callable[[int, int], None] | None = None,
) -> NDArray[np.uint8]:
    """The same slices of the 25-minute scans without noise: (cases, 5, 64, 64)."""
    home = folder / f"{seed}-{physics_sha256()[:12]}-expected"
    wanted = {index: home / f"{index:04}.npy" for index in indices}
    return _kept(wanted, lambda index: _expect(seed, index), progress)


def _kept(
    wanted: dict[int, Path],
    simulate: Callable[[int], NDArray[np.uint8]],
    progress: Callable[[int, int], None] | None,
) -> NDArray[np.uint8]:
    """What `simulate` makes of each number, read where it was made before."""
    missing = [index for index, path in wanted.items() if not path.exists()]
    done = len(wanted) - len(missing)

    def make(index: int) -> None:
        wanted[index].parent.mkdir(parents=True, exist_ok=True)
        unfinished = wanted[index].with_suffix(".part")
        with unfinished.open("wb") as file:
            np.save(file, simulate(index), allow_pickle=False)
        unfinished.replace(wanted[index])

    # one case keeps one core busy; how many run at a time changes no image
    workers = min(os.cpu_count() or 1, MOST_SIDE_BY_SIDE)
    with threads(1), ThreadPoolExecutor(workers) as pool:
        try:
            for finished in as_completed([pool.submit(make, i) for i in missing]):
                finished.result()
                done += 1
                if progress:
                    progress(done, len(wanted))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return np.stack([np.load(path, allow_pickle=False) for path in wanted.values()])


def _simulate(seed: int, index: int) -> NDArray[np.uint8]:
    """(2, 5, 64, 64): short, reference."""
    from readerstudy.simulation.scanning import simulate_pair

    pair = simulate_pair(seed=seed, index=index)
    return _slices(pair.short, pair.reference, of=pair.reference)


def _expect(seed: int, index: int) -> NDArray[np.uint8]:
    from readerstudy.simulation.expectation import simulate_expected

    reference, expected = simulate_expected(seed=seed, index=index)
    images: NDArray[np.uint8] = _slices(expected, of=reference)[0]
    return images


def _slices(*volumes: Volume, of: Volume) -> NDArray[np.uint8]:
    """The five slices around the central one of the reference, of each volume."""
    central = find_central_slice(of, search_radius_mm=SEARCH_RADIUS_MM)
    stacks = (prepare_stack(volume, central_slice=central) for volume in volumes)
    images: NDArray[np.uint8] = np.stack([to_eight_bit(s.values) for s in stacks])
    return images
