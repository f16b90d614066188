"""Rows of image quality and of striatal uptake, from the images themselves."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from readerstudy.cases import selectors as cases
from readerstudy.cases.models import Case, Rendition
from readerstudy.cases.services.measuring import SHOWS_BINDING
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.preprocessing import to_eight_bit
from readerstudy.imaging.striatal_binding import Regions

from ..image_quality import Uptake, differences, striatal_regions, striatal_uptake
from ..models import ImageQuality, Mask, StriatalUptake
from ..outcomes import estimated
from .images import CALCULATION, SSIM_RANGES

Images = NDArray[np.uint8]
Row = dict[str, Any]


def measured_rows(
    reference: Rendition, renditions: Sequence[Rendition]
) -> tuple[list[ImageQuality], list[StriatalUptake]]:
    """Of one case, not yet saved. An image whose file is damaged has none."""
    standard = _image(reference)
    found = [(one, image) for one in renditions if (image := _image(one)) is not None]
    if standard is None or not found:
        return [], []
    regions = striatal_regions(standard) if shows_binding(reference.case) else None
    images = np.stack([image for _, image in found])
    files = [one.sha256 for one, _ in found]
    qualities = [
        ImageQuality(
            reference_sha256=reference.sha256,
            rendition_sha256=files[place],
            calculation=CALCULATION,
            **row,
        )
        for place, row in _rows(standard, images, regions)
    ]
    shown = {reference.sha256: standard} | dict(zip(files, images, strict=True))
    uptakes = [
        StriatalUptake(
            reference_sha256=reference.sha256,
            rendition_sha256=sha256,
            calculation=CALCULATION,
            **(_numbers(striatal_uptake(image, regions)) if regions else {}),
        )
        for sha256, image in shown.items()
    ]
    return qualities, uptakes


def _image(rendition: Rendition) -> Images | None:
    try:
        return to_eight_bit(cases.rendition_values(rendition))
    except Refused:
        return None


def shows_binding(case: Case) -> bool:
    """Whether its scans could show what a tracer binds to: a CT does not."""
    return all(scan.modality in SHOWS_BINDING for scan in case.series.all())


def _rows(
    standard: Images, images: Images, regions: Regions | None
) -> list[tuple[int, Row]]:
    """(which image, its row) for every mask and slice."""
    masks = {Mask.CROP: np.ones(standard.shape[-2:], dtype=bool)}
    if regions:
        masks |= {Mask.STRIATUM: regions.striatum, Mask.BACKGROUND: regions.background}
    found = differences(
        standard, images, data_ranges=SSIM_RANGES, masks=np.stack(list(masks.values()))
    )
    assert found.mean_absolute_error is not None
    rows = []
    for number, (mask, pixels) in enumerate(masks.items()):
        for index, levels in enumerate(standard[:, pixels]):
            of_reference = {
                "mask": mask,
                "slice": index,
                "pixels": int(pixels.sum()),
                "reference_mean": float(levels.mean()),
                "reference_range": float(np.ptp(levels)),
            }
            for place in range(len(images)):
                here = number, place, index
                ssim_255, ssim_1 = found.similarity[:, *here]
                row = {
                    **of_reference,
                    "mean_squared_error": float(found.mean_squared_error[here]),
                    "mean_absolute_error": float(found.mean_absolute_error[here]),
                    "ssim_range_255": float(ssim_255),
                    "ssim_range_1": float(ssim_1),
                }
                rows.append((place, row))
    return rows


def _numbers(uptake: Uptake) -> Row:
    return {
        "right": estimated(uptake.right),
        "left": estimated(uptake.left),
        "striatum_mean": uptake.striatum,
        "background_mean": uptake.background,
        "background_sd": uptake.background_sd,
    }
