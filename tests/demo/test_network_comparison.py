"""The zoo on the test cases: the study's tests, and the published table beside it."""

import json

import numpy as np
import pytest
from scipy import stats as scipy_stats

from inference.networks.weights import WeightsCard
from readerstudy.demo import network_comparison
from readerstudy.demo.network_comparison import Comparison, Row, compare, markdown

pytestmark = pytest.mark.pure
CASES, SLICES = 12, 2


def card(network: str) -> WeightsCard:
    return WeightsCard(
        network=network,
        title="",
        configuration={},
        preprocessing={},
        data={"sha256": "0" * 64},
        recipe={"name": "short"},
        loss="l1",
        seed=1,
        versions={},
        results={"psnr_db_output": {"mean": 33.0}},
    )


@pytest.fixture(scope="module")
def images() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    shape = (CASES, SLICES, 32, 32)
    expected = rng.integers(50, 200, shape).astype(float)

    def noisy(sd: float) -> np.ndarray:
        values = expected + rng.normal(0, sd, shape)
        return np.clip(np.rint(values), 0, 255).astype(np.uint8)

    return {
        "expected": expected.astype(np.uint8),
        "reference": noisy(4),
        "short": noisy(30),
        "gaussian": noisy(20),
        "unet-l4": noisy(10),
        "vnet": noisy(10),
        "nafnet": noisy(5),
    }


@pytest.fixture(scope="module")
def comparison(images) -> Comparison:
    methods = ("short", "gaussian", "unet-l4", "vnet", "nafnet")
    return compare(
        {method: images[method] for method in methods},
        reference=images["reference"],
        expected=images["expected"],
        cards={method: card(method) for method in methods[2:]},
        seed=1,
    )


def row(comparison: Comparison, method: str) -> Row:
    return next(one for one in comparison.rows if one.method == method)


def test_a_better_network_has_a_difference_whose_interval_excludes_zero(comparison):
    better = row(comparison, "nafnet").differences["psnr_db"]
    alike = row(comparison, "vnet").differences["psnr_db"]
    assert 0 < better.low < better.mean < better.high
    assert alike.low < 0 < alike.high
    own = row(comparison, "unet-l4").differences["psnr_db"]
    assert (own.low, own.mean, own.high) == (0, 0, 0)


def test_the_interval_is_near_that_of_students_t_over_patients(images, comparison):
    found = row(comparison, "gaussian").differences["psnr_db"]

    def psnr(name: str) -> np.ndarray:
        error = images[name].astype(float) - images["reference"]
        return 10 * np.log10(255**2 / (error**2).mean(axis=(2, 3))).mean(axis=1)

    differences = psnr("gaussian") - psnr("unet-l4")
    assert found.mean == pytest.approx(differences.mean())
    low, high = scipy_stats.t.interval(
        0.95, CASES - 1, differences.mean(), scipy_stats.sem(differences)
    )
    width = high - low
    assert found.low == pytest.approx(low, abs=0.15 * width)
    assert found.high == pytest.approx(high, abs=0.15 * width)


def test_networks_beyond_the_study_stay_out_of_its_tests(comparison):
    assert comparison.friedman["psnr_db"]["methods"] == 4
    assert comparison.friedman["psnr_db"]["blocks"] == CASES
    assert row(comparison, "nafnet").p_holm["psnr_db"] is None
    assert row(comparison, "unet-l4").p_holm["psnr_db"] is None
    assert row(comparison, "short").p_holm["psnr_db"] < 0.001
    assert row(comparison, "vnet").p_holm["psnr_db"] > 0.2


def test_spreads_are_over_images_as_published(images, comparison):
    assert comparison.images == CASES * SLICES
    error = images["short"].astype(float) - images["reference"]
    values = 10 * np.log10(255**2 / (error**2).mean(axis=(2, 3)))
    found = row(comparison, "short").psnr_db
    assert found.mean == pytest.approx(values.mean())
    assert found.sd == pytest.approx(values.std(ddof=1))


def test_nearness_to_the_noise_free_image_is_told_too(comparison):
    reference = comparison.reference_psnr_db_expected.mean
    nafnet = row(comparison, "nafnet").psnr_db_expected.mean
    assert reference > nafnet > row(comparison, "unet-l4").psnr_db_expected.mean


def test_the_table_has_the_published_numbers_and_can_be_kept_as_json(comparison):
    text = markdown(comparison, titles={"short": "5-minute image"})
    lines = text.splitlines()
    assert len(lines) == 2 + len(comparison.rows)
    assert lines[2].startswith("| 5-minute image |")
    assert "30.84 ± 0.75" in lines[2]
    assert "0.7075 ± 0.0811" in lines[2]
    kept = json.loads(json.dumps(comparison.to_json()))
    assert kept["rows"][4]["validation_psnr_db"] == 33.0
    assert kept["rows"][0]["validation_psnr_db"] is None


def test_every_arm_of_the_study_has_its_published_numbers():
    from inference import registry

    assert set(network_comparison.PUBLISHED) == set(network_comparison.STUDY_METHODS)
    named = set(network_comparison.STUDY_METHODS) - {"short"}
    assert named <= set(registry.METHODS)
