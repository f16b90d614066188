"""The study's U-Nets, against published counts and an independent forward pass."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from inference.networks.configuration import UNetConfiguration
from readerstudy.imaging.errors import Refused

from .networks.by_hand import bilinear_twice, convolve, pool, relu
from .unets import build_unet

pytestmark = pytest.mark.pure

# Counted in keras-unet-collection 0.1.13 (unet_2d, no batch norm, filters 16 … 256).
PARAMETERS = {1: 2_497, 2: 27_953, 3: 129_553, 4: 535_505, 5: 2_158_417}


def configuration(levels: int, **settings: object) -> UNetConfiguration:
    return UNetConfiguration((16, 32, 64, 128, 256)[:levels], **settings)


@pytest.mark.parametrize(("levels", "count"), PARAMETERS.items())
def test_each_unet_has_as_many_parameters_as_the_original(levels, count):
    network = build_unet(configuration(levels), seed=0)
    assert sum(p.numel() for p in network.parameters()) == count


def test_weights_start_glorot_uniform_and_biases_at_zero():
    network = build_unet(configuration(4), seed=3)
    for name, values in network.state_dict().items():
        if name.endswith("bias"):
            assert not values.any()
            continue
        outputs, inputs, height, width = values.shape
        limit = (6 / ((inputs + outputs) * height * width)) ** 0.5
        assert values.abs().max() <= limit
        if values.numel() > 2000:
            assert values.std() == pytest.approx(limit / 3**0.5, rel=0.05)


def test_the_same_seed_starts_the_same_and_leaves_the_global_chance_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first, second = (build_unet(configuration(2), seed=9) for _ in range(2))
    other = build_unet(configuration(2), seed=10)
    assert torch.equal(torch.rand(3), expected)
    assert all(map(torch.equal, first.parameters(), second.parameters()))
    assert not torch.equal(first.output.weight, other.output.weight)


def forward_by_hand(image: NDArray, w: dict[str, NDArray]) -> NDArray:
    """U-Net(L2) as the facts describe it, in numpy and scipy, before activation."""

    def layer(x: NDArray, name: str) -> NDArray:
        return relu(convolve(x, w[f"{name}.weight"], w[f"{name}.bias"]))

    fine = layer(layer(image[None], "down.0.first"), "down.0.second")
    coarse = layer(layer(pool(fine), "down.1.first"), "down.1.second")
    up = layer(bilinear_twice(coarse), "up.0.before")
    joined = np.concatenate([up, fine])
    last = layer(layer(joined, "up.0.convolutions.first"), "up.0.convolutions.second")
    return convolve(last, w["output.weight"], w["output.bias"])[0]


@pytest.mark.parametrize(
    ("activation", "residual"), [("none", False), ("sigmoid", False), ("none", True)]
)
def test_the_network_computes_what_a_forward_pass_by_hand_computes(
    activation, residual
):
    network = build_unet(
        configuration(2, output_activation=activation, residual=residual), seed=1
    ).double()
    rng = np.random.default_rng(2)
    with torch.no_grad():  # biases that are not zero, so that they count
        for name, parameter in network.named_parameters():
            if name.endswith("bias"):
                parameter.copy_(torch.from_numpy(rng.normal(0, 0.1, parameter.shape)))
    image = rng.random((16, 12))
    with torch.no_grad():
        found = network(torch.from_numpy(image)[None, None])[0, 0].numpy()
    expected = forward_by_hand(
        image, {name: v.numpy() for name, v in network.state_dict().items()}
    )
    if activation == "sigmoid":
        expected = 1 / (1 + np.exp(-expected))
    if residual:
        expected = expected + image
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_a_residual_network_of_three_slices_adds_the_middle_one():
    network = build_unet(
        UNetConfiguration(
            (4, 8), in_channels=3, output_activation="none", residual=True
        ),
        seed=0,
    )
    with torch.no_grad():
        network.output.weight.zero_()
        image = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(1))
        assert torch.equal(network(image), image[:, 1:2])


def test_an_image_whose_sides_do_not_divide_is_refused_in_plain_words():
    network = build_unet(configuration(4), seed=0)
    with pytest.raises(Refused, match=r"multiples of 8 pixels, not 60 × 64"):
        network(torch.zeros(1, 1, 60, 64))


@pytest.mark.parametrize(
    "settings",
    [
        {"filters": ()},
        {"filters": (16,) * 7},
        {"filters": (0,)},
        {"filters": (True,)},
        {"filters": (16,), "in_channels": 0},
        {"filters": (16,), "output_activation": "softmax"},
        {"filters": (16,), "residual": 1},
        {"filters": (16,), "residual": True, "output_activation": "sigmoid"},
    ],
)
def test_a_configuration_that_is_no_unet_is_refused(settings):
    with pytest.raises(Refused):
        UNetConfiguration(**settings)


def test_a_configuration_survives_json_and_wants_exactly_its_fields():
    made = configuration(3, output_activation="none", residual=True)
    assert UNetConfiguration.from_json(made.to_json()) == made
    for damaged in (
        {},
        {**made.to_json(), "more": 1},
        [],
        {**made.to_json(), "filters": 3},
    ):
        with pytest.raises(Refused):
            UNetConfiguration.from_json(damaged)
