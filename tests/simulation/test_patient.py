"""What is drawn for a patient: grades, uptake, sizes."""

from collections import Counter

import pytest

from readerstudy.simulation.patient import SIDES, TYPICAL_SBR, draw_patient

pytestmark = pytest.mark.pure
PATIENTS = [draw_patient(seed=9, index=index) for index in range(240)]
ALL_SIDES = [patient.side(name) for patient in PATIENTS for name in SIDES]


@pytest.mark.parametrize("seed", range(10))
def test_any_twelve_patients_from_the_first_hold_all_grades(seed: int) -> None:
    drawn = [draw_patient(seed=seed, index=index) for index in range(12)]
    grades = Counter(patient.side(name).grade for patient in drawn for name in SIDES)
    assert grades == {4: 8, 3: 6, 2: 6, 1: 4}


def test_the_sides_differ_by_one_grade_at_most_and_neither_is_always_worse() -> None:
    drawn = [draw_patient(seed=4, index=index) for index in range(600)]
    apart = Counter(patient.left.grade - patient.right.grade for patient in drawn)
    assert set(apart) == {-1, 0, 1}
    # 300 of 600 differ; which side is worse is a coin's toss (SD 8.7).
    assert apart[-1] + apart[1] == 300
    assert 115 < apart[-1] < 185


@pytest.mark.parametrize("grade", TYPICAL_SBR)
def test_binding_ratios_lie_around_what_is_typical_for_the_grade(grade: int) -> None:
    sides = [side for side in ALL_SIDES if side.grade == grade]
    putamen, caudate = TYPICAL_SBR[grade]
    mean_putamen = sum(side.putamen_sbr for side in sides) / len(sides)
    mean_caudate = sum(side.caudate_sbr for side in sides) / len(sides)
    assert mean_putamen == pytest.approx(putamen, rel=0.06)
    assert mean_caudate == pytest.approx(caudate, rel=0.06)


def test_no_putamen_of_a_lower_grade_binds_more_than_one_of_a_higher_grade() -> None:
    for low in (1, 2, 3):
        most = max(side.putamen_sbr for side in ALL_SIDES if side.grade == low)
        least = min(side.putamen_sbr for side in ALL_SIDES if side.grade == low + 1)
        assert most < least


def test_older_normal_patients_bind_less() -> None:
    normal = [
        (patient.age_years, patient.right.putamen_sbr)
        for patient in (draw_patient(seed=3, index=index) for index in range(600))
        if patient.right.grade == 4
    ]
    young = [ratio for age, ratio in normal if age < 60]
    old = [ratio for age, ratio in normal if age > 75]
    assert sum(young) / len(young) > 1.03 * sum(old) / len(old)


def test_nuclei_are_of_anatomical_size() -> None:
    assert all(6.0 <= side.putamen_ml <= 8.5 for side in ALL_SIDES)
    assert all(3.6 <= side.caudate_ml <= 8.0 for side in ALL_SIDES)


def test_a_patient_depends_on_seed_and_number_only() -> None:
    assert draw_patient(seed=9, index=17) == PATIENTS[17]
    assert draw_patient(seed=10, index=17) != PATIENTS[17]


def test_counts_and_slices_are_in_the_range_of_the_study() -> None:
    assert all(2.5e6 <= patient.total_counts <= 5e6 for patient in PATIENTS)
    slices = {patient.slices for patient in PATIENTS}
    assert (min(slices), max(slices)) == (59, 83)
