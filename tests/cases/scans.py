"""Scans as a plan holds them, and heads to go with them; nobody's."""

import hashlib
from dataclasses import replace
from pathlib import Path
from secrets import token_hex

import numpy as np
from django.contrib.auth.models import User
from scipy.ndimage import gaussian_filter

from readerstudy.cases.matching.pairing import propose
from readerstudy.cases.matching.planning import coded
from readerstudy.cases.models import Upload
from readerstudy.cases.plan import CohortPlan, ScannedSeries, scan_path
from readerstudy.cases.services.receiving import upload_folder
from readerstudy.cases.services.uploads import plan_keep
from readerstudy.cases.sources import LeftOut

SHAPE = (32, 72, 72)
SPACING = (3.29, 3.29, 3.29)

LONG = ScannedSeries(
    number=0,
    files=("long",),
    patient="p1",
    study="s1",
    instances="i1",
    content="c1",
    modality="NM",
    duration_s=1500.0,
    total_counts=5e6,
    negative_voxels=0,
    shape=SHAPE,
    spacing_mm=SPACING,
    origin_mm=(0.0, 0.0, 0.0),
    candidates={"central-region": 16, "hottest-voxel": 16, "largest-sum": 14},
)
SHORT = replace(
    LONG,
    number=1,
    files=("short",),
    instances="i2",
    content="c2",
    duration_s=300.0,
    total_counts=1e6,
)


def again(scan: ScannedSeries, number: int, **changes: object) -> ScannedSeries:
    """Another scan like it, with instances of its own."""
    return replace(
        scan,
        **{
            "number": number,
            "files": (f"file-{number}",),
            "instances": f"i-{number}",
            "content": f"c-{number}",
            **changes,
        },
    )


def head(
    seed: int = 0, *, shape: tuple[int, int, int] = SHAPE, moved: float = 0.0
) -> np.ndarray:
    """A head of its own for each seed: two bright nuclei in a dim brain with folds.

    moved: voxels, towards the patient's left.
    """
    rng = np.random.default_rng(seed)
    z, y, x = np.mgrid[: shape[0], : shape[1], : shape[2]].astype(np.float64)
    x = x - (shape[2] - 1) / 2 - moved
    y, z = y - (shape[1] - 1) / 2, z - (shape[0] - 1) / 2
    size = rng.uniform(0.9, 1.1, 3)
    brain = (x / 22 / size[0]) ** 2 + (y / 27 / size[1]) ** 2 + (z / 14 / size[2]) ** 2
    places = rng.uniform(-20, 20, (40, 3))
    folds = sum(
        np.exp(-((x - a) ** 2 + (y - b) ** 2 + (z - c / 2) ** 2) / 40)
        for a, b, c in places
    )
    image = (brain < 1) * (8.0 + 4 * folds)
    for side in (-7, 7):
        image += 40 * np.exp(-((x - side) ** 2 + (y + 2) ** 2 + z**2) / 14)
    return gaussian_filter(image, 1.2).astype(np.float32)


def keep(folder: Path, scan: ScannedSeries, counts: np.ndarray) -> ScannedSeries:
    """Write its voxels where a plan expects them."""
    counts = counts.astype(np.float32)
    path = scan_path(folder, scan.number)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, counts)
    content = hashlib.sha256(counts.tobytes()).hexdigest()
    return replace(scan, shape=counts.shape, content=content)


def scanned(counts: np.ndarray, *, seed: int, scale: float = 1.0) -> np.ndarray:
    """What a camera would count of it: whole numbers, with Poisson noise."""
    rng = np.random.default_rng(seed)
    return rng.poisson(np.clip(counts, 0, None) * scale).astype(np.uint16)


def waiting_upload(
    user: User, *scans: tuple[ScannedSeries, np.ndarray], resampling: bool = False
) -> Upload:
    """An upload of these scans that has been looked through and waits for `user`."""
    upload = Upload.objects.create(
        uploaded_by=user, name="Waiting", folder=token_hex(16), state="ready"
    )
    folder = upload_folder(upload)
    found = [keep(folder, scan, counts) for scan, counts in scans]
    proposal = propose(found, folder=folder, resampling=resampling)
    plan = CohortPlan(
        folder=folder,
        pairs=coded(proposal.pairs),
        singles=proposal.singles,
        left_out=(LeftOut("truth.csv", "It is not a DICOM file."), *proposal.left_out),
        resampling=resampling,
        file_count=len(found) + 1,
    )
    plan_keep(upload, plan)
    return upload


def both_scans(
    number: int, *, seed: int | None = None, **changes: object
) -> list[tuple[ScannedSeries, np.ndarray]]:
    """Reference and short scan of patient `number`, with voxels of their own."""
    image = head(number if seed is None else seed)
    return [
        (
            again(
                scan,
                2 * number + index,
                patient=f"p{number}",
                study=f"s{number}",
                **changes,
            ),
            scanned(image, seed=2 * number + index, scale=5.0 - 4 * index),
        )
        for index, scan in enumerate((LONG, SHORT))
    ]
