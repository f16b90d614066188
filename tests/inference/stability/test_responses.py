"""Arms whose answers are known beforehand: what the suite says of each."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from inference.stability import CaseFindings, Run, Settings, measure_case
from readerstudy.imaging.errors import Refused

from .patients import gaussian, patient

SETTINGS = Settings(probes=8)


def looked_at(run: Run, number: int = 0) -> CaseFindings:
    return measure_case(patient(number), run=run, settings=SETTINGS)


def test_an_arm_that_does_nothing_changes_nothing() -> None:
    numbers = looked_at(lambda stacks: stacks).numbers

    for key in ("repeat-noise", "insert-shown", "deficit-shown", "removal-shown"):
        assert numbers[key] == pytest.approx(100)
    for key in ("gain-random", "gain-adversarial"):
        assert numbers[key] == pytest.approx(1)
    for key in (
        *("identity-change", "idempotence-change", "mirror-error"),
        *("removal-other-side", "painted-erased", "painted-constant"),
        *("painted-organ", "hallucination-peak", "omission-peak"),
    ):
        assert numbers[key] == pytest.approx(0, abs=1e-6), key
    # what is left is the rounding of moved images to 8 bits
    assert numbers["shift-error"] < 1
    assert numbers["rotation-error"] < 1


def test_the_same_case_gives_the_same_numbers_on_every_run() -> None:
    first, second = looked_at(gaussian), looked_at(gaussian)

    assert first.to_json() == second.to_json()
    assert all(
        np.array_equal(first.maps[name], second.maps[name], equal_nan=True)
        for name in first.maps
    )


def test_an_arm_that_amplifies_has_its_factor_for_a_gain() -> None:
    def run(stacks: np.ndarray) -> np.ndarray:
        return 0.5 * stacks

    numbers = looked_at(run).numbers

    assert numbers["gain-random"] == pytest.approx(0.5)
    assert numbers["insert-shown"] == pytest.approx(50)


def test_the_adversary_finds_a_direction_that_chance_does_not() -> None:
    case = patient()
    soft = ndimage.gaussian_filter(case.reference, (0, 1.0, 1.0))
    weak = np.gradient(soft, axis=2) + np.gradient(soft, axis=1)
    weak /= np.sqrt((weak**2).sum())

    def run(stacks: np.ndarray) -> np.ndarray:
        along = ((stacks - case.short) * weak).sum(axis=(1, 2, 3), keepdims=True)
        return stacks + 4 * along * weak

    numbers = looked_at(run).numbers

    assert numbers["gain-random"] < 1.5
    # the sum of two probes; neither alone has more than 5/√2 + 1
    assert numbers["gain-adversarial"] > 4


def test_an_arm_that_knows_left_from_right_is_not_equivariant() -> None:
    def run(stacks: np.ndarray) -> np.ndarray:
        fall = np.linspace(1.1, 0.9, stacks.shape[-1], dtype=np.float32)
        return np.clip(stacks * fall, 0, 1)

    numbers = looked_at(run).numbers

    assert numbers["mirror-error"] > 10
    assert numbers["shift-error"] < 2


def test_an_arm_that_paints_a_striatum_is_told_by_inputs_without_one() -> None:
    normal = patient(2).reference  # both sides at grade 4

    def run(stacks: np.ndarray) -> np.ndarray:
        return 0.5 * (stacks + normal)

    numbers = looked_at(run, 5).numbers

    for key in ("painted-erased", "painted-constant", "painted-organ"):
        assert numbers[key] > 0.5, key


def test_an_arm_that_fills_one_side_in_from_the_other_shows_less_of_a_loss() -> None:
    def run(stacks: np.ndarray) -> np.ndarray:
        return np.maximum(stacks, stacks[..., ::-1])

    numbers = looked_at(run, 2).numbers

    assert numbers["removal-shown"] < 30


def test_an_arm_made_for_few_counts_gets_worse_with_more() -> None:
    from inference.stability import measure_arm

    short = patient().short
    rough = float(np.abs(np.diff(short, axis=2)).mean())

    def run(stacks: np.ndarray) -> np.ndarray:
        smooth = [np.abs(np.diff(stack, axis=2)).mean() < rough for stack in stacks]
        flat = ndimage.gaussian_filter(stacks, (0, 0, 4, 4))
        return np.where(np.array(smooth)[:, None, None, None], flat, stacks)

    arm = measure_arm([looked_at(run)], settings=SETTINGS)

    assert arm.measures["dose-reversal"].value > 20
    rows = arm.series["dose"]
    assert [row["dose"] for row in rows] == sorted(SETTINGS.doses)
    assert rows[-1]["output"] > rows[-1]["input"] == pytest.approx(0, abs=1e-6)


def test_a_filter_takes_noise_away_and_keeps_more_counts_better() -> None:
    found = looked_at(gaussian)

    assert 75 < found.numbers["repeat-noise"] < 90
    errors = [found.details[f"output-dose-{dose:g}"] for dose in SETTINGS.doses]
    assert errors == sorted(errors, reverse=True)


def test_what_a_method_is_given_is_what_it_can_read() -> None:
    seen = []

    def run(stacks: np.ndarray) -> np.ndarray:
        seen.append(stacks)
        return stacks

    looked_at(run)

    assert len(seen) == 2, "an arm is asked twice a case"
    for stacks in seen:
        assert stacks.dtype == np.float32
        assert stacks.shape[1:] == (5, 64, 64)
        levels = stacks * 255
        assert np.abs(levels - np.rint(levels)).max() < 1e-3
        assert stacks.min() >= 0
        assert stacks.max() <= 1
    assert sum(map(len, seen)) <= 48


def test_an_output_that_is_not_numbers_is_refused_in_words() -> None:
    with pytest.raises(Refused, match="not numbers"):
        looked_at(lambda stacks: np.full_like(stacks, np.nan))
    with pytest.raises(Refused, match="another shape"):
        looked_at(lambda stacks: stacks[:, :3])


def test_images_of_unlike_shapes_are_refused_in_words() -> None:
    case = patient(output=np.zeros((5, 32, 32)))

    with pytest.raises(Refused, match="unlike shapes"):
        measure_case(case, run=None, settings=SETTINGS)


def test_images_alone_tell_what_images_can() -> None:
    case = patient()
    found = measure_case(patient(output=case.short), run=None, settings=SETTINGS)

    assert "images are there" in found.reasons["repeat-noise"]
    assert "deformation" in found.numbers
    assert set(found.maps) == {"hallucination", "omission", "displacement"}


def test_an_input_that_is_the_reference_has_no_noise_to_be_drawn() -> None:
    case = patient()
    case = replace(case, short=case.reference)

    found = measure_case(case, run=lambda stacks: stacks, settings=SETTINGS)

    for key in ("repeat-noise", "gain-random"):
        assert "does not differ" in found.reasons[key]
    assert found.numbers["identity-change"] == pytest.approx(0, abs=1e-6)
    assert found.numbers["insert-shown"] == pytest.approx(100)


def test_an_arm_that_shows_no_binding_shows_no_loss_of_it() -> None:
    found = looked_at(lambda stacks: np.full_like(stacks, 0.5))

    assert found.numbers["removal-shown"] == pytest.approx(0)
    assert "output" in found.reasons["removal-other-side"]
