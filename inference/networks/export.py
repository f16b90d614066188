"""A network as ONNX, for whatever runs it without torch."""

import io

import torch

from .layers import Network

OPSET = 17
SIDE = 64


def to_onnx(module: Network, *, in_channels: int) -> bytes:
    """The network with its weights: "image" (N, in_channels, 64, 64) → "output".

    N is free; the output, (N, 1, 64, 64), is not clipped. The same weights give the
    same bytes with the same versions of torch.
    """
    training, buffer = module.training, io.BytesIO()
    module.eval()
    try:
        torch.onnx.export(
            module,
            (torch.zeros(2, in_channels, SIDE, SIDE),),
            buffer,  # type: ignore[arg-type]  # a file will do
            dynamo=False,  # the newer exporter needs a package that we do not have
            opset_version=OPSET,
            input_names=["image"],
            output_names=["output"],
            dynamic_axes={"image": {0: "N"}, "output": {0: "N"}},
        )
    finally:
        module.train(training)
    return buffer.getvalue()
