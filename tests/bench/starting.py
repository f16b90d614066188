"""How long the web process takes to start."""

import subprocess
import sys
from collections.abc import Iterator

from .lines import ROOT, Line


def start_up() -> Iterator[Line]:
    """Processor time of a fresh interpreter that imports what is named."""

    def seconds(code: str) -> float:
        code = f"{code}\nimport resource, sys\nu = resource.getrusage(0)\n"
        code += "print(u.ru_utime + u.ru_stime, 'torch' in sys.modules)"
        best = float("inf")
        for _ in range(3):
            said = subprocess.run(
                [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
            ).stdout.split()
            assert said[-1] == "False" or "torch" in code.split("\n")[0]
            best = min(best, float(said[-2]))
        return best

    web = "import readerstudy.config.wsgi, django.urls as u; u.get_resolver().check()"
    yield Line(
        "start of the web process",
        seconds(web),
        "CPU s",
        seconds("import torch"),
        "importing torch",
    )
