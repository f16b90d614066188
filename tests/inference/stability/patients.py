"""Six simulated patients of all grades, and what the shipped U-Net makes of them.

patients.npz: images of `inference.simulated_pairs.simulated_pairs(seed=1991,
indices=range(192, 204))`, physics 54ce270fefd8, the grades of both sides, and the mean
of the references of cases 0 to 119, which the shipped networks have learned from.
"""

from functools import cache
from pathlib import Path

import numpy as np

from inference.stability import (
    ArmFindings,
    CaseImages,
    Run,
    Settings,
    measure_arm,
    measure_case,
)
from readerstudy.imaging.preprocessing import to_eight_bit
from readerstudy.imaging.stability_measures import MEASURES, is_beyond

HERE = Path(__file__).parent
SEED, FIRST_INDEX, FIRST_CENTRAL_SLICE = 1991, 192, 33
CHOSEN = (0, 2, 5, 6, 10, 11)
PIXEL_MM = 3.29
QUICK = Settings(resamples=200)


@cache
def stored() -> dict[str, np.ndarray]:
    with np.load(HERE / "patients.npz", allow_pickle=False) as file:
        return dict(file)


def training_mean() -> np.ndarray:
    return stored()["training_mean"].astype(np.float32) / 255


def patient(number: int = 0, *, output: np.ndarray | None = None) -> CaseImages:
    kept = stored()
    right, left = kept["grades"][number]
    return CaseImages(
        code=f"C{number:03}",
        patient=f"P{number:03}",
        reference=kept["reference"][number].astype(np.float32) / 255,
        short=kept["short"][number].astype(np.float32) / 255,
        output=None if output is None else output.astype(np.float32),
        spacing_mm=(PIXEL_MM,) * 3,
        grades=(int(right), int(left)),
    )


@cache
def unet() -> Run:
    """The shipped U-Net(L4), as its own process runs it."""
    from tempfile import TemporaryDirectory

    from inference import runtime
    from inference.runtime.engine import Engine

    folder = Path(runtime.__file__).parents[1] / "weights"
    path = folder / "unet-l4.safetensors"
    file = runtime.NetworkFile("safetensors", path.read_bytes(), path.name)
    with TemporaryDirectory() as cache_folder:
        prepared = runtime.prepare(file, cache=Path(cache_folder))
    engine = Engine(prepared.content)

    def run(stacks: np.ndarray) -> np.ndarray:
        outputs = [engine.run(stack) for stack in to_eight_bit(stacks)]
        return np.clip(np.stack(outputs), 0, 1)

    return run


@cache
def unet_images() -> dict[int, np.ndarray]:
    return {n: unet()(patient(n).short[None])[0] for n in CHOSEN}


def gaussian(stacks: np.ndarray) -> np.ndarray:
    from scipy import ndimage

    return ndimage.gaussian_filter(stacks, (0, 0, 0.8, 0.8))


def arm_of_images(images: dict[int, np.ndarray]) -> ArmFindings:
    found = [
        measure_case(patient(n, output=image), run=None, settings=QUICK)
        for n, image in images.items()
    ]
    return measure_arm(found, settings=QUICK)


def arm_of_method(run: Run) -> ArmFindings:
    found = [measure_case(patient(n), run=run, settings=QUICK) for n in CHOSEN]
    return measure_arm(found, settings=QUICK)


def beyond(arm: ArmFindings) -> set[str]:
    """Keys of the measures that fail at their usual limits."""
    return {
        key
        for key, finding in arm.measures.items()
        if finding.value is not None
        and is_beyond(MEASURES[key], finding.value, limit=None)
    }
