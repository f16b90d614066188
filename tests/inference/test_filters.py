"""The filters, against their definitions."""

import numpy as np
import pytest

from inference import registry
from inference.filters import (
    CANDIDATES,
    FILTERS,
    bilateral,
    choose_parameters,
    gaussian,
    non_local_means,
    try_parameters,
)
from inference.quality import psnr_db
from readerstudy.imaging.preprocessing import to_eight_bit

pytestmark = pytest.mark.pure


def noisy_discs(count=2, seed=0, noise=12.0):
    rng = np.random.default_rng(seed)
    row, column = np.mgrid[:64, :64]
    clean = 40 + 160 * ((row - 32) ** 2 + (column - 32) ** 2 < 150)
    reference = np.repeat(clean[None].astype(np.uint8), count, axis=0)
    short = reference + rng.normal(0, noise, reference.shape)
    return np.clip(np.rint(short), 0, 255).astype(np.uint8), reference


def test_a_point_becomes_a_normal_distribution():
    image = np.zeros((1, 64, 64), dtype=np.uint8)
    image[0, 32, 30] = 255
    row, column = np.mgrid[:64, :64]
    distance = (row - 32) ** 2 + (column - 30) ** 2
    expected = np.exp(-distance / (2 * 1.5**2)) / (2 * np.pi * 1.5**2)
    found = gaussian(image, standard_deviation_px=1.5)
    np.testing.assert_allclose(found[0], expected, atol=1e-4)


def test_slices_do_not_run_into_each_other():
    images = np.zeros((3, 64, 64), dtype=np.uint8)
    images[1] = 200
    for name, parameters in (
        ("gaussian", {"standard_deviation_px": 2.0}),
        ("bilateral", {"standard_deviation_px": 2.0, "grey_deviation": 0.5}),
        ("nlm", {"patch_px": 3, "search_px": 7, "grey_deviation": 0.5}),
    ):
        found = FILTERS[name](images, **parameters)
        assert not found[[0, 2]].any()
        np.testing.assert_allclose(found[1], 200 / 255, atol=1e-6)


def bilateral_by_definition(image, spatial, grey):
    """Tomasi & Manduchi's equation, pixel by pixel."""
    reach = int(np.ceil(3 * spatial))
    scaled = image / 255
    padded = np.pad(scaled, reach, mode="edge")
    offsets = np.arange(-reach, reach + 1)
    near = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * spatial**2))
    result = np.empty_like(scaled)
    for row, column in np.ndindex(image.shape):
        window = padded[row : row + 2 * reach + 1, column : column + 2 * reach + 1]
        alike = np.exp(-((window - scaled[row, column]) ** 2) / (2 * grey**2))
        result[row, column] = (window * near * alike).sum() / (near * alike).sum()
    return result


def test_the_bilateral_filter_computes_its_definition():
    short, _ = noisy_discs(1)
    image = short[:, 20:44, 20:40]
    found = bilateral(image, standard_deviation_px=1.2, grey_deviation=0.1)
    expected = bilateral_by_definition(image[0], 1.2, 0.1)
    np.testing.assert_allclose(found[0], expected, atol=1e-6)


def test_without_regard_to_grey_the_bilateral_filter_is_the_gaussian():
    short, _ = noisy_discs(1)
    found = bilateral(short, standard_deviation_px=1.0, grey_deviation=1e6)
    expected = gaussian(short, standard_deviation_px=1.0)
    # the windows end at three and at four standard deviations
    np.testing.assert_allclose(found, expected, atol=0.01)
    assert np.abs(found - expected).mean() < 2e-4


def test_the_bilateral_filter_keeps_an_edge_that_the_gaussian_blurs():
    image = np.zeros((1, 64, 64), dtype=np.uint8)
    image[0, :, 32:] = 200
    kept = bilateral(image, standard_deviation_px=2.0, grey_deviation=0.05)
    blurred = gaussian(image, standard_deviation_px=2.0)
    assert kept[0, 32, 31] < 0.001
    assert blurred[0, 32, 31] > 0.2


def non_local_means_by_definition(image, patch, search, grey):
    """Buades, Coll & Morel's equation, pixel by pixel."""
    half, reach = patch // 2, search // 2
    margin = half + reach
    scaled = image / 255
    padded = np.pad(scaled, margin, mode="edge")

    def square(row, column):
        rows = slice(row + margin - half, row + margin + half + 1)
        columns = slice(column + margin - half, column + margin + half + 1)
        return padded[rows, columns]

    result = np.empty_like(scaled)
    for row, column in np.ndindex(image.shape):
        total = weights = 0
        for down, right in np.ndindex(search, search):
            there = row + down - reach, column + right - reach
            unlike = np.mean((square(row, column) - square(*there)) ** 2)
            weight = np.exp(-unlike / grey**2)
            total += weight * padded[there[0] + margin, there[1] + margin]
            weights += weight
        result[row, column] = total / weights
    return result


@pytest.mark.parametrize(("patch", "search"), [(3, 5), (5, 3)])
def test_non_local_means_computes_its_definition(patch, search):
    short, _ = noisy_discs(1)
    image = short[:, 20:36, 20:34]
    found = non_local_means(image, patch_px=patch, search_px=search, grey_deviation=0.1)
    expected = non_local_means_by_definition(image[0], patch, search, 0.1)
    np.testing.assert_allclose(found[0], expected, atol=1e-5)


def test_non_local_means_turns_and_mirrors_with_the_image():
    short, _ = noisy_discs(1)
    options = {"patch_px": 5, "search_px": 5, "grey_deviation": 0.08}
    found = non_local_means(short, **options)
    turned = non_local_means(np.rot90(short, axes=(1, 2)), **options)
    mirrored = non_local_means(short[:, :, ::-1], **options)
    np.testing.assert_allclose(turned, np.rot90(found, axes=(1, 2)), atol=1e-5)
    np.testing.assert_allclose(mirrored, found[:, :, ::-1], atol=1e-5)


def test_non_local_means_keeps_an_edge_that_the_gaussian_blurs():
    image = np.zeros((1, 64, 64), dtype=np.uint8)
    image[0, :, 32:] = 200
    kept = non_local_means(image, patch_px=3, search_px=9, grey_deviation=0.05)
    np.testing.assert_allclose(kept * 255, image, atol=0.01)


@pytest.mark.parametrize("name", FILTERS)
def test_the_registered_parameters_run_and_stay_within_range(name):
    short, _ = noisy_discs(2, noise=60)
    found = FILTERS[name](short, **registry.METHODS[name].settings)
    assert found.dtype == np.float32
    assert found.shape == short.shape
    assert found.min() >= 0
    assert found.max() <= 1


@pytest.mark.parametrize("name", FILTERS)
def test_the_registered_parameters_are_candidates_and_say_how_they_were_chosen(name):
    spec = registry.METHODS[name]
    assert spec.settings.keys() == CANDIDATES[name].keys()
    for parameter, value in spec.settings.items():
        assert value in CANDIDATES[name][parameter]
    assert "validation split" in spec.chosen


def test_the_chosen_parameters_are_the_best_of_all_tried():
    short, reference = noisy_discs()
    choice = choose_parameters("gaussian", short=short, reference=reference)
    tried = list(try_parameters("gaussian", short=short, reference=reference))
    assert len(tried) == len(CANDIDATES["gaussian"]["standard_deviation_px"])
    assert choice.psnr_db == max(one.psnr_db for one in tried)
    output = to_eight_bit(gaussian(short, **choice.parameters))
    assert choice.psnr_db == pytest.approx(
        psnr_db(output, reference, data_range=255).mean()
    )
    assert choice.psnr_db > psnr_db(short, reference, data_range=255).mean() + 1


def test_more_noise_asks_for_more_smoothing():
    chosen = [
        choose_parameters(
            "gaussian",
            **dict(zip(("short", "reference"), noisy_discs(noise=n), strict=True)),
        ).parameters["standard_deviation_px"]
        for n in (4.0, 40.0)
    ]
    assert chosen[0] < chosen[1]


def test_psnr_of_a_known_error_is_the_known_number():
    reference = np.full((2, 8, 8), 100, dtype=np.uint8)
    image = reference.copy()
    image[0] += 10
    found = psnr_db(image, reference, data_range=255)
    assert found[0] == pytest.approx(10 * np.log10(255**2 / 100))
    assert np.isinf(found[1])
