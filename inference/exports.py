"""Where the networks of registered weights are kept as ONNX, once they were exported.

Nothing of it is needed: what is missing or damaged is made again.
"""

from pathlib import Path

from django.conf import settings


def exports_folder() -> Path:
    return Path(settings.VAR_DIR) / "exports"


def exports_forget(sha256: str) -> None:
    """Those of weights that were not taken in after all."""
    for path in exports_folder().glob(f"*{sha256}*"):
        path.unlink(missing_ok=True)
