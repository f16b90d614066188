"""Errors and SSIM by mask, against scikit-image and against arithmetic."""

import numpy as np
import pytest
from numpy.typing import NDArray

from stats.image_quality import (
    NormalisedBy,
    differences,
    mean_absolute_errors,
    mean_squared_errors,
    nrmse,
    psnr,
    rmse,
    structural_similarities,
)
from stats.outcomes import NotEstimable, Reason

pytestmark = pytest.mark.pure

RANGES = (255, 1)


@pytest.fixture
def reference() -> NDArray[np.uint8]:
    """(3, 64, 64), part of it empty, part of it even."""
    rng = np.random.default_rng(3)
    image = rng.integers(0, 256, (3, 64, 64))
    image[:, :20] = 0
    image[:, 50:, :30] = 117
    return image.astype(np.uint8)


@pytest.fixture
def arms(reference: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(4, 3, 64, 64), the later the noisier."""
    rng = np.random.default_rng(4)
    noise = (
        rng.normal(0, 1, (4, *reference.shape))
        * np.array([5, 10, 20, 40])[:, None, None, None]
    )
    return np.clip(reference + noise, 0, 255).astype(np.uint8)


@pytest.fixture
def masks() -> NDArray[np.bool_]:
    """Everything, a box in the middle, and one that reaches the corner."""
    masks = np.zeros((3, 64, 64), dtype=bool)
    masks[0] = True
    masks[1, 25:40, 20:45] = True
    masks[2, 40:, 40:] = True
    return masks


@pytest.mark.parametrize("which", [0, 1])
def test_ssim_in_a_mask_is_the_mean_of_scikit_image_s_map(
    reference: NDArray[np.uint8],
    arms: NDArray[np.uint8],
    masks: NDArray[np.bool_],
    which: int,
) -> None:
    from skimage.metrics import structural_similarity

    found = differences(reference, arms, data_ranges=RANGES, masks=masks)
    inside = np.zeros((64, 64), dtype=bool)
    inside[5:-5, 5:-5] = True
    for arm in range(len(arms)):
        for index in range(len(reference)):
            _, full = structural_similarity(
                reference[index],
                arms[arm, index],
                data_range=RANGES[which],
                gaussian_weights=True,
                sigma=1.5,
                use_sample_covariance=False,
                full=True,
            )
            expected = [full[mask & inside].mean() for mask in masks]
            ours = found.similarity[which, :, arm, index]
            assert ours == pytest.approx(expected, abs=1e-9)


def test_all_arms_at_once_are_each_arm_alone(
    reference: NDArray[np.uint8], arms: NDArray[np.uint8]
) -> None:
    together = differences(reference, arms, data_ranges=RANGES)
    for arm, image in enumerate(arms):
        alone = structural_similarities(reference, image, data_ranges=RANGES)
        assert together.similarity[:, 0, arm] == pytest.approx(alone, abs=1e-12)


def test_the_order_of_ranges_does_not_matter(
    reference: NDArray[np.uint8], arms: NDArray[np.uint8]
) -> None:
    one = differences(reference, arms, data_ranges=(255, 1)).similarity
    other = differences(reference, arms, data_ranges=(1, 255)).similarity
    assert one[::-1] == pytest.approx(other, abs=1e-9)


def test_errors_are_those_of_the_pixels_of_the_mask(
    reference: NDArray[np.uint8], arms: NDArray[np.uint8], masks: NDArray[np.bool_]
) -> None:
    found = differences(reference, arms, data_ranges=RANGES, masks=masks)
    apart = arms.astype(float) - reference
    for number, mask in enumerate(masks):
        squared = (apart[..., mask] ** 2).mean(axis=-1)
        assert found.mean_squared_error[number] == pytest.approx(squared, abs=1e-9)
        assert found.mean_absolute_error is not None
        absolute = np.abs(apart[..., mask]).mean(axis=-1)
        assert found.mean_absolute_error[number] == pytest.approx(absolute, abs=1e-9)
    assert mean_absolute_errors(reference, arms[0]) == pytest.approx(
        np.abs(apart[0]).mean(axis=(1, 2))
    )


def test_what_lies_outside_of_a_mask_is_not_its_error(
    reference: NDArray[np.uint8], masks: NDArray[np.bool_]
) -> None:
    image = reference.copy()
    image[:, 50:, :10] = 255  # further than a window from the box in the middle
    found = differences(reference, image[None], data_ranges=RANGES, masks=masks)
    assert (found.mean_squared_error[0] > 0).all()
    assert (found.mean_squared_error[1] == 0).all()
    assert found.similarity[:, 1] == pytest.approx(1, abs=1e-9)


def test_identical_images_differ_nowhere(
    reference: NDArray[np.uint8], masks: NDArray[np.bool_]
) -> None:
    found = differences(reference, reference[None], data_ranges=RANGES, masks=masks)
    assert (found.mean_squared_error == 0).all()
    assert found.similarity == pytest.approx(1, abs=1e-12)


def test_arms_in_another_order_have_the_same_numbers(
    reference: NDArray[np.uint8], arms: NDArray[np.uint8]
) -> None:
    order = [2, 0, 3, 1]
    straight = differences(reference, arms, data_ranges=RANGES)
    shuffled = differences(reference, arms[order], data_ranges=RANGES)
    assert shuffled.similarity == pytest.approx(
        straight.similarity[:, :, order], abs=1e-12
    )


def test_memory_that_is_used_again_remembers_nothing(
    reference: NDArray[np.uint8], arms: NDArray[np.uint8]
) -> None:
    first = differences(reference, arms, data_ranges=RANGES)
    kept = first.similarity.copy(), first.mean_squared_error.copy()
    differences(reference[::-1], arms[::-1], data_ranges=(255,))
    assert (first.similarity == kept[0]).all()
    assert (first.mean_squared_error == kept[1]).all()
    again = differences(reference, arms, data_ranges=RANGES)
    assert (again.similarity == kept[0]).all()


@pytest.mark.parametrize(
    ("by", "theirs"),
    [(NormalisedBy.REFERENCE_MEAN, "mean"), (NormalisedBy.REFERENCE_RANGE, "min-max")],
)
def test_nrmse_is_that_of_scikit_image(
    reference: NDArray[np.uint8],
    arms: NDArray[np.uint8],
    by: NormalisedBy,
    theirs: str,
) -> None:
    from skimage.metrics import normalized_root_mse

    one, image = reference[0].astype(float), arms[2, 0].astype(float)
    error = float(((one - image) ** 2).mean())
    divisor = {"mean": one.mean(), "min-max": np.ptp(one)}[theirs]
    expected = normalized_root_mse(one, image, normalization=theirs)
    assert nrmse(error, divisor=float(divisor)) == pytest.approx(expected, abs=1e-12)
    assert rmse(error) == pytest.approx(np.sqrt(error))
    assert by.value.endswith("of the reference")


def test_errors_are_those_that_r_gives() -> None:
    """Rscript -e 'a <- matrix(c(10,20,30,40,50,60,70,80,90,100,110,120), 3, byrow=TRUE)
    b <- matrix(c(12,20,27,45,50,61,70,70,95,100,118,120), 3, byrow=TRUE)
    mse <- mean((a-b)^2)
    print(c(mse, 10*log10(255^2/mse), mean(abs(a-b)), sqrt(mse), sqrt(mse)/mean(a),
    sqrt(mse)/diff(range(a)), sqrt(mse)/255), digits=12)'

    [1] 19.0000000000000 35.3432675991508  2.8333333333333  4.3588989435407
    [5]  0.0670599837468  0.0396263540322  0.0170937213472
    """
    first = np.arange(10, 130, 10).reshape(3, 4)
    second = first + np.array([2, 0, -3, 5, 0, 1, 0, -10, 5, 0, 8, 0]).reshape(3, 4)
    error = float(mean_squared_errors(first, second))
    ours = [
        error,
        psnr(error, data_range=255),
        float(mean_absolute_errors(first, second)),
        rmse(error),
        nrmse(error, divisor=float(first.mean())),
        nrmse(error, divisor=float(np.ptp(first))),
        nrmse(error, divisor=255.0),
    ]
    printed = [19.0, 35.3432675991508, 2.8333333333333, 4.3588989435407]
    printed += [0.0670599837468, 0.0396263540322, 0.0170937213472]
    assert ours == pytest.approx(printed, abs=1e-12)


def test_an_error_over_nothing_is_not_estimable() -> None:
    assert nrmse(4.0, divisor=0.0) == NotEstimable(Reason.EMPTY_REFERENCE)
    assert nrmse(4.0, divisor=8.0) == 0.25


def test_a_mask_that_no_window_fits_around_is_an_error(
    reference: NDArray[np.uint8],
) -> None:
    mask = np.zeros((1, 64, 64), dtype=bool)
    mask[0, :5] = True
    with pytest.raises(ValueError, match="no pixel"):
        differences(reference, reference[None], data_ranges=RANGES, masks=mask)


def test_images_of_another_shape_are_an_error(reference: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="shapes differ"):
        differences(reference, reference, data_ranges=RANGES)
