"""What goes into an ONNX network and what comes out, as far as its file says.

Sizes that a file leaves open are asked of a probe image.
"""

from typing import Any, Literal

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop

SIDE = 64  # pixels
CHANNELS = (1, 3, 5)  # a slice, or it in the middle of its neighbours
FLOAT = 1  # TensorProto.DataType
FORMS_OF_OUTPUT = ((1, SIDE, SIDE), (SIDE, SIDE, 1))

Layout = Literal["NCHW", "NHWC"]


def is_one_image(shape: tuple[int, ...], *, images: int) -> bool:
    """Whether an output of this shape is one channel of each image, in any layout."""
    return shape in [(images, *form) for form in FORMS_OF_OUTPUT]


def ends(graph: Any, name: str) -> tuple[Any, Any]:
    """The one thing that goes in and the one that comes out."""
    # before IR version 4, stored numbers are listed among the inputs
    stored = {tensor.name for tensor in graph.initializer}
    inputs = [one for one in graph.input if one.name not in stored]
    if len(inputs) != 1:
        raise Refused(
            gettext_noop("%(name)s takes %(found)s inputs; it may take one, an image.")
            % {"name": name, "found": len(inputs)}
        )
    if len(graph.output) != 1:
        raise Refused(
            gettext_noop(
                "%(name)s gives %(found)s outputs; it may give one, an image. Export "
                "the network with its last output only."
            )
            % {"name": name, "found": len(graph.output)}
        )
    for end in (inputs[0], graph.output[0]):
        if end.type.tensor_type.elem_type != FLOAT:
            raise Refused(
                gettext_noop(
                    "%(tensor)s is not of 32-bit floating-point numbers (float32). "
                    "Export the network with float32 inputs and outputs."
                )
                % {"tensor": quoted(end.name)}
            )
    return inputs[0], graph.output[0]


def _sizes(end: Any) -> list[int | None] | None:
    """Its shape; None where a size is left open. None as a whole: not said at all."""
    if not end.type.tensor_type.HasField("shape"):
        return None
    return [
        one.dim_value if one.HasField("dim_value") and one.dim_value > 0 else None
        for one in end.type.tensor_type.shape.dim
    ]


def input_form(taken: Any) -> tuple[Layout, int, int | None]:
    """Where the channels are and how many, and how many images go in at once."""
    sizes = _sizes(taken) or []
    if len(sizes) == 4 and sizes[0] in (None, 1):
        _, second, third, last = sizes
        if second in CHANNELS and _fits(third) and _fits(last):
            return "NCHW", second, sizes[0]
        if last in CHANNELS and _fits(second) and _fits(third):
            return "NHWC", last, sizes[0]
    raise Refused(
        gettext_noop(
            "The input %(tensor)s has the shape %(shape)s. It must be (images, "
            "channels, 64, 64) or (images, 64, 64, channels) with 1, 3 or 5 channels, "
            "and any number of images or one."
        )
        % {"tensor": quoted(taken.name), "shape": _written(sizes)}
    )


def check_output(given: Any) -> None:
    """Refused only where the file itself says a shape that cannot be right."""
    sizes = _sizes(given)
    if sizes is None:
        return
    if len(sizes) == 4 and sizes[0] in (None, 1):
        for form in FORMS_OF_OUTPUT:
            pairs = zip(sizes[1:], form, strict=True)
            if all(found in (None, wanted) for found, wanted in pairs):
                return
    raise Refused(
        gettext_noop(
            "The output %(tensor)s has the shape %(shape)s. It must be one channel of "
            "64×64 pixels for each image."
        )
        % {"tensor": quoted(given.name), "shape": _written(sizes)}
    )


def _fits(size: int | None) -> bool:
    return size in (None, SIDE)


def _written(sizes: list[int | None]) -> str:
    return "(" + ", ".join("?" if one is None else str(one) for one in sizes[:8]) + ")"


def quoted(text: str) -> str:
    """A name from a strange file, short and on one line."""
    return repr(text if len(text) <= 60 else text[:57] + "…")
