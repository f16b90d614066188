"""Small networks as ONNX, good and bad, as others' exporters would write them."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FILES = Path(__file__).with_name("files")
# A U-Net of two levels, 4 and 8 filters, written by both exporters of torch 2.13.0
# (onnxscript 0.7.2) as docs/bring-your-network.md says.
TORCH = ("torch-2.13-dynamo.onnx", "torch-2.13-tracing.onnx")


def value(name, shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def weight(name, *shape, seed=1):
    numbers = np.random.default_rng(seed).normal(0, 0.3, shape).astype(np.float32)
    return numpy_helper.from_array(numbers, name)


def model(
    nodes,
    *,
    taken=("N", 1, 64, 64),
    given=("N", 1, 64, 64),
    weights=(),
    opset=17,
    ir=8,
    **more,
):
    graph = helper.make_graph(
        nodes, "g", [value("image", taken)], [value("output", given)], list(weights)
    )
    opsets = [helper.make_opsetid("", opset), *more.pop("opsets", ())]
    return helper.make_model(graph, opset_imports=opsets, ir_version=ir, **more)


def convolution(channels=1, **more):
    """One 3×3 convolution, NCHW."""
    return model(
        [helper.make_node("Conv", ["image", "w"], ["output"], pads=[1, 1, 1, 1])],
        taken=("N", channels, 64, 64),
        weights=[weight("w", 1, channels, 3, 3)],
        **more,
    )


def small(**more):
    """The same as bytes."""
    return convolution(**more).SerializeToString()


def as_keras(channels=1, images="unk__17"):
    """What tf2onnx makes of a Keras network: NHWC outside, NCHW inside."""
    to_nchw, to_nhwc = [0, 3, 1, 2], [0, 2, 3, 1]
    nodes = [
        helper.make_node("Transpose", ["image"], ["a"], perm=to_nchw),
        helper.make_node("Conv", ["a", "w", "b"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["d"]),
        helper.make_node("Conv", ["d", "v"], ["e"]),
        helper.make_node("Transpose", ["e"], ["output"], perm=to_nhwc),
    ]
    return model(
        nodes,
        taken=(images, 64, 64, channels),
        given=(images, 64, 64, 1),
        weights=[
            weight("w", 4, channels, 3, 3),
            weight("b", 4),
            weight("v", 1, 4, 1, 1),
        ],
        opset=15,
        opsets=[helper.make_opsetid("ai.onnx.ml", 2)],  # imported, used by no node
        producer_name="tf2onnx",
    ).SerializeToString()


def with_card(content, text, key="readerstudy-weights-1"):
    found = onnx.ModelProto.FromString(content)
    found.metadata_props.add(key=key, value=text)
    return found.SerializeToString()
