"""Noise that is drawn looks like the noise that was measured."""

import numpy as np
import pytest

from inference.stability.geometry import find_places
from inference.stability.inputs import at_dose
from inference.stability.noise import measure_noise

from .patients import patient


def test_drawn_noise_is_as_large_and_as_coarse_as_that_of_the_scan() -> None:
    case = patient(2)
    places = find_places(case)
    noise = measure_noise(case, places)
    field = places.field

    drawn = np.stack([noise.draw(np.random.default_rng(n)) for n in range(20)])

    # the short scan holds a fifth of the reference's counts and is part of it
    wanted = noise.residual[field].std() / np.sqrt(1 - 0.2)
    assert drawn[:, field].std() == pytest.approx(wanted, rel=0.05)
    both = field[:, :, 1:] & field[:, :, :-1]
    neighbours = [
        np.corrcoef(one[:, :, 1:][both], one[:, :, :-1][both])[0, 1]
        for one in (noise.residual, *drawn)
    ]
    assert np.mean(neighbours[1:]) == pytest.approx(neighbours[0], abs=0.1)
    assert noise.along > 0.3


@pytest.mark.parametrize("dose", [0.1, 0.4, 0.7, 1.0])
def test_an_input_of_another_dose_has_the_variance_of_that_dose(dose: float) -> None:
    """Of scans that are parts of each other the variance against the reference is
    σ² (1/dose − 1)."""
    case = patient(2)
    places = find_places(case)
    noise = measure_noise(case, places)

    image = at_dose(dose, short=case.short, noise=noise, rng=np.random.default_rng(1))

    left = (image - noise.base)[places.field].var()
    own = noise.residual[places.field].var()
    wanted = (1 / dose - 1) / (1 / 0.2 - 1)
    assert left / own == pytest.approx(wanted, rel=0.15, abs=1e-9)
