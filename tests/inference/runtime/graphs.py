"""Tiny networks as ONNX files, most of them up to no good."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from inference.runtime import NetworkFile, Prepared

IMAGE = ("N", 1, 64, 64)


def prepared(content: bytes) -> Prepared:
    return Prepared(NetworkFile("onnx", content, "mine.onnx"), content)


def images(cases: int, *, seed: int = 0) -> np.ndarray:
    shape = (cases, 5, 64, 64)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def network(
    nodes: Sequence[Any],
    *,
    shape: Sequence[int | str] = IMAGE,
    output: Sequence[int | str] = IMAGE,
    **constants: np.ndarray,
) -> bytes:
    """From "image" to "output", with these constants by name."""
    graph = helper.make_graph(
        list(nodes),
        "tiny",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, output)],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    return bytes(model.SerializeToString())


def halving(**shapes: Sequence[int | str]) -> bytes:
    node = helper.make_node("Mul", ["image", "half"], ["output"])
    return network([node], half=np.float32([0.5]), **shapes)


def dimming(most: float) -> bytes:
    """Adds −1 and takes `most` times that: outside of 0–1 on both sides."""
    nodes = [
        helper.make_node("Sub", ["image", "middle"], ["around"]),
        helper.make_node("Mul", ["around", "most"], ["output"]),
    ]
    return network(nodes, middle=np.float32([0.5]), most=np.float32([most]))


def logarithm() -> bytes:
    """Of a black pixel it is minus infinity."""
    return network([helper.make_node("Log", ["image"], ["output"])])


def less_its_batch() -> bytes:
    """Each image less the mean of all that came with it: images see one another."""
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["mean"], axes=[0]),
        helper.make_node("Sub", ["image", "mean"], ["output"]),
    ]
    return network(nodes)


def neighbours(weights: Sequence[float]) -> bytes:
    """A weighted sum of the slices that come as channels."""
    kernel = np.float32(weights).reshape(1, -1, 1, 1)
    node = helper.make_node("Conv", ["image", "kernel"], ["output"])
    return network([node], shape=("N", len(weights), 64, 64), kernel=kernel)


def endless() -> bytes:
    """Counts to 2**62."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go_on"], ["go_on_still"]),
            helper.make_node("Neg", ["x"], ["y"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("x", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("go_on_still", TensorProto.BOOL, []),
            helper.make_tensor_value_info("y", TensorProto.FLOAT, None),
        ],
    )
    node = helper.make_node("Loop", ["turns", "yes", "image"], ["output"], body=body)
    return network([node], turns=np.int64(2**62), yes=np.bool_(True))


def greedy(numbers: int = 10**11) -> bytes:
    """Asks for 400 GB, in a file of some hundred bytes."""
    nodes = [
        helper.make_node("ConstantOfShape", ["size"], ["much"]),
        helper.make_node("ReduceMax", ["much"], ["one"], keepdims=0),
        helper.make_node("Add", ["image", "one"], ["output"]),
    ]
    return network(nodes, size=np.int64([numbers]))


def heavy(times: int = 40) -> bytes:
    """No loop, and slow all the same: wide convolutions, one after the other."""
    kernel = np.zeros((256, 256, 3, 3), np.float32)
    nodes = [helper.make_node("Conv", ["image", "first"], ["x0"], pads=[1] * 4)]
    for turn in range(times):
        ends = [f"x{turn}", "kernel"], [f"x{turn + 1}"]
        nodes.append(helper.make_node("Conv", *ends, pads=[1] * 4))
    nodes.append(helper.make_node("Conv", [f"x{times}", "last"], ["output"]))
    first, last = kernel[:, :1], kernel[:1, :, :1, :1]
    return network(nodes, kernel=kernel, first=first, last=last)


def black() -> bytes:
    """Nothing but what is no number: the square root of −1 − x."""
    nodes = [
        helper.make_node("Sub", ["below", "image"], ["negative"]),
        helper.make_node("Sqrt", ["negative"], ["output"]),
    ]
    return network(nodes, below=np.float32([-1]))


def sorted_by_place() -> bytes:
    """The running sum over the batch: an image comes out by its place in it."""
    node = helper.make_node("CumSum", ["image", "axis"], ["output"])
    return network([node], axis=np.int64(0))
