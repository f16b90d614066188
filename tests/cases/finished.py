"""Cohorts, and images that were made of their cases elsewhere."""

from pathlib import Path

import numpy as np
import pytest

from readerstudy.cases import selectors, services
from readerstudy.cases.models import Case, Cohort, Rendition
from readerstudy.imaging.study_types import IMAGE_TO_IMAGE

from .conftest import write_pair
from .stacks import write_ct_pair

PATIENTS = ("Abe-1", "Baba-2")


@pytest.fixture
def stacks(tmp_path, coordinator) -> Cohort:
    for seed, patient in enumerate(PATIENTS):
        write_ct_pair(tmp_path / "sent", patient, seed=seed)
    plan = services.cohort_scan(tmp_path / "sent", study_type=IMAGE_TO_IMAGE)
    return services.cohort_import(
        plan=plan, name="Low dose", coordinators=[coordinator]
    )


@pytest.fixture
def heads(tmp_path, coordinator) -> Cohort:
    for index, patient in enumerate(PATIENTS):
        write_pair(tmp_path / "sent", patient, hot_slice=5 + index)
    plan = services.cohort_scan(tmp_path / "sent")
    return services.cohort_import(plan=plan, name="Heads", coordinators=[coordinator])


def values_of(case: Case, method: str = "reference") -> np.ndarray:
    rendition = selectors.rendition_get(case=case, method=method)
    return selectors.rendition_values(rendition)


def write_arrays(cohort: Cohort, folder: Path, change=lambda values: values) -> Path:
    """Of every case, what `change` makes of its reference."""
    folder.mkdir()
    for case in cohort.cases.all():
        np.save(folder / f"{case.code}_mine.npy", change(values_of(case)))
    return folder


def take(cohort: Cohort, path: Path, **changes):
    return services.images_import(cohort=cohort, name="Mine", path=path, **changes)


def problems(cohort: Cohort, path: Path) -> list[str]:
    with pytest.raises(services.ImagesRefusedError) as refused:
        take(cohort, path)
    assert not Rendition.objects.filter(method="result-mine").exists()
    return list(refused.value.problems)
