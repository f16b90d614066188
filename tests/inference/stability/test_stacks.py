"""Stacks with a unit: chest CT at a tenth of the dose."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy import ndimage

from inference.stability import CaseImages, Settings, measure_case
from readerstudy.imaging.errors import Refused
from readerstudy.simulation.ct.chest import FIELD_MM, draw_chest, render_chest
from readerstudy.simulation.ct.tomography import Scanner, scan_slices

PIXELS = 96
SETTINGS = Settings(slices=1, repeats=2, random=1, probes=2)
Stack = np.ndarray


@cache
def chest() -> tuple[Stack, Stack, Stack]:
    """True values, full dose, a tenth of the dose."""
    truth = render_chest(draw_chest(seed=1, index=0), slices=3, pixels=PIXELS)
    full, low = scan_slices(
        truth,
        doses=(1.0, 0.1),
        rng=np.random.default_rng(0),
        scanner=Scanner(views=180),
    )
    return truth, full.astype(np.float32), low.astype(np.float32)


def stack(output: Stack | None = None, *, share: float | None = 0.1) -> CaseImages:
    _, full, low = chest()
    return CaseImages(
        code="CT1",
        patient="CT1",
        reference=full,
        short=low,
        output=output,
        spacing_mm=(5.0, FIELD_MM / PIXELS, FIELD_MM / PIXELS),
        window=(-1024, 3071),
        relative=False,
        striatal=False,
        short_share=share,
    )


def smooth(stacks: Stack) -> Stack:
    return ndimage.gaussian_filter(stacks, (0, 0, 0.8, 0.8))


def peaks(output: Stack) -> tuple[float, float]:
    numbers = measure_case(stack(output), run=None, settings=SETTINGS).numbers
    return numbers["hallucination-peak"], numbers["omission-peak"]


def test_a_stack_is_measured_in_its_own_values() -> None:
    seen = []

    def run(stacks: Stack) -> Stack:
        seen.append(stacks)
        return smooth(stacks)

    found = measure_case(stack(), run=run, settings=SETTINGS)

    assert {stacks.shape[1] for stacks in seen[:2]} == {1}, "the middle slice, here"
    assert seen[0].min() < -900, "in HU"
    assert found.numbers["repeat-noise"] < 100
    assert found.numbers["mirror-error"] == pytest.approx(0, abs=1e-3)
    assert all(each.shape == (3, PIXELS, PIXELS) for each in found.maps.values())
    assert np.isnan(found.maps["sd"][[0, 2]]).all()
    assert "no striatum" in found.reasons["painted-erased"]
    assert "no striatum" in found.reasons["hallucination-striatum"]


def test_a_whole_stack_that_comes_back_spoilt_is_refused_in_words() -> None:
    def run(stacks: Stack) -> Stack:
        whole = stacks.shape[1] == 3
        return np.full_like(stacks, np.nan) if whole else smooth(stacks)

    with pytest.raises(Refused, match="not numbers"):
        measure_case(stack(), run=run, settings=SETTINGS)


def test_a_mild_filter_neither_invents_nor_loses() -> None:
    _, _, low = chest()

    assert peaks(smooth(low[None])[0]) == (pytest.approx(0), pytest.approx(0))


def test_a_false_nodule_and_lost_vessels_are_seen() -> None:
    truth, _, low = chest()
    output = smooth(low[None])[0]
    bare = render_chest(
        draw_chest(seed=1, index=0), slices=3, pixels=PIXELS, vessels=False
    )
    lung = (truth[1] > -900) & (truth[1] < -700)
    inner = np.argwhere(ndimage.binary_erosion(lung, iterations=3))
    row, column = inner[len(inner) // 3]
    rows, columns = np.indices(truth.shape[1:])
    nodule = 500.0 * (np.hypot(rows - row, columns - column) <= 2.5)

    invented, _ = peaks(output + smooth(nodule[None, None].astype(np.float32))[0])
    _, lost = peaks(output + smooth((bare - truth)[None])[0])

    assert invented > 10
    assert lost > 10


def test_a_total_is_counted_from_the_window_s_lowest_value_on() -> None:
    """Of HU from that of the air beyond the patient: 0 HU is no lack of anything."""
    _, full, _ = chest()

    found = measure_case(
        stack(1.1 * (full + 1024) - 1024), run=None, settings=SETTINGS
    ).numbers

    assert found["counts-kept"] == pytest.approx(10, abs=1e-3)


def test_an_unknown_share_of_counts_leaves_the_doses_out() -> None:
    found = measure_case(stack(share=None), run=smooth, settings=SETTINGS)

    assert not [name for name in found.details if "dose" in name]
    assert "repeat-noise" in found.numbers


def test_a_patient_who_is_as_bright_everywhere_is_refused_in_words() -> None:
    even = np.full((3, 64, 64), 40, np.float32)
    even[:, :3] = -1000  # air, in the rim of the frame
    noise = np.random.default_rng(0).normal(size=even.shape).astype(np.float32)
    case = replace(stack(), reference=even, short=even + 5 * noise)

    with pytest.raises(Refused, match="the same everywhere"):
        measure_case(case, run=smooth, settings=SETTINGS)


def test_a_large_stack_gives_signs_of_life_and_what_they_raise_ends_it() -> None:
    """Some slices at a time are looked at: a worker within is neither taken for dead
    nor deaf to a cancel."""
    rng = np.random.default_rng(2)
    shape = (40, 40, 40)
    reference = rng.uniform(-200, 200, shape).astype(np.float32)
    images = CaseImages(
        code="H1",
        patient="p",
        reference=reference,
        short=reference + rng.normal(0, 20, shape).astype(np.float32),
        output=reference + rng.normal(0, 5, shape).astype(np.float32),
        spacing_mm=(1.0, 1.0, 1.0),
        window=(-1024.0, 3071.0),
        relative=False,
        striatal=False,
    )
    signs: list[int] = []

    def alive() -> None:
        signs.append(len(signs))
        if len(signs) > most:
            raise InterruptedError

    most = 99
    measure_case(images, run=None, settings=Settings(), alive=alive)
    assert len(signs) >= 4  # three parts of the stack, and what comes before them
    most = len(signs) + 1
    with pytest.raises(InterruptedError):
        measure_case(images, run=None, settings=Settings(), alive=alive)
