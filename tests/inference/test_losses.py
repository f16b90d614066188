"""Losses: the term that a sweep adds is the similarity that is reported."""

import numpy as np
import pytest
import torch

from inference.quality import ssim
from inference.training.losses import LOSSES, TERMS, weighted

pytestmark = pytest.mark.pure


def pair() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    reference = rng.integers(0, 200, (3, 40, 36), dtype=np.uint8)
    noise = rng.integers(0, 50, reference.shape, dtype=np.uint8)
    return reference + noise, reference


def tensors() -> list[torch.Tensor]:
    return [torch.from_numpy(one[:, None] / 255.0) for one in pair()]


def test_the_second_loss_is_one_less_the_similarity_of_range_1() -> None:
    similar = ssim(*pair(), data_range=255).mean()

    assert 0.1 < similar < 0.99
    assert float(TERMS["ssim"](*tensors())) == pytest.approx(1 - similar, abs=1e-9)


def test_a_term_is_added_times_its_weight() -> None:
    output, reference = tensors()
    first, second = (float(f(output, reference)) for f in (LOSSES["l1"], TERMS["ssim"]))

    total = weighted("l1", {"ssim": 0.5})(output, reference)

    assert float(total) == pytest.approx(first + 0.5 * second)
    assert weighted("l1", {}) is LOSSES["l1"]
