"""CT slices as files: a body of soft tissue with lungs and a spine; nobody's."""

import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
from django.contrib.auth.models import User
from PIL import Image
from pydicom.uid import CTImageStorage, generate_uid
from scipy.ndimage import gaussian_filter

from readerstudy.cases import selectors, services
from readerstudy.cases.models import Case, Cohort, Upload
from readerstudy.imaging.study_types import IMAGE_TO_IMAGE
from tests.imaging.objects import write
from tests.imaging.volumes import slices

SHAPE = (3, 40, 48)


def body(seed: int = 0, *, shape: tuple[int, int, int] = SHAPE) -> np.ndarray:
    """HU (slices, rows, columns), int16; another body for each seed."""
    rng = np.random.default_rng(seed)
    z, y, x = np.mgrid[: shape[0], : shape[1], : shape[2]].astype(float)
    y, x = y - shape[1] / 2, x - shape[2] / 2
    size = rng.uniform(0.8, 1.0, 2)
    inside = (x / (0.45 * shape[2] * size[0])) ** 2 + (
        y / (0.4 * shape[1] * size[1])
    ) ** 2 < 1
    values = np.where(inside, 40.0, -1000.0)
    for side, scale in ((-0.2, 1.0), (0.22, 0.85)):
        lung = ((x - side * shape[2]) / (0.12 * shape[2])) ** 2 + (
            y / (0.25 * shape[1] * scale)
        ) ** 2 < 1
        values[lung] = -800
    values[np.hypot(x, y - 0.25 * shape[1]) < 0.06 * shape[2]] = 400
    values += 60 * gaussian_filter(rng.normal(size=shape), 1.5) * inside
    return np.rint(values + 3 * z).astype(np.int16)


def noisy(values: np.ndarray, *, seed: int = 1, sd: float = 40.0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, sd, values.shape)
    return np.clip(np.rint(values + noise), -1024, 3071).astype(np.int16)


def write_ct(
    folder: Path,
    values: np.ndarray,
    *,
    patient: str,
    study: str,
    description: str = "",
    exposure: float | None = None,
    **changes: object,
) -> Path:
    """`values` (HU) as one file a slice, stored as scanners do, 1024 above."""
    pixels = (values.astype(int) + 1024).astype(np.uint16)
    files = slices(
        pixels, sop_class=CTImageStorage, pixel_mm=(0.8, 0.8), series=generate_uid()
    )
    for number, ds in enumerate(files):
        ds.PatientID, ds.StudyInstanceUID = patient, study
        ds.FrameOfReferenceUID = study + ".1"
        ds.SeriesDescription = description
        if exposure:
            ds.Exposure = str(exposure)
        for keyword, value in changes.items():
            setattr(ds, keyword, value)
        write(ds, folder / f"{number}.dcm")
    return folder


def write_ct_pair(folder: Path, patient: str, *, seed: int, **changes: object) -> None:
    """Full and a quarter of the dose of one patient."""
    values, study = body(seed), f"1.2.{sum(patient.encode())}"
    write_ct(
        folder / patient / "full",
        values,
        patient=patient,
        study=study,
        description="Full dose",
        exposure=200,
        **changes,
    )
    write_ct(
        folder / patient / "low",
        noisy(values, seed=seed + 100),
        patient=patient,
        study=study,
        description="Low dose",
        exposure=50,
        **changes,
    )


def case_of(cohort: Cohort, values: np.ndarray) -> Case:
    """The case whose reference is that body."""
    for case in cohort.cases.all():
        reference = selectors.rendition_get(case=case, method="reference")
        if np.array_equal(selectors.rendition_values(reference), values):
            return case
    raise AssertionError("no case has that reference")


def zipped(folder: Path) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted(folder.rglob("*.dcm")):
            archive.write(path, path.relative_to(folder))
    return file.getvalue()


def looked_through(folder: Path, *, name: str, user: User) -> Upload:
    """What is in the folder, sent from a browser and waiting to be confirmed."""
    upload = services.receiving_open(
        user=user, origin="browser", name=name, study_type=IMAGE_TO_IMAGE
    )
    services.file_add(upload=upload, name="all.zip", content=zipped(folder))
    services.receiving_finish(upload=upload, name=name, by=user)
    services.upload_scan(upload_id=upload.pk)
    upload.refresh_from_db()
    return upload


def picture(response) -> np.ndarray:
    assert response.status_code == 200
    return np.asarray(Image.open(BytesIO(response.content)))
