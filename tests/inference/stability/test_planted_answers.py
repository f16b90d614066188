"""Methods with one fault each: the number meant for it is beyond its usual limit, and
those beside it, which must not be taken for it, are within theirs."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from inference.stability import CaseFindings, Rescans, Settings, measure_case
from inference.stability.geometry import SIDES, find_places
from readerstudy.imaging.stability_measures import MEASURES, is_beyond

from .patients import arm_of_method, beyond, patient

Stacks = np.ndarray
SETTINGS = Settings(probes=6)
NUMBER = 2  # both sides at grade 4
SHORT, NORMAL = patient(NUMBER).short, patient(NUMBER).reference
ROWS, COLUMNS = np.indices((64, 64)) - 31.5


def pattern(phase: np.ndarray) -> Callable[[Stacks], Stacks]:
    """Adds waves of four pixels that stay where the frame is."""
    waves = 0.2 * np.cos(np.pi / 2 * phase)
    return lambda stacks: stacks + waves


def sharpened(stacks: Stacks) -> Stacks:
    return stacks + (stacks - ndimage.gaussian_filter(stacks, (0, 0, 1, 1)))


def smeared(stacks: Stacks) -> Stacks:
    return ndimage.gaussian_filter(stacks, (0, 0, 4, 4))


def steeper(stacks: Stacks) -> Stacks:
    return stacks**2


def fallen(stacks: Stacks) -> Stacks:
    return stacks * np.linspace(1.4, 0.6, stacks.shape[-1])


def deaf_to_more(stacks: Stacks) -> Stacks:
    return np.minimum(stacks, SHORT)


def deaf_to_less(stacks: Stacks) -> Stacks:
    return np.maximum(stacks, SHORT)


def shared_between_sides(stacks: Stacks) -> Stacks:
    return 0.5 * (stacks + stacks[..., ::-1])


def painted_over(stacks: Stacks) -> Stacks:
    return 0.5 * (stacks + NORMAL)


def painted_where(chosen: Callable[[Stacks], bool]) -> Callable[[Stacks], Stacks]:
    def run(stacks: Stacks) -> Stacks:
        return np.stack([NORMAL if chosen(one) else one for one in stacks])

    return run


def is_constant(stack: Stacks) -> bool:
    return bool(np.ptp(stack) == 0)


def is_organ(stack: Stacks) -> bool:
    """It reaches further than a head."""
    return bool(stack[:, 28:36, 6:9].mean() > 0.4 and np.ptp(stack) > 0)


# fault → (method, measures that are beyond, measures that are within)
FAULTS: Mapping[str, tuple[Callable[[Stacks], Stacks], set[str], set[str]]] = {
    "noise made larger": (
        sharpened,
        {"repeat-noise", "gain-random"},
        {"mirror-error", "insert-shown", "deficit-shown"},
    ),
    "rings around the middle": (
        pattern(np.hypot(ROWS, COLUMNS)),
        {"shift-error"},
        {"rotation-error", "mirror-error", "gain-random", "removal-shown"},
    ),
    "waves from one corner to the other": (
        pattern(ROWS - COLUMNS),
        {"rotation-error", "mirror-error"},
        {"shift-error", "gain-random", "removal-shown"},
    ),
    "brighter on one side": (
        fallen,
        {"mirror-error"},
        {"shift-error", "rotation-error", "repeat-noise"},
    ),
    "good images smeared": (
        smeared,
        {"identity-change", "insert-shown", "deficit-shown"},
        {"mirror-error", "shift-error", "gain-adversarial", "repeat-noise"},
    ),
    "steeper each time": (
        steeper,
        {"idempotence-change"},
        {"mirror-error", "painted-constant", "shift-error"},
    ),
    "more is not shown": (deaf_to_more, {"insert-shown"}, {"deficit-shown"}),
    "less is not shown": (
        deaf_to_less,
        {"deficit-shown", "removal-shown"},
        {"insert-shown"},
    ),
    "sides shared": (
        shared_between_sides,
        {"removal-shown", "removal-other-side"},
        {"mirror-error", "painted-erased", "painted-constant"},
    ),
    "a striatum painted over everything": (
        painted_over,
        {"painted-erased", "painted-constant", "painted-organ"},
        {"repeat-noise", "gain-random", "hallucination-peak"},
    ),
    "a striatum painted into nothing": (
        painted_where(is_constant),
        {"painted-constant"},
        {"painted-erased", "painted-organ", "removal-shown"},
    ),
    "a striatum painted into another organ": (
        painted_where(is_organ),
        {"painted-organ"},
        {"painted-erased", "painted-constant", "removal-shown"},
    ),
}


def fails(found: CaseFindings, key: str) -> bool:
    return is_beyond(MEASURES[key], found.numbers[key], limit=None)


@pytest.mark.parametrize("name", FAULTS)
def test_a_method_s_fault_is_caught_by_the_number_meant_for_it(name: str) -> None:
    run, wrong, right = FAULTS[name]

    found = measure_case(
        patient(NUMBER),
        run=lambda stacks: run(stacks).astype(np.float32),
        settings=SETTINGS,
    )

    told = {key: found.numbers.get(key) for key in wrong | right}
    assert {key for key in wrong | right if fails(found, key)} == wrong, told


@pytest.mark.parametrize(
    ("side", "other", "columns"),
    [("right", "left", slice(20, 30)), ("left", "right", slice(34, 44))],
)
def test_noise_on_one_side_alone_is_told_of_that_side_alone(
    side: str, other: str, columns: slice
) -> None:
    """Its striatum is brighter or paler with the grain of the noise."""

    def run(stacks: Stacks) -> Stacks:
        found = stacks.copy()
        for stack, one in zip(stacks, found, strict=True):
            grain = float(stack.astype(np.float64).sum()) * 7.3
            one[:, 20:34, columns] *= 1 + 0.5 * np.sin(grain)
        return found

    arm = arm_of_method(run)

    spread = {name: arm.measures[f"repeat-sbr-sd-{name}"].value for name in SIDES}
    assert spread[side] > 3 * spread[other]
    assert f"repeat-icc-{side}" in beyond(arm)
    assert f"repeat-icc-{other}" not in beyond(arm)


def rescanned(apart: float, run: Callable[[Stacks], Stacks]) -> CaseFindings:
    """Repeats that lie `apart` above and below one image, five of them each; in a unit,
    so that nothing is matched or rounded."""
    case = patient(NUMBER)
    base = 0.5 * case.reference
    signs = np.resize([1.0, -1.0], 10)[:, None, None, None]
    return measure_case(
        replace(case, reference=base, short=0.5 * case.short, relative=False),
        run=run,
        settings=SETTINGS,
        rescans=Rescans((base + apart * signs).astype(np.float32)),
    )


def test_repeats_of_a_known_spread_have_it() -> None:
    case = patient(NUMBER)
    places = find_places(case)
    spread = 0.01 * (10 / 9) ** 0.5  # of ±0.01, five each, n − 1

    found = rescanned(0.01, lambda stacks: stacks)

    mean = 0.5 * float(case.reference[places.striatum].mean())
    inside = (0.5 * case.reference >= 0.01)[places.striatum].mean()
    assert inside > 0.99, "next to nothing is cut off at 0"
    assert found.numbers["repeat-noise"] == pytest.approx(100)
    assert found.numbers["repeat-cov"] == pytest.approx(100 * spread / mean, rel=0.01)


def test_a_relative_image_s_own_scale_does_not_count_as_its_variation() -> None:
    """Half of everything is the same image where each is by its own maximum."""
    whole, half = (
        measure_case(
            patient(NUMBER),
            run=lambda stacks, share=share: np.float32(share) * stacks,
            settings=SETTINGS,
        ).numbers
        for share in (1.0, 0.5)
    )

    for key in ("repeat-noise", "repeat-cov", "repeat-sbr-sd-left", "counts-kept"):
        assert half[key] == pytest.approx(whole[key], rel=1e-4), key


def test_a_budget_of_which_8_bits_leave_nothing_is_said_to_be_so() -> None:
    found = measure_case(
        patient(NUMBER), run=lambda stacks: stacks, settings=Settings(budget=1e-4)
    )

    for key in ("gain-random", "gain-adversarial"):
        assert "Nothing of it is left" in found.reasons[key]
    assert "mirror-error" in found.numbers


def test_an_arm_that_never_helps_has_no_dose_from_which_on_it_does() -> None:
    arm = arm_of_method(lambda stacks: np.ascontiguousarray(stacks[..., ::-1]))
    nothing = arm_of_method(lambda stacks: stacks)

    assert arm.measures["dose-break"].value is None
    assert "At no dose" in arm.measures["dose-break"].reason
    # of doing nothing it is the scan's own share, but for noise that is drawn
    assert nothing.measures["dose-break"].value == pytest.approx(0.2, rel=0.02)
    assert nothing.measures["dose-reversal"].value == 0
