"""Why mean PSNR is not enough, as a picture: `python -m tests.inference.stability.
psnr_is_not_enough docs/images/psnr-is-not-enough.png`.

One slice of the simulated chest CT three times: with noise as a scan of fewer photons
has, with a nodule that is not there, and without its vessels.
"""

import sys
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from scipy import ndimage

from inference.quality import psnr_db, ssim
from inference.stability import CaseImages, Settings, measure_case
from readerstudy.imaging.preprocessing import to_eight_bit
from readerstudy.imaging.study_types import HOUNSFIELD
from readerstudy.simulation.ct.chest import FIELD_MM, draw_chest, render_chest
from readerstudy.simulation.ct.tomography import scan_slices

SEED, INDEX, PIXELS = 1, 0, 256
NODULE_PX, NODULE_HU = 5.0, 550.0
LOW_DOSE = 0.03
THIN_MM = 1.035  # radius of those that are erased, at most
LUNG = next(preset for preset in HOUNSFIELD if preset.key == "lung")


@dataclass(frozen=True)
class Shown:
    """title: what was done to the slice. psnr, ssim: in the lung window, 8 bits.
    invented, lost: the suite's largest residuals, in SDs of the noise."""

    title: str
    image: np.ndarray
    psnr: float
    ssim: float
    invented: float
    lost: float


@cache
def shown() -> tuple[np.ndarray, list[Shown]]:
    """The reference, and the three."""
    patient = draw_chest(seed=SEED, index=INDEX)
    truth = render_chest(patient, slices=1, pixels=PIXELS)
    thick = tuple(each for each in patient.vessels if max(each.radii_mm) > THIN_MM)
    bare = render_chest(replace(patient, vessels=thick), slices=1, pixels=PIXELS)
    rng = np.random.default_rng(SEED)
    scans = scan_slices(truth, doses=(1.0, LOW_DOSE), rng=rng)
    full, low = (scan.astype(np.float32) for scan in scans)
    soft = ndimage.gaussian_filter(bare - truth, (0, 0.8, 0.8))
    images = {
        "noise of 3 % of the dose": low,
        "a nodule that is not there": full + _nodule(truth),
        "thin vessels erased": full + soft,
    }
    return full, [_shown(title, each, full, low) for title, each in images.items()]


def _nodule(truth: np.ndarray) -> np.ndarray:
    lung = (truth[0] > -900) & (truth[0] < -780)
    inner = np.argwhere(ndimage.binary_erosion(lung, iterations=8))
    row, column = inner[len(inner) // 4]
    rows, columns = np.indices(truth.shape[1:])
    disc = np.hypot(rows - row, columns - column) <= NODULE_PX / 2
    return ndimage.gaussian_filter(NODULE_HU * disc, 0.6)[None].astype(np.float32)


def _shown(title: str, image: np.ndarray, full: np.ndarray, low: np.ndarray) -> Shown:
    eight = [
        to_eight_bit((one - LUNG.low) / (LUNG.high - LUNG.low)) for one in (image, full)
    ]
    pixel = FIELD_MM / PIXELS
    case = CaseImages(
        code=title,
        patient=title,
        reference=full,
        short=low,
        output=image,
        spacing_mm=(5.0, pixel, pixel),
        window=(-1024, 3071),
        relative=False,
        striatal=False,
    )
    numbers = measure_case(case, run=None, settings=Settings()).numbers
    return Shown(
        title=title,
        image=image,
        psnr=float(psnr_db(*eight, data_range=255)[0]),
        ssim=float(ssim(*eight, data_range=255)[0]),
        invented=numbers["hallucination-peak"],
        lost=numbers["omission-peak"],
    )


def draw(path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    reference, images = shown()
    figure, axes = pyplot.subplots(1, 4, figsize=(12, 4.1), layout="constrained")
    told = [("reference", reference, "full dose")]
    told += [
        (
            one.title,
            one.image,
            f"PSNR {one.psnr:.1f} dB, SSIM {one.ssim:.3f}\n"
            f"invented {one.invented:.1f}, lost {one.lost:.1f} SD",
        )
        for one in images
    ]
    for axis, (title, image, text) in zip(axes, told, strict=True):
        axis.imshow(image[0], cmap="gray", vmin=LUNG.low, vmax=LUNG.high)
        axis.set_title(title, fontsize=11)
        axis.set_xlabel(text, fontsize=10)
        axis.set_xticks([])
        axis.set_yticks([])
    figure.savefig(path, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
    for one in shown()[1]:
        told = f"{one.psnr:.1f} dB, {one.ssim:.3f}"
        print(f"{one.title}: {told}, {one.invented:.1f} and {one.lost:.1f} SD")
