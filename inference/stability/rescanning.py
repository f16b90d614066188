"""A simulated patient scanned again, prepared as the case's images are."""

import numpy as np

from readerstudy.imaging.preprocessing import STORED_SLICES, prepare_stack
from readerstudy.imaging.volume import Volume

from .findings import Image, Rescans, Settings


def rescan(*, seed: int, index: int, central_slice: int, settings: Settings) -> Rescans:
    """Of case `index` (from 0) of the cohort that was simulated from `seed`; some
    seconds of a processor. central_slice: of the case, from 0."""
    from readerstudy.simulation.replicates import scan_again  # needs torch

    doses = [dose for dose in settings.doses if not np.isclose(dose, 1.0)]
    found = scan_again(
        seed=seed,
        index=index,
        central_slice=central_slice,
        repeats=settings.repeats,
        doses=doses,
    )
    return Rescans(
        shorts=np.stack([_prepared(volume) for volume in found.repeats]),
        doses={
            dose: _prepared(volume)
            for dose, volume in zip(doses, found.doses, strict=True)
        },
        deviance=found.measured.deviance,
    )


def _prepared(counts: Image) -> Image:
    """(5, 64, 64), each slice in units of its own maximum."""
    volume = Volume(counts=counts, spacing_mm=(1.0, 1.0, 1.0))
    return prepare_stack(volume, central_slice=STORED_SLICES // 2).values
