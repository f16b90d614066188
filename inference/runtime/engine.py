"""A network at work on one thread, by ONNX Runtime. Only its own process imports this.

The slices of one case are one batch, of a large stack SLICES at a time, always: so the
same case gives the same bytes whatever else is asked for, and no case ever sees
another's. Larger batches are not faster on a CPU (docs/running.md), and take memory
slice by slice.
"""

from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from inference.stacks import inputs_of
from readerstudy.imaging.errors import Refused

from .errors import WRONG_SHAPE
from .limits import SLICES
from .onnx_ends import FORMS_OF_OUTPUT, is_one_image

CHANNELS = range(1, 16, 2)  # a slice in the middle of its neighbours
THREADS = 1


class Engine:
    """layout: where the channels are, "NCHW" or "NHWC".
    in_channels: 1, or how many neighbouring slices it takes.
    one_by_one: it was made for batches of one image.
    """

    def __init__(self, content: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = THREADS
        options.use_deterministic_compute = True
        options.log_severity_level = 4
        self._session = onnxruntime.InferenceSession(
            content, options, providers=["CPUExecutionProvider"]
        )
        given = self._session.get_inputs()[0]
        self._names = given.name, self._session.get_outputs()[0].name
        self.layout, self.in_channels = layout_of(given.shape)
        self.one_by_one = given.shape[0] == 1

    def run(self, stack: NDArray[np.uint8 | np.float32]) -> NDArray[np.float32]:
        """One case: (slices, H, W), uint8 or float32 within 0–1 → its output, not
        clipped, same shape."""
        images = inputs_of(stack[None], in_channels=self.in_channels)
        if images.dtype == np.uint8:
            images = images.astype(np.float32) / np.float32(255)
        if self.layout == "NHWC":
            images = np.ascontiguousarray(images.transpose(0, 2, 3, 1))
        most = 1 if self.one_by_one else SLICES
        parts = np.split(images, range(most, len(images), most))
        output = np.concatenate([self._one(part) for part in parts])
        return output.reshape(stack.shape)

    def _one(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        given, wanted = self._names
        output = np.asarray(self._session.run([wanted], {given: images})[0])
        if not is_one_image(output.shape, images=len(images)):
            right = (len(images), 1, *FORMS_OF_OUTPUT[0][1:])
            raise Refused(WRONG_SHAPE % {"found": output.shape, "wanted": right})
        return output.astype(np.float32, copy=False)


def layout_of(shape: list[Any]) -> tuple[str, int]:
    """From the shape of the input, (N, C, H, W) or (N, H, W, C)."""
    if len(shape) == 4 and shape[1] in CHANNELS:
        return "NCHW", int(shape[1])
    if len(shape) == 4 and shape[3] in CHANNELS:
        return "NHWC", int(shape[3])
    raise ValueError(f"its input has the shape {shape}")


def versions() -> dict[str, str]:
    return {"onnxruntime": onnxruntime.__version__, "numpy": np.__version__}
