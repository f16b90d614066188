"""Binding ratios of stored slices, and the two failures that are looked for."""

import numpy as np
import pytest
from numpy.typing import NDArray

from readerstudy.imaging.preprocessing import PIXEL_MM, to_eight_bit
from readerstudy.imaging.striatal_binding import SLAB_MM, STRIATUM_ML
from readerstudy.reading.atlas import load_atlas
from stats.image_quality import Uptake, striatal_regions, striatal_uptake
from stats.outcomes import NotEstimable, Reason

pytestmark = pytest.mark.pure

Values = NDArray[np.float32]
SAME_IN_BOTH, LEFT_ABNORMAL, RIGHT_ABNORMAL = 0, 4, 5  # of the examples


def example(number: int) -> Values:
    """(5, 64, 64): a simulated head; 1.0 is the maximum of a slice."""
    atlas = load_atlas("striatum-grade-1-4")
    assert atlas is not None
    values: Values = atlas.values[number].astype(np.float32)
    return values


def uptake(image: Values, reference: Values | None = None) -> Uptake:
    """Of an image, in the regions of a reference; of itself by default."""
    standard = to_eight_bit(image if reference is None else reference)
    regions = striatal_regions(standard)
    assert regions is not None
    return striatal_uptake(to_eight_bit(image), regions)


def both(one: Uptake) -> tuple[float, float]:
    assert not isinstance(one.right, NotEstimable)
    assert not isinstance(one.left, NotEstimable)
    return one.right, one.left


def plain_head(*, ratio: float, side: int) -> NDArray[np.uint8]:
    """An even brain of 60 grey levels; 40 pixels of one striatum hold that much more
    than a striatum of standard size would in every slice of the slab.
    """
    row, column = (np.indices((64, 64)) - 31.5) * PIXEL_MM
    image = np.zeros((5, 64, 64))
    image[:] = 60.0 * ((column / 65) ** 2 + (row / 85) ** 2 < 1)
    more = 60.0 * ratio * STRIATUM_ML / (SLAB_MM * PIXEL_MM**2 / 1000)
    image[:, 22:30, 31 + 6 * side : 36 + 6 * side] += more / 40
    return np.rint(image).astype(np.uint8)


@pytest.mark.parametrize("ratio", [0.0, 2.0, 5.0])
def test_the_ratio_is_that_of_the_formula(ratio: float) -> None:
    image = plain_head(ratio=ratio, side=1)
    regions = striatal_regions(image)
    assert regions is not None
    right, left = both(striatal_uptake(image, regions))
    assert left == pytest.approx(ratio, abs=0.05)  # rounded to whole grey levels
    assert right == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("number", range(7))
def test_the_regions_lie_in_the_brain_and_on_their_sides(number: int) -> None:
    regions = striatal_regions(to_eight_bit(example(number)))
    assert regions is not None
    columns = [np.nonzero(one)[1] for one in (regions.right, regions.left)]
    assert columns[0].max() < columns[1].min()  # the patient's right comes first
    assert not (regions.right & regions.left).any()
    assert not (regions.background & regions.striatum).any()
    assert (regions.brain | ~regions.background).all()
    assert (regions.brain & regions.striatum).sum() > 0.95 * regions.striatum.sum()


@pytest.mark.parametrize("number", range(7))
def test_the_hottest_pixels_of_a_head_are_in_its_boxes(number: int) -> None:
    image = to_eight_bit(example(number))
    regions = striatal_regions(image)
    assert regions is not None
    mean = image.mean(axis=0)
    hottest = mean >= np.sort(mean[regions.brain])[-60]
    assert (hottest & regions.striatum).sum() > 0.9 * hottest.sum()


def test_the_side_that_binds_less_has_the_lower_ratio() -> None:
    right, left = both(uptake(example(LEFT_ABNORMAL)))
    assert right > 2 * left
    right, left = both(uptake(example(RIGHT_ABNORMAL)))
    assert left > 2 * right


def test_a_mirrored_image_swaps_the_sides() -> None:
    reference = example(LEFT_ABNORMAL)
    right, left = both(uptake(reference))
    # in its own regions, which are mirrored with it
    assert both(uptake(reference[..., ::-1])) == pytest.approx((left, right), rel=0.02)
    # in those of the reference, as in a study; the head is not quite in the middle
    found = both(uptake(reference[..., ::-1], reference))
    assert found == pytest.approx((left, right), rel=0.25)


def test_a_background_at_80_percent_is_suppressed_by_20() -> None:
    reference = example(SAME_IN_BOTH)
    regions = striatal_regions(to_eight_bit(reference))
    assert regions is not None
    image = np.where(regions.background, 0.8 * reference, reference)
    arm, standard = uptake(image, reference), uptake(reference)
    assert 1 - arm.background / standard.background == pytest.approx(0.2, abs=0.005)
    assert arm.background_sd / standard.background_sd == pytest.approx(0.8, abs=0.02)
    assert arm.striatum == standard.striatum
    # against less background the same striatum binds more
    assert both(arm) > both(standard)


def test_a_striatum_at_108_percent_is_over_emphasised_by_8() -> None:
    reference = (0.9 * example(SAME_IN_BOTH)).astype(np.float32)  # room below white
    regions = striatal_regions(to_eight_bit(reference))
    assert regions is not None
    image = np.where(regions.striatum, 1.08 * reference, reference)
    arm, standard = uptake(image, reference), uptake(reference)
    assert arm.striatum / standard.striatum - 1 == pytest.approx(0.08, abs=0.003)
    assert (arm.background, arm.background_sd) == (
        standard.background,
        standard.background_sd,
    )


def test_a_darker_slice_is_measured_against_its_own_background() -> None:
    reference = example(SAME_IN_BOTH)
    darker = reference * np.array([1, 0.5, 1, 0.7, 1], np.float32)[:, None, None]
    assert both(uptake(darker, reference)) == pytest.approx(
        both(uptake(reference)), rel=0.01
    )


def test_noise_is_what_varies_within_slices() -> None:
    image = plain_head(ratio=2.0, side=1)
    regions = striatal_regions(image)
    assert regions is not None
    uneven = (image * np.array([1, 0.5, 1, 0.7, 1])[:, None, None]).astype(np.uint8)
    assert striatal_uptake(uneven, regions).background_sd == 0
    assert uptake(example(SAME_IN_BOTH)).background_sd > 3


def test_an_image_without_a_whole_brain_has_no_regions() -> None:
    assert striatal_regions(np.zeros((5, 64, 64), np.uint8)) is None
    assert striatal_regions(np.full((5, 64, 64), 90, np.uint8)) is None
    shifted = np.zeros((5, 64, 64), np.uint8)
    shifted[:, :, :44] = to_eight_bit(example(SAME_IN_BOTH))[:, :, 20:]
    assert striatal_regions(shifted) is None


def test_an_empty_background_has_no_ratio() -> None:
    reference = example(SAME_IN_BOTH)
    arm = uptake(np.zeros_like(reference), reference)
    assert arm.right == arm.left == NotEstimable(Reason.EMPTY_BACKGROUND)
    assert (arm.striatum, arm.background, arm.background_sd) == (0, 0, 0)
