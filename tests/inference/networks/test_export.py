"""Networks as ONNX agree with torch, whatever the number of images."""

import numpy as np
import onnxruntime
import pytest
import torch

from inference.networks.building import build
from inference.networks.export import to_onnx

pytestmark = pytest.mark.pure

# As registered, but with fewer filters; 64×64 as the study's images.
SETTINGS = {
    "unet": {"filters": [4, 8, 16], "in_channels": 3, "residual": True},
    "vnet": {"filters": [4, 8, 16]},
    "unetpp": {"filters": [4, 8, 16]},
    "unetpp-nested": {"filters": [4, 8, 16]},
    "r2unet": {"filters": [4, 8, 16]},
    "attention-unet": {"filters": [4, 8, 16], "output_activation": "sigmoid"},
    "transunet": {
        "filters": [4, 8, 16, 16],
        "embedding": 16,
        "heads": 2,
        "blocks": 2,
        "hidden": 32,
    },
    "nafnet": {
        "filters": [8, 16],
        "in_channels": 3,
        "residual": True,
        "down_blocks": [1],
        "up_blocks": [1],
    },
    "drunet": {"filters": [4, 8, 16], "in_channels": 3, "residual": True},
}
CASES = list(SETTINGS.items()) + [
    ("unet", {"filters": [4, 8], "batch_norm": True}),
    ("vnet", {"filters": [4, 8], "pooling": "max"}),
]


def network_of(family: str, settings: dict) -> torch.nn.Module:
    """With shares, places, biases and statistics as if it had learned."""
    network = build(family, settings, seed=1)
    chance = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if parameter.ndim == 1 or name.endswith(("share", "place")):
                parameter.add_(0.2 * torch.randn(parameter.shape, generator=chance))
        for buffer in network.buffers():  # small variances keep small outputs large
            buffer.copy_(0.02 + 0.03 * torch.rand(buffer.shape, generator=chance))
    return network


def session(content: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        content, options, providers=["CPUExecutionProvider"]
    )


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize(("family", "settings"), CASES, ids=str)
def test_every_family_computes_the_same_as_onnx(family, settings):
    channels = settings.get("in_channels", 1)
    network = network_of(family, settings)
    network.train()
    exported = session(to_onnx(network, in_channels=channels))
    assert network.training  # as it was
    network.eval()
    (taken,), (given,) = exported.get_inputs(), exported.get_outputs()
    assert (taken.name, taken.shape[1:]) == ("image", [channels, 64, 64])
    assert (given.name, given.shape[1:]) == ("output", [1, 64, 64])
    chance = torch.Generator().manual_seed(3)
    for count in (1, 5):
        images = torch.rand(count, channels, 64, 64, generator=chance)
        with torch.inference_mode():
            expected = network(images).numpy()
        found = exported.run(None, {"image": images.numpy()})[0]
        largest = max(1.0, np.abs(expected).max())
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * largest)
        assert expected.std() > 1e-3


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_the_same_weights_give_the_same_onnx():
    one, two = (network_of("unet", SETTINGS["unet"]) for _ in range(2))
    assert to_onnx(one, in_channels=3) == to_onnx(two, in_channels=3)
