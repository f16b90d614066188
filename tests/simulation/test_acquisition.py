"""Counts: how many, how they scatter, how the short scan is cut out of the long."""

import numpy as np
import pytest

from readerstudy.simulation.acquisition import (
    acquire,
    count,
    expected_counts,
    thin,
)
from readerstudy.simulation.camera import Camera
from readerstudy.simulation.patient import Patient, draw_patient, stream
from readerstudy.simulation.phantom import Phantom, render_phantom

from .conftest import SEED

pytestmark = pytest.mark.pure
CAMERA = Camera(views=12)


@pytest.fixture(scope="module")
def head() -> tuple[Patient, Phantom]:
    patient = draw_patient(seed=SEED, index=0)
    return patient, render_phantom(patient)


def test_thinning_is_binomial() -> None:
    counts = np.full(200_000, 40)
    kept = thin(counts, stream(1, 0, 0), fraction=0.2)
    assert kept.mean() == pytest.approx(8.0, abs=5 * np.sqrt(6.4 / 200_000))
    assert kept.var() == pytest.approx(6.4, rel=0.02)
    assert (kept <= counts).all()


def test_thinned_poisson_counts_are_poisson_and_independent_of_the_rest() -> None:
    rng = stream(2, 0, 0)
    counts = count(np.full(200_000, 12.0), rng)
    kept = thin(counts, rng, fraction=0.2)
    assert kept.mean() == pytest.approx(2.4, rel=0.01)
    assert kept.var() == pytest.approx(2.4, rel=0.02)
    # What is kept and what is thrown away are independent, as two scans would be.
    assert np.corrcoef(kept, counts - kept)[0, 1] == pytest.approx(0, abs=0.01)


def test_the_counts_and_their_scattered_part_are_as_drawn(
    head: tuple[Patient, Phantom],
) -> None:
    patient, phantom = head
    primary, scattered = expected_counts(phantom, patient, camera=CAMERA)
    assert primary.sum() + scattered.sum() == pytest.approx(patient.total_counts)
    ratio = scattered.sum() / primary.sum()
    assert ratio == pytest.approx(patient.scatter_to_primary + 0.04, rel=1e-3)
    # Scatter is smooth: far less of it lies in the fine detail.
    detail = [
        np.diff(part / part.mean(), axis=1).std() for part in (primary, scattered)
    ]
    assert detail[1] < 0.6 * detail[0]


def test_the_short_scan_is_a_fifth_of_the_same_counts(
    head: tuple[Patient, Phantom],
) -> None:
    patient, phantom = head
    acquired = acquire(phantom, patient, camera=CAMERA)
    reference, short = acquired.photopeak[:, :, 0], acquired.photopeak[:, :, 1]
    total = float(reference.double().sum())
    assert total == pytest.approx(patient.total_counts, rel=5e-3)
    assert float(short.double().sum()) / total == pytest.approx(0.2, abs=2e-3)
    assert bool((short <= reference).all())
    assert bool((reference == reference.round()).all())


def test_the_scatter_estimate_finds_the_scatter(head: tuple[Patient, Phantom]) -> None:
    patient, phantom = head
    _, scattered = expected_counts(phantom, patient, camera=CAMERA)
    acquired = acquire(phantom, patient, camera=CAMERA)
    for channel, share in ((0, 1.0), (1, 0.2)):
        estimate = acquired.scatter[:, :, channel].double().numpy()
        # Up to the mismatch of the windows (SD 5 %).
        assert estimate.sum() == pytest.approx(share * scattered.sum(), rel=0.2)
        assert np.corrcoef(estimate.ravel(), scattered.ravel())[0, 1] > 0.95
