"""The process with torch: `python -m inference.runtime.torch_child ORDERS`.

It makes the export that the other process runs, or is that process where there is a
GPU. Only networks of the registry come here, from weights of which nothing is
unpickled.
"""

import platform
from typing import IO, Any

from readerstudy.imaging.pipes import ends

from . import limits

BATCH = 80  # slices, of 16 cases of five


def main() -> None:
    orders = limits.orders_given()
    blocked_by = limits.begin(orders)
    import torch

    from . import wire
    from .child import failure
    from .isolation import network_blocked

    asked, answers = ends()
    torch.set_num_threads(1)
    blocked_by += limits.confine(orders)
    told = {
        "engine": "torch",
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
        },
        "network_blocked": network_blocked(),
        "network_blocked_by": blocked_by,
    }
    wire.send(answers, {"told": told})
    try:
        message = wire.receive(asked)
        if "device" in message:
            serve(asked, answers, **message)
        else:
            wire.send(answers, export(**message))
    except EOFError:
        return
    except Exception as error:
        wire.send(answers, failure(error))


def load(file: bytes, name: str) -> Any:
    """The network of these weights, in torch; Refused if they do not fit it."""
    from inference.networks.weights import parse_weights
    from inference.prediction import load_network

    return load_network(parse_weights(file, name=name))


def export(*, file: bytes, name: str) -> dict[str, Any]:
    """The network of these weights as ONNX, and how far the two are apart."""
    import torch

    from inference.networks.export import to_onnx

    network = load(file, name).to(memory_format=torch.contiguous_format)
    exported = to_onnx(network, in_channels=network.configuration.in_channels)
    return {"file": exported, "difference": difference(network, exported)}


def difference(network: Any, exported: bytes) -> float:
    """The largest one on a probe case, in 0–1 units or, where the output leaves
    them, relative to its largest value."""
    import numpy as np

    from .engine import Engine
    from .probe_case import probe_stack

    engine, stack = Engine(exported), probe_stack()
    ours = engine.run(stack).astype(np.float64)
    theirs = run(network, stack[None], device="cpu")[0]
    largest = max(1.0, float(np.abs(theirs).max()))
    return float(np.abs(ours - theirs).max()) / largest


def serve(
    asked: IO[bytes], answers: IO[bytes], *, file: bytes, name: str, device: str
) -> None:
    """Stacks in, outputs out, until the pipe ends. float32 without TF32: a GPU's
    bytes are to be as near to a CPU's as can be."""
    import torch

    from . import wire

    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.deterministic = True
    network = load(file, name).to(device)
    named = torch.cuda.get_device_name(device) if device == "cuda" else ""
    wire.send(answers, {"device": f"{device}: {named}" if named else device})
    while True:
        stacks = wire.receive(asked)["stacks"]
        wire.send(answers, {"output": in_full_batches(network, stacks, device)})


def in_full_batches(network: Any, stacks: Any, device: str) -> Any:
    """All batches are of BATCH slices, the last one filled up with black: with another
    size a GPU may choose another algorithm, and give a case other bytes. And no stack,
    however large, takes more memory than one."""
    import numpy as np

    images = images_of(network, stacks)
    missing = -len(images) % BATCH
    black = np.zeros((missing, *images.shape[1:]), images.dtype)
    filled = np.concatenate([images, black])
    parts = [
        computed(network, filled[first : first + BATCH], device=device)
        for first in range(0, len(filled), BATCH)
    ]
    return np.concatenate(parts)[: len(images)].reshape(stacks.shape)


def run(network: Any, stacks: Any, *, device: str) -> Any:
    """(cases, slices, H, W), uint8 or float32 within 0–1 → float32, not clipped, same
    shape."""
    images = images_of(network, stacks)
    return computed(network, images, device=device).reshape(stacks.shape)


def images_of(network: Any, stacks: Any) -> Any:
    from inference.stacks import inputs_of

    return inputs_of(stacks, in_channels=network.configuration.in_channels)


def computed(network: Any, images: Any, *, device: str) -> Any:
    """(n, in_channels, H, W) → (n, 1, H, W)."""
    import numpy as np
    import torch

    with torch.inference_mode():
        batch = torch.from_numpy(np.ascontiguousarray(images)).to(device)
        if batch.dtype == torch.uint8:
            batch = batch.float().div_(255)
        batch = batch.contiguous(memory_format=torch.channels_last)
        return network(batch).float().cpu().numpy()


if __name__ == "__main__":
    main()
