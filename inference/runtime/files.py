"""A network's file, and what is run of it."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class NetworkFile:
    """format: of weights for a registered network, or of a whole network.
    content: the file's bytes, checked where they were taken in.
    title: for the sentences.
    """

    format: Literal["safetensors", "onnx"]
    content: bytes
    title: str


@dataclass(frozen=True)
class Prepared:
    """content: the network as ONNX.
    difference: the largest one between the network in torch and this export, on a
        probe image, in 0–1 units; None where the file itself is ONNX.
    """

    file: NetworkFile
    content: bytes
    difference: float | None = None
