"""A network works in a process of its own, the same for the same images."""

from pathlib import Path

import numpy as np
import pytest

from inference import runtime

pytestmark = pytest.mark.pure
SHIPPED = Path(__file__).resolve().parents[3] / "inference" / "weights"


def images(cases: int) -> np.ndarray:
    shape = (cases, 5, 64, 64)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def test_shipped_weights_run_as_their_own_export(tmp_path: Path) -> None:
    content = (SHIPPED / "unet-l4.safetensors").read_bytes()
    file = runtime.NetworkFile("safetensors", content, "U-Net")
    prepared = runtime.prepare(file, cache=tmp_path)
    assert prepared.difference is not None
    assert prepared.difference <= 1e-5
    with runtime.open_session(prepared) as session:
        output = session.predict(images(3))
    assert output.shape == (3, 5, 64, 64)
    assert output.dtype == np.float32
    assert 0 <= output.min() < output.max() <= 1
