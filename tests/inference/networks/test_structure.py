"""Every registered network: its size, and what its output depends on.

Parameters and GFLOP of the study's networks were counted in keras-unet-collection
0.1.13 at filters 16, 32, 64, 128 without batch normalisation; those of the networks
beyond the study with this software and torch 2.13.0.
"""

import math

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from inference import registry
from inference.networks.building import MODULES, build, outline, parameter_shapes
from inference.networks.configuration import FAMILIES
from readerstudy.imaging.errors import Refused

pytestmark = pytest.mark.pure

PUBLISHED = {
    "unet-l1": (2_497, 0.020),
    "unet-l2": (27_953, 0.143),
    "unet-l3": (129_553, 0.266),
    "unet-l4": (535_505, 0.388),
    "unet-l5": (2_158_417, 0.511),
    "vnet": (894_625, 0.382),
    "unetpp": (487_121, 0.332),
    "unetpp-nested": (620_945, 0.747),
    "r2unet": (1_586_225, 0.922),
    "attention-unet": (495_244, 0.341),
    "transunet": (397_584_081, 51.1),
    "transunet-small": (2_177_105, 0.596),
}
NETWORKS = [s.key for s in registry.METHODS.values() if s.can_be_trained]
SMALL = [key for key in NETWORKS if key != "transunet"]  # the rest fits a test


def operations(key: str) -> tuple[float, float]:
    """GFLOP for a 64×64 image: all of them, and of attention's two products alone."""
    spec = registry.METHODS[key]
    network = outline(spec.family, spec.settings)
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        network(torch.empty(1, spec.settings["in_channels"], 64, 64))
    products = counter.get_flop_counts()["Global"].get(torch.ops.aten.bmm, 0)
    return counter.get_total_flops() / 1e9, products / 1e9


def test_every_family_can_be_built_and_every_network_has_a_family():
    assert MODULES.keys() == FAMILIES.keys()
    families = {spec.family for spec in registry.METHODS.values()}
    assert families == {*FAMILIES, "filter", "onnx"}
    assert set(PUBLISHED) <= set(NETWORKS)


@pytest.mark.parametrize("key", NETWORKS)
def test_each_network_has_as_many_parameters_as_registered(key):
    spec = registry.METHODS[key]
    shapes = parameter_shapes(spec.family, spec.settings)
    assert sum(map(math.prod, shapes.values())) == spec.parameters
    if key in PUBLISHED:
        assert spec.parameters == PUBLISHED[key][0]


@pytest.mark.parametrize("key", NETWORKS)
def test_each_network_takes_as_many_operations_as_registered(key):
    found, products = operations(key)
    assert round(found, 3) == registry.METHODS[key].gflop
    if key in PUBLISHED:  # which leaves out the products of attention
        assert round(found - products, 3) == pytest.approx(PUBLISHED[key][1], abs=0.05)
        assert key.startswith("transunet") == (products > 0)


def network_of(key: str, **changes: object) -> torch.nn.Module:
    spec = registry.METHODS[key]
    network = build(spec.family, {**spec.settings, **changes}, seed=1).eval()
    for name, parameter in network.named_parameters():
        if name.endswith("share"):  # a new NAFNet's blocks leave out their insides
            torch.nn.init.constant_(parameter, 0.5)
    return network


def gradient(key: str) -> np.ndarray:
    """How much the sum of the output's squares changes with each pixel put in."""
    channels = registry.METHODS[key].settings["in_channels"]
    image = torch.rand(1, channels, 64, 64, generator=torch.Generator().manual_seed(3))
    image.requires_grad_()
    output = network_of(key)(image)
    assert output.shape == (1, 1, 64, 64)
    output.square().sum().backward()
    return image.grad[0].numpy()


@pytest.mark.parametrize("key", SMALL)
def test_every_pixel_of_every_slice_counts(key):
    found = gradient(key)
    assert found.shape[0] == (3 if key in ("resunet-3", "nafnet", "drunet") else 1)
    assert (found != 0).mean() > 0.99  # a ReLU may be silent about one
    assert (found != 0).any(axis=2).all()


def outputs_without(key: str, layer: str) -> tuple[torch.Tensor, torch.Tensor]:
    """The output, and that with the finest level's own features set to zero."""
    network = network_of(key)
    image = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(4))

    def silence(module: torch.nn.Module, inputs: tuple) -> tuple:
        x, *skips = inputs
        return (x, *map(torch.zeros_like, skips))

    with torch.inference_mode():
        before = network(image)
        network.get_submodule(layer).register_forward_pre_hook(silence)
        return before, network(image)


@pytest.mark.parametrize(
    ("key", "layer", "depends"),
    [
        ("unet-l4", "up.2", True),
        ("vnet", "up.2", True),
        ("unetpp", "up.2", False),
        ("unetpp-nested", "columns.2.0", True),
        ("r2unet", "up.2", True),
        ("attention-unet", "up.2", True),
        ("transunet-small", "up.2", True),
    ],
)
def test_all_but_the_unetpp_as_published_use_the_finest_levels_features(
    key, layer, depends
):
    before, after = outputs_without(key, layer)
    assert torch.equal(before, after) != depends


@pytest.mark.parametrize("key", SMALL)
def test_a_batch_gives_what_its_images_give_one_by_one(key):
    network = network_of(key)
    channels = registry.METHODS[key].settings["in_channels"]
    images = torch.rand(3, channels, 64, 64, generator=torch.Generator().manual_seed(7))
    with torch.inference_mode():
        together = network(images)
        single = torch.cat([network(image[None]) for image in images])
    torch.testing.assert_close(together, single, atol=1e-5, rtol=0)


def test_a_brighter_image_comes_out_of_the_drunet_brighter_by_the_same_factor():
    network = network_of("drunet")
    image = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(7))
    with torch.inference_mode():
        torch.testing.assert_close(network(3 * image), 3 * network(image))


def test_a_new_nafnet_is_but_its_convolutions_until_its_blocks_have_learned():
    spec = registry.METHODS["nafnet"]
    network = build(spec.family, spec.settings, seed=1)
    shares = [p for n, p in network.named_parameters() if n.endswith("share")]
    blocks = 1 + 2 + 3 + 1 + 1
    assert len(shares) == 2 * blocks
    assert not any(map(torch.any, shares))


@pytest.mark.parametrize("key", ["unet-l4", "vnet", "nafnet", "drunet"])
def test_an_image_whose_sides_do_not_divide_is_refused_in_plain_words(key):
    channels = registry.METHODS[key].settings["in_channels"]
    with pytest.raises(Refused, match=r"multiples of \d pixels, not 60 × 62"):
        network_of(key)(torch.zeros(1, channels, 60, 62))


def test_a_network_with_positions_takes_one_size_only():
    with pytest.raises(Refused, match="images of 64 × 64 pixels, not 32 × 64"):
        network_of("transunet-small")(torch.zeros(1, 1, 32, 64))
