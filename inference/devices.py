"""What networks can compute on here: told without loading torch where there is none
to be found."""

import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

CPU = "cpu"
# The driver's own list of what is built in (Linux).
DRIVER = Path("/proc/driver/nvidia/gpus")
NODE = Path("/dev/nvidiactl")
LIMIT_S = 120
ASK = "import torch; print(torch.cuda.get_device_name(torch.cuda.current_device()))"


@lru_cache(maxsize=1)
def this_device() -> str:
    """ "cpu", or "cuda: " and the name of the GPU; DEVICE=cpu leaves a GPU alone.

    torch is asked in a process of its own: it takes seconds and memory to load, and
    a process that has opened a GPU cannot be forked.
    """
    if os.environ.get("DEVICE", "") == CPU or not (DRIVER.exists() or NODE.exists()):
        return CPU
    try:
        asked = subprocess.run(
            [sys.executable, "-c", ASK],
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):  # none, or a torch without CUDA
        return CPU
    return f"cuda: {asked.stdout.strip()}"[:100]


def kind_of(device: str) -> str:
    """ "cpu" or "cuda", as the runtime knows them."""
    return device.partition(":")[0]
