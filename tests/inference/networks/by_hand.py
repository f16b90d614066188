"""Layers in numpy and scipy, written from their definitions, (C, H, W) each."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.signal import correlate2d
from torch import nn


def convolve(x: NDArray, weight: NDArray, bias: NDArray | float = 0) -> NDArray:
    """Zero-padded cross-correlation, (C, H, W) by (O, C, k, k)."""
    bias = np.broadcast_to(bias, len(weight))
    return np.stack(
        [
            sum(correlate2d(c, k, "same") for c, k in zip(x, kernel, strict=True)) + b
            for kernel, b in zip(weight, bias, strict=True)
        ]
    )


def relu(x: NDArray) -> NDArray:
    return np.maximum(x, 0)


def sigmoid(x: NDArray) -> NDArray:
    return 1 / (1 + np.exp(-x))


def halve_by_stride(x: NDArray, weight: NDArray, bias: NDArray | float = 0) -> NDArray:
    """2×2 kernel, stride 2: each 2×2 square becomes one pixel."""
    _, height, width = x.shape
    found = np.zeros((len(weight), height // 2, width // 2))
    for row, column in np.ndindex(2, 2):
        found += np.einsum(
            "oc,chw->ohw", weight[:, :, row, column], x[:, row::2, column::2]
        )
    return found + np.reshape(bias, (-1, 1, 1))


def spread_by_stride(x: NDArray, weight: NDArray, bias: NDArray | float = 0) -> NDArray:
    """Transposed convolution of stride 2 as Keras' "same": what stands over is cut.

    weight: (C, O, k, k). Every pixel adds its kernel, its corner at twice its place.
    """
    _, height, width = x.shape
    size = weight.shape[-1]
    found = np.zeros((weight.shape[1], 2 * height + size, 2 * width + size))
    for row, column in np.ndindex(height, width):
        found[:, 2 * row : 2 * row + size, 2 * column : 2 * column + size] += np.einsum(
            "c,cokl->okl", x[:, row, column], weight
        )
    return found[:, : 2 * height, : 2 * width] + np.reshape(bias, (-1, 1, 1))


def pool(x: NDArray) -> NDArray:
    channels, height, width = x.shape
    return x.reshape(channels, height // 2, 2, width // 2, 2).max(axis=(2, 4))


def bilinear_twice(x: NDArray) -> NDArray:
    """Half-pixel centres, edges repeated."""

    def along(values: NDArray, axis: int) -> NDArray:
        size = values.shape[axis]
        position = np.clip((np.arange(2 * size) + 0.5) / 2 - 0.5, 0, size - 1)
        low = np.floor(position).astype(int)
        high = np.minimum(low + 1, size - 1)
        share = (position - low).reshape([-1 if a == axis else 1 for a in range(3)])
        return (
            np.take(values, low, axis) * (1 - share)
            + np.take(values, high, axis) * share
        )

    return along(along(x, 1), 2)


def gelu(x: NDArray) -> NDArray:
    """By the hyperbolic tangent, as the study's library has it."""
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def normalise(x: NDArray, weight: NDArray, bias: NDArray, epsilon: float) -> NDArray:
    """Over the last axis."""
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + epsilon) * weight + bias


class Weights:
    """The parameters of a module by name, and layers that use them."""

    def __init__(self, module: nn.Module, prefix: str = "") -> None:
        self.values = {n: v.detach().numpy() for n, v in module.state_dict().items()}
        self.prefix = prefix

    def __getitem__(self, name: str) -> NDArray:
        return self.values[self.prefix + name]

    def inside(self, name: str) -> "Weights":
        found = Weights.__new__(Weights)
        found.values, found.prefix = self.values, f"{self.prefix}{name}."
        return found

    def convolved(self, x: NDArray, name: str) -> NDArray:
        bias = self.values.get(f"{self.prefix}{name}.bias", 0)
        return convolve(x, self[f"{name}.weight"], bias)

    def layer(self, x: NDArray, name: str) -> NDArray:
        return relu(self.convolved(x, name))

    def two(self, x: NDArray, name: str) -> NDArray:
        """`Convolutions`."""
        return self.layer(self.layer(x, f"{name}.first"), f"{name}.second")

    def dense(self, x: NDArray, name: str) -> NDArray:
        return x @ self[f"{name}.weight"].T + self[f"{name}.bias"]


def shaken(module: nn.Module, seed: int = 2) -> nn.Module:
    """In double precision, and with nothing at a value that hides it (0 or 1)."""
    rng = np.random.default_rng(seed)
    module.double().eval()
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if parameter.ndim == 1 or name.endswith(("share", "place")):
                parameter.add_(torch.from_numpy(rng.normal(0, 0.2, parameter.shape)))
        for buffer in module.buffers():
            buffer.add_(torch.from_numpy(rng.uniform(0, 0.5, buffer.shape)))
    return module


def computed(module: nn.Module, *inputs: NDArray, **named: NDArray) -> NDArray:
    """What the module makes of one image (or one of each of its inputs)."""
    tensors = [torch.from_numpy(x)[None] for x in inputs]
    others = {name: torch.from_numpy(x)[None] for name, x in named.items()}
    with torch.no_grad():
        return module(*tensors, **others)[0].numpy()
