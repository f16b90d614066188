"""What a study of some size would show, held to studies drawn one by one."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readerstudy.imaging.errors import Refused
from stats.agreement.kappa import weighted_kappa
from stats.planning import Design, expected, patients_needed, simulate, spread_of

pytestmark = pytest.mark.pure

DESIGN = Design(
    shares=(0.15, 0.2, 0.25, 0.4),
    within_reader=0.85,
    primary=0.7,
    control=0.6,
    sides=0.6,
    alike=0.5,
)
EQUAL = replace(DESIGN, primary=0.66, control=0.66)


def test_a_drawn_study_has_the_kappas_and_grades_that_were_supposed() -> None:
    table = DESIGN.draw(np.random.default_rng(5), patients=20_000, readers=1)
    standard = table.standard[0]
    shares = np.bincount(standard, minlength=4) / len(standard)
    assert shares == pytest.approx(DESIGN.shares, abs=0.01)
    for arm, wanted in ((0, DESIGN.primary), (1, DESIGN.control)):
        found = weighted_kappa(
            standard.tolist(),
            table.grades[0, arm].tolist(),
            categories=range(4),
            patients=table.patients.tolist(),
            weighting="quadratic",
        )
        assert found.kappa == pytest.approx(wanted, abs=0.015)


def test_whole_studies_have_the_precision_and_the_power_that_were_expected() -> None:
    setting = {"patients": 60, "readers": 3, "margin": 0.15}
    found = expected(EQUAL, spread_of(EQUAL, readers=3), **setting)
    trials = simulate(EQUAL, **setting, studies=300)
    assert trials.without == 0
    assert trials.half_width == pytest.approx(found.difference, rel=0.06)
    assert trials.covered == pytest.approx(0.95, abs=0.04)
    # the formula takes the standard error as known; studies have to estimate it
    assert trials.not_inferior == pytest.approx(found.not_inferior, abs=0.09)


def test_fewer_patients_than_needed_have_less_power_and_no_more_are_needed() -> None:
    spread = spread_of(EQUAL, readers=3)
    setting = {"readers": 3, "margin": 0.1}
    needed = patients_needed(EQUAL, spread, **setting, power=0.8)
    assert needed is not None
    enough, less = (
        expected(EQUAL, spread, patients=n, **setting).not_inferior
        for n in (needed, needed - 1)
    )
    assert less < 0.8 <= enough
    assert patients_needed(EQUAL, spread, readers=3, margin=0.01, power=0.9) is None


@given(st.integers(3, 400), st.integers(1, 4), st.floats(0.02, 0.5))
@settings(max_examples=40)
def test_more_patients_and_wider_margins_never_hurt(
    patients: int, readers: int, margin: float
) -> None:
    spread = spread_of(EQUAL, readers=4)
    setting = {"readers": readers, "margin": margin}
    one = expected(EQUAL, spread, patients=patients, **setting)
    more = expected(EQUAL, spread, patients=patients + 20, **setting)
    assert more.difference < one.difference
    assert more.not_inferior >= one.not_inferior
    assert 0 <= one.equivalent <= more.equivalent <= 1
    wider = {**setting, "margin": margin * 1.5}
    assert expected(EQUAL, spread, patients=patients, **wider).not_inferior >= (
        one.not_inferior
    )


def test_arms_that_mislead_on_the_same_patients_are_told_apart_better() -> None:
    widths = [
        expected(d, spread_of(d, readers=3), patients=50, readers=3, margin=0.1)
        for d in (replace(EQUAL, alike=share) for share in (0.0, 0.5, 0.95))
    ]
    assert widths[0].difference > widths[1].difference > widths[2].difference


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"shares": (0.5, 0.4)}, "must sum to 1"),
        ({"shares": (1.0, 0.0)}, "Two grades at least"),
        ({"sides": 1.2}, "Correlations lie between"),
        ({"within_reader": 1.0}, "Kappa within a reader"),
        ({"primary": -0.1}, "0 or more"),
        ({"primary": 0.9}, "more with the standard than with themselves"),
    ],
)
def test_what_cannot_be_supposed_is_refused(change: dict[str, object], said: str):
    with pytest.raises(Refused, match=said):
        replace(DESIGN, **change)
