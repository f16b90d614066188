"""Every network's forward pass against one written by hand in numpy.

Small filters, odd numbers, nothing at zero: what distinguishes a network from its
neighbours must show.
"""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.signal import correlate2d

from inference.networks.building import build
from inference.networks.layers import BatchNorm

from .by_hand import (
    Weights,
    bilinear_twice,
    computed,
    gelu,
    halve_by_stride,
    normalise,
    pool,
    relu,
    shaken,
    sigmoid,
    spread_by_stride,
)

pytestmark = pytest.mark.pure


def image(*shape: int) -> NDArray:
    return np.random.default_rng(5).random(shape)


def agree(family: str, by_hand, shape=(1, 8, 12), **settings: object) -> None:
    """The network computes the same as `by_hand(weights, image)`."""
    settings = {"filters": [3, 4], **settings}
    network = shaken(build(family, settings, seed=1))
    x = image(*shape)
    expected = by_hand(Weights(network), x)
    np.testing.assert_allclose(computed(network, x), expected, atol=1e-12)
    assert expected.std() > 1e-3


def up(w: Weights, x: NDArray, *skips: NDArray) -> NDArray:
    x = np.concatenate([w.layer(bilinear_twice(x), "before"), *skips])
    return w.two(x, "convolutions")


def unet_by_hand(w: Weights, x: NDArray) -> NDArray:
    fine = w.two(x, "down.0")
    coarse = w.two(pool(fine), "down.1")
    return w.convolved(up(w.inside("up.0"), coarse, fine), "output")


@pytest.mark.parametrize(
    "settings",
    [{}, {"output_activation": "sigmoid"}, {"residual": True}],
    ids=str,
)
def test_the_unet_joins_what_comes_up_with_the_levels_features(settings):
    def by_hand(w: Weights, x: NDArray) -> NDArray:
        found = unet_by_hand(w, x)
        if "output_activation" in settings:
            return sigmoid(found)
        return found + x if "residual" in settings else found

    agree("unet", by_hand, **settings)


def test_batch_normalisation_stands_between_convolution_and_relu_in_the_bias_place():
    network = shaken(build("unet", {"filters": [3], "batch_norm": True}, seed=1))
    w, x = Weights(network), image(1, 6, 6)

    def layer(values: NDArray, name: str) -> NDArray:
        assert f"{name}.bias" not in w.values
        values = w.convolved(values, name)
        mean, variance, scale, shift = (
            w[f"{name}.norm.{part}"][:, None, None]
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        return relu((values - mean) / np.sqrt(variance + 1e-3) * scale + shift)

    found = layer(layer(x, "down.0.first"), "down.0.second")
    expected = w.convolved(found, "output")
    np.testing.assert_allclose(computed(network, x), expected, atol=1e-12)


def test_batch_normalisation_forgets_a_hundredth_a_step():
    norm = BatchNorm(2)
    norm.train()
    norm(torch.full((1, 2, 4, 4), 5.0))
    assert norm.get_buffer("running_mean").tolist() == pytest.approx([0.05, 0.05])
    assert norm.get_buffer("running_var").tolist() == pytest.approx([0.99, 0.99])


def stage(w: Weights, x: NDArray, added: NDArray, count: int) -> NDArray:
    for number in range(count):
        x = w.layer(x, f"convolutions.{number}")
    missing = len(x) - len(added)
    return relu(x + np.pad(added, ((0, missing), (0, 0), (0, 0))))


@pytest.mark.parametrize("pooling", ["strided", "max"])
def test_the_vnet_adds_each_stage_its_input_and_cuts_at_the_end_as_it_grows(pooling):
    def by_hand(w: Weights, x: NDArray) -> NDArray:
        x = w.layer(x, "input")
        fine = stage(w.inside("first"), x, x, 1)
        down = w.inside("down.0")
        coarse = pool(fine)
        if pooling == "strided":
            weight, bias = down["halve.weight"], down["halve.bias"]
            coarse = relu(halve_by_stride(fine, weight, bias))
        coarse = stage(down.inside("stage"), coarse, coarse, 2)
        grow = w.inside("up.0")
        weight, bias = grow["twice.weight"], grow["twice.bias"]
        x = relu(spread_by_stride(coarse, weight, bias))
        joined = np.concatenate([x, fine])
        return w.convolved(stage(grow.inside("stage"), joined, x, 1), "output")

    agree("vnet", by_hand, pooling=pooling)


def test_the_unetpp_as_published_goes_down_and_up_with_nothing_beside_it():
    def by_hand(w: Weights, x: NDArray) -> NDArray:
        coarse = w.two(pool(w.two(x, "down.0")), "down.1")
        return w.convolved(up(w.inside("up.0"), coarse), "output")

    agree("unetpp", by_hand)


def test_the_nested_unetpp_joins_every_earlier_node_of_a_level():
    def by_hand(w: Weights, x: NDArray) -> NDArray:
        a0 = w.two(x, "down.0")
        b0 = w.two(pool(a0), "down.1")
        c0 = w.two(pool(b0), "down.2")
        a1 = up(w.inside("columns.0.0"), b0, a0)
        b1 = up(w.inside("columns.0.1"), c0, b0)
        a2 = up(w.inside("columns.1.0"), b1, a0, a1)
        return w.convolved(a2, "output")

    agree("unetpp-nested", by_hand, filters=[2, 3, 4])


def recurrent_residual(w: Weights, x: NDArray) -> NDArray:
    first = x = w.convolved(x, "linear")
    for stack in range(2):
        result = w.layer(x, f"stacks.{stack}.steps.0")
        for step in (1, 2):
            result = w.layer(result + x, f"stacks.{stack}.steps.{step}")
        x = result
    return x + first


def test_the_r2unet_repeats_each_convolution_on_its_result_plus_the_input():
    def by_hand(w: Weights, x: NDArray) -> NDArray:
        fine = recurrent_residual(w.inside("down.0"), x)
        coarse = recurrent_residual(w.inside("down.1"), pool(fine))
        grow = w.inside("up.0")
        x = grow.layer(bilinear_twice(coarse), "before")
        x = recurrent_residual(grow.inside("block"), np.concatenate([x, fine]))
        return w.convolved(x, "output")

    agree("r2unet", by_hand)


def test_the_attention_unet_dims_the_levels_features_by_what_comes_up():
    def by_hand(w: Weights, x: NDArray) -> NDArray:
        fine = w.two(x, "down.0")
        coarse = bilinear_twice(w.two(pool(fine), "down.1"))
        gate = w.inside("up.0.gate")
        alike = relu(
            gate.convolved(fine, "of_features") + gate.convolved(coarse, "of_coarse")
        )
        dimmed = fine * sigmoid(gate.convolved(alike, "share"))
        x = w.inside("up.0").two(np.concatenate([coarse, dimmed]), "convolutions")
        return w.convolved(x, "output")

    agree("attention-unet", by_hand, filters=[4, 6])


def attention(w: Weights, x: NDArray, *, heads: int) -> NDArray:
    """Head by head, token by token."""
    count, width = x.shape
    mixed = np.zeros((count, heads * width))
    query, key, value = (w.dense(x, name) for name in ("query", "key", "value"))
    for head in range(heads):
        own = slice(head * width, (head + 1) * width)
        for token in range(count):
            alike = key[:, own] @ query[token, own] / np.sqrt(width)
            share = np.exp(alike - alike.max())
            mixed[token, own] = share / share.sum() @ value[:, own]
    return w.dense(mixed, "joined")


def block(w: Weights, x: NDArray, *, heads: int) -> NDArray:
    def normal(name: str) -> NDArray:
        return normalise(x, w[f"{name}.weight"], w[f"{name}.bias"], 1e-3)

    x = x + attention(w.inside("attention"), normal("before_attention"), heads=heads)
    inner = gelu(w.dense(normal("before_perceptron"), "first"))
    return x + gelu(w.dense(inner, "second"))


def test_the_transunet_sends_its_coarsest_pixels_through_a_transformer():
    def by_hand(w: Weights, x: NDArray) -> NDArray:
        fine = w.two(x, "down.0")
        coarse = w.convolved(w.two(pool(fine), "down.1"), "before")
        _, height, width = coarse.shape
        pixels = coarse.reshape(len(coarse), -1).T
        tokens = w.dense(pixels, "tokens.linear") + w["tokens.place"]
        for number in range(2):
            tokens = block(w.inside(f"blocks.{number}"), tokens, heads=3)
        coarse = w.convolved(tokens.T.reshape(-1, height, width), "after")
        return w.convolved(up(w.inside("up.0"), coarse, fine), "output")

    agree(
        "transunet",
        by_hand,
        shape=(1, 8, 8),
        embedding=5,
        heads=3,
        blocks=2,
        hidden=7,
        image_size=8,
    )


def naf_block(w: Weights, x: NDArray) -> NDArray:
    def normal(name: str) -> NDArray:
        moved = np.moveaxis(x, 0, -1)
        found = normalise(moved, w[f"{name}.weight"], w[f"{name}.bias"], 1e-6)
        return np.moveaxis(found, -1, 0)

    def gate(values: NDArray) -> NDArray:
        half = len(values) // 2
        return values[:half] * values[half:]

    wide = w.convolved(normal("first_norm"), "widen")
    around = np.stack(
        [
            correlate2d(channel, kernel[0], "same") + bias
            for channel, kernel, bias in zip(
                wide, w["around.weight"], w["around.bias"], strict=True
            )
        ]
    )
    inner = gate(around)
    inner = inner * w.convolved(inner.mean(axis=(1, 2), keepdims=True), "attention")
    x = x + w["first_share"] * w.convolved(inner, "narrow")
    inner = gate(w.convolved(normal("second_norm"), "widen_again"))
    return x + w["second_share"] * w.convolved(inner, "narrow_again")


def shuffled(x: NDArray) -> NDArray:
    """Each four channels of a pixel become its 2×2 square."""
    fine = np.zeros((len(x) // 4, 2 * x.shape[1], 2 * x.shape[2]))
    for place, (row, column) in enumerate(np.ndindex(2, 2)):
        fine[:, row::2, column::2] = x[place::4]
    return fine


def test_the_nafnet_multiplies_halves_of_its_channels_and_weighs_them_by_their_means():
    def by_hand(w: Weights, x: NDArray) -> NDArray:
        first = w.convolved(x, "input")
        fine = naf_block(w.inside("down.0.0"), first)
        coarse = halve_by_stride(fine, w["halve.0.weight"], w["halve.0.bias"])
        coarse = naf_block(w.inside("bottom.0"), coarse)
        joined = shuffled(w.convolved(coarse, "twice.0")) + fine
        found = naf_block(w.inside("up.0.0"), joined)
        return w.convolved(found, "output") + x[1:2]

    agree(
        "nafnet",
        by_hand,
        shape=(3, 8, 12),
        filters=[4, 8],
        in_channels=3,
        residual=True,
        down_blocks=[1],
        bottom_blocks=1,
        up_blocks=[1],
    )


def residual_block(w: Weights, x: NDArray) -> NDArray:
    return x + w.convolved(w.layer(x, "first"), "second")


def test_the_drunet_adds_its_skips_and_has_residual_blocks():
    def by_hand(w: Weights, x: NDArray) -> NDArray:
        first = w.convolved(x, "input")
        fine = residual_block(w.inside("down.0.0"), first)
        coarse = halve_by_stride(fine, w["halve.0.weight"])
        bottom = residual_block(w.inside("bottom.0"), coarse)
        grown = spread_by_stride(bottom + coarse, w["twice.0.weight"])
        found = residual_block(w.inside("up.0.0"), grown)
        return w.convolved(found + first, "output") + x[1:2]

    agree("drunet", by_hand, shape=(3, 8, 12), in_channels=3, residual=True)
