"""Which kind of file somebody sends, by its name and by its first bytes.

Formats that can run a program when they are opened are not even looked at, whatever
they are called (docs/bring-your-network.md says how to convert them).
"""

from typing import Literal

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop

Kind = Literal["safetensors", "onnx"]

OF_TORCH = (".pt", ".pth", ".pt2", ".ckpt", ".bin", ".pkl", ".pickle", ".joblib")
OF_KERAS = (".h5", ".hdf5", ".keras", ".pb")
ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".7z", ".mar")

# what a file begins with → what it is; zip is what torch and Keras 3 write
HDF5 = b"\x89HDF\r\n\x1a\n"
ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"7z\xbc\xaf\x27\x1c")
PICKLE = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))

TORCH = gettext_noop(
    "%(name)s is in a format that can run a program when it is opened, so it is not "
    "accepted. Export the network as ONNX with torch.onnx.export, or save the weights "
    "of a network known here as safetensors, with a card "
    "(docs/bring-your-network.md)."
)
KERAS = gettext_noop(
    "%(name)s is in a format of Keras or TensorFlow that can run a program when it is "
    "opened, so it is not accepted. Convert the network to ONNX, with tf2onnx or with "
    'export(format="onnx") of Keras 3 (docs/bring-your-network.md).'
)
ARCHIVE = gettext_noop(
    "%(name)s is an archive, or weights in the form of one; neither is opened. Send "
    "one file: the network as ONNX, or its weights as safetensors "
    "(docs/bring-your-network.md)."
)
NEITHER = gettext_noop(
    "%(name)s is neither called .onnx nor .safetensors; other files are not accepted "
    "(docs/bring-your-network.md)."
)
NOT_AS_NAMED = gettext_noop(
    "%(name)s is not what its name says: it begins like a file of another kind, one "
    "that can run a program when it is opened or is an archive "
    "(docs/bring-your-network.md)."
)


def kind_of(name: str, content: bytes) -> Kind:
    """By its name; Refused with the way to convert it if it is of another kind."""
    lower = name.lower()
    for suffixes, sentence in (
        (OF_TORCH, TORCH),
        (OF_KERAS, KERAS),
        (ARCHIVES, ARCHIVE),
    ):
        if lower.endswith(suffixes):
            raise Refused(sentence % {"name": name})
    kind: Kind = "onnx" if lower.endswith(".onnx") else "safetensors"
    if kind == "safetensors" and not lower.endswith(".safetensors"):
        raise Refused(NEITHER % {"name": name})
    # the header of a safetensors file begins at its ninth byte, after any length
    is_header = kind == "safetensors" and content[8:9] == b"{"
    if content.startswith((HDF5, *ZIP, *PACKED, *PICKLE)) and not is_header:
        raise Refused(NOT_AS_NAMED % {"name": name})
    return kind
