"""Where the fitted constants of the simulation come from; run to fit them again.

python -m readerstudy.simulation.calibration recovery   # phantom.RECOVERY, OFFSET
    python -m readerstudy.simulation.calibration observer   # observer.*_EXCESS, ...
"""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from readerstudy.imaging.preprocessing import (
    SEARCH_RADIUS_MM,
    find_central_slice,
    prepare_stack,
)
from readerstudy.imaging.rendering import shown_pixels
from readerstudy.imaging.volume import Volume

from . import observer
from .patient import SIDES, TYPICAL_SBR, Patient, draw_patient, stream
from .phantom import Phantom, render_phantom, true_ratios
from .scanning import MATRIX, scan_phantom, simulate_pair

SEED = 20_000
CASES = 24
OBSERVER_SEED = 30_000
OBSERVER_CASES = 72


def measured_ratios(
    counts: NDArray[np.float32], phantom: Phantom
) -> dict[tuple[str, str], float]:
    """Binding ratios, (side, "putamen" or "caudate"), by volumes of interest.

    counts: (slices, 128, 128). The volumes are the putamen and the head of the
    caudate (voxels at least half inside); the reference is the occipital lobes.
    """
    edge = (MATRIX - phantom.grid.size) // 2
    seen = counts[:, edge : MATRIX - edge, edge : MATRIX - edge]
    background = seen[phantom.regions["both", "occipital"] >= 0.5].mean()
    volumes = (("putamen", "putamen"), ("caudate", "caudate_head"))
    return {
        (side, name): float(
            seen[phantom.regions[side, region] >= 0.5].mean() / background - 1
        )
        for side in SIDES
        for name, region in volumes
    }


def fit_recovery(
    *, seed: int = SEED, cases: int = CASES
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """RECOVERY (2, 2), OFFSET (2,) and the residual SD (2,), by least squares."""
    true, measured = [], []
    for index in range(cases):
        patient = _with_unrelated_uptakes(draw_patient(seed=seed, index=index))
        phantom = render_phantom(patient)
        ratios = measured_ratios(scan_phantom(phantom, patient).stored[0], phantom)
        for side in SIDES:
            true.append((*true_ratios(patient.side(side)), 1.0))
            measured.append((ratios[side, "putamen"], ratios[side, "caudate"]))
    design, answer = np.asarray(true), np.asarray(measured)
    solution = np.linalg.lstsq(design, answer, rcond=None)[0]
    spread = (answer - design @ solution).std(axis=0)
    return solution[:2].T, solution[2], spread


def _with_unrelated_uptakes(patient: Patient) -> Patient:
    """Patients as no disease makes them: putamen and caudate tell apart."""
    rng = stream(patient.seed, patient.index, purpose=9)
    sides = [
        replace(
            patient.side(name),
            putamen_sbr=float(rng.uniform(0.2, 2.8)),
            caudate_sbr=float(rng.uniform(0.4, 2.6)),
        )
        for name in SIDES
    ]
    return replace(patient, right=sides[0], left=sides[1])


def fit_observer(
    *, seed: int = OBSERVER_SEED, cases: int = OBSERVER_CASES
) -> dict[str, list[float]]:
    """What the observer measures on 25-minute images, by true grade (1 to 4)."""
    excess: dict[int, list[tuple[float, float]]] = {grade: [] for grade in TYPICAL_SBR}
    uneven = []
    for index in range(cases):
        pair = simulate_pair(seed=seed, index=index)
        pixels = shown_to_reader(pair.reference, central=pair.reference)
        measured = observer.striatal_excess(pixels)
        for side in SIDES:
            excess[pair.truth.side(side).grade].append(measured[side])
        uneven.append(observer.unevenness(pixels))
    means = {grade: np.mean(excess[grade], axis=0) for grade in sorted(excess)}
    return {
        "putamen": [round(float(mean[0]), 2) for mean in means.values()],
        "caudate": [round(float(mean[1]), 2) for mean in means.values()],
        "unevenness": [round(float(np.median(uneven)), 3)],
    }


def shown_to_reader(volume: Volume, *, central: Volume) -> NDArray[np.uint8]:
    """(3, 64, 64) as a reader sees `volume`; `central` says at which slice."""
    slice_number = find_central_slice(central, search_radius_mm=SEARCH_RADIUS_MM)
    stack = prepare_stack(volume, central_slice=slice_number)
    pixels = shown_pixels(stack.values, window="image-max")
    return np.frombuffer(pixels, dtype=np.uint8).reshape(3, 64, 64)


def main(task: str) -> None:
    if task == "recovery":
        for name, value in zip(
            ("RECOVERY", "OFFSET", "SD"), fit_recovery(), strict=True
        ):
            sys.stdout.write(f"{name} {np.round(value, 3).tolist()}\n")
    elif task == "observer":
        for key, numbers in fit_observer().items():
            sys.stdout.write(f"{key} {numbers}\n")
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
