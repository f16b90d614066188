"""The process with torch: `python -m inference.runtime.torch_child ORDERS`.

It makes the export that the other process runs. Only networks of the registry come
here, from weights of which nothing is unpickled.
"""

import io
from typing import Any

from . import limits


def main() -> None:
    orders = limits.orders_given()
    limits.begin(orders)
    import torch

    from readerstudy.imaging.errors import Refused

    from . import wire

    asked, answers = wire.ends()
    torch.set_num_threads(1)
    limits.confine(orders)
    try:
        wire.send(answers, export(**_asked(wire.receive(asked))))
    except EOFError:
        return
    except Refused as refusal:
        wire.send(answers, {"failed": "refused", "reason": str(refusal)})
    except MemoryError:
        wire.send(answers, {"failed": "memory"})


def _asked(message: dict[str, Any]) -> dict[str, Any]:
    return {"content": message["export"], "title": message["title"]}


def export(*, content: bytes, title: str) -> dict[str, Any]:
    """The network of these weights as ONNX, and how far the two are apart."""
    network, in_channels = load(content, title)
    exported = to_onnx(network, in_channels)
    return {"content": exported, "difference": difference(network, exported)}


def load(content: bytes, title: str) -> tuple[Any, int]:
    """The network of these weights, in torch, and its number of input channels."""
    import torch

    from inference import registry
    from inference.networks.building import build
    from inference.networks.configuration import configuration_of
    from inference.networks.weights import check_shapes, parse_weights

    weights = parse_weights(content, name=title)
    spec = registry.network_get(weights.card.network)
    family = getattr(spec, "family", "unet")
    settings = weights.card.configuration
    configuration = configuration_of(family, settings)
    network = build(family, settings, seed=0)
    state = network.state_dict()
    shapes = {name: tuple(values.shape) for name, values in state.items()}
    check_shapes(weights, shapes=shapes, title=spec.title)
    tensors = {name: torch.tensor(v) for name, v in weights.parameters.items()}
    network.load_state_dict(tensors, strict=True)
    return network.eval(), configuration.in_channels


def to_onnx(network: Any, in_channels: int) -> bytes:
    import torch

    buffer = io.BytesIO()
    torch.onnx.export(
        network,
        (torch.zeros(2, in_channels, 64, 64),),
        buffer,  # type: ignore[arg-type]
        dynamo=False,
        opset_version=17,
        input_names=["image"],
        output_names=["output"],
        dynamic_axes={"image": {0: "n"}, "output": {0: "n"}},
    )
    return buffer.getvalue()


def difference(network: Any, exported: bytes) -> float:
    """The largest one on a probe case, in units of the larger of 1 and the output."""
    import numpy as np
    import torch

    from inference.stacks import inputs_of

    from .engine import Engine
    from .probe_case import probe_stack

    engine, stack = Engine(exported), probe_stack()
    ours = engine.run(stack)
    images = inputs_of(stack[None], in_channels=engine.in_channels)
    with torch.inference_mode():
        theirs = network(torch.from_numpy(images.astype(np.float32) / 255))
    theirs = theirs.numpy()[:, 0]
    apart = np.abs(ours.astype(np.float64) - theirs).max()
    return float(apart / max(1.0, np.abs(theirs).max()))


if __name__ == "__main__":
    main()
