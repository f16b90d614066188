"""Networks run in processes of their own, within time and memory, off the network.

A network is somebody else's program: it may crash, loop, want all memory there is.
Then it fails with a sentence, and whoever asked goes on. Its process runs ONNX
Runtime, knows no key and no database, and can open no file.
"""

from .errors import NetworkFailedError
from .files import NetworkFile, Prepared
from .limits import PROBING, SERVING, Limits
from .preparing import prepare
from .probing import Probe, probe
from .session import Session, open_session

__all__ = [
    "PROBING",
    "SERVING",
    "Limits",
    "NetworkFailedError",
    "NetworkFile",
    "Prepared",
    "Probe",
    "Session",
    "open_session",
    "prepare",
    "probe",
]
