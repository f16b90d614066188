"""The Python client as it lies in clients/python, and a study for it to work on."""

import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "clients" / "python" / "src"
sys.path.insert(0, str(SOURCE))
