"""The folder of exports does not grow with what nobody needs any more."""

import os
import time

import pytest

from inference import services
from inference.exports import exports_folder
from inference.models import Weights

KNOWN, GONE = "ab" * 32, "cd" * 32


@pytest.fixture
def folder(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    exports_folder().mkdir()
    return exports_folder()


def test_exports_of_gone_weights_and_halves_of_killed_processes_go_after_a_day(
    db, folder
):
    Weights.objects.create(
        network="unet-l4", title="x", sha256=KNOWN, card={}, origin="trained"
    )
    names = {f"{KNOWN}-export.onnx", f"{GONE}-export.onnx", f".{KNOWN}.0a.part"}
    for name in names:
        (folder / name).write_bytes(b"network")
    assert services.files_sweep() == 0  # somebody may be just making them
    old = time.time() - 25 * 3600
    for name in names:
        os.utime(folder / name, (old, old))
    assert services.files_sweep() == 2
    assert [path.name for path in folder.iterdir()] == [f"{KNOWN}-export.onnx"]
    assert services.files_sweep() == 0
