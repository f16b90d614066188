"""What mean PSNR hides: how an arm behaves when its input is changed on purpose.

Pure: images in, numbers and maps out. `measure_case` asks the arm for some 45 images a
case in two calls; `measure_arm` makes the arm's numbers of all cases' findings.
docs/stability.md defines every measure.
"""

from typing import TYPE_CHECKING, Any

from .findings import (
    SUITE,
    ArmFindings,
    CaseFindings,
    CaseImages,
    Finding,
    Image,
    Rescans,
    Run,
    Settings,
)

if TYPE_CHECKING:
    from .suite import measure_arm, measure_case

__all__ = [
    "SUITE",
    "ArmFindings",
    "CaseFindings",
    "CaseImages",
    "Finding",
    "Image",
    "Rescans",
    "Run",
    "Settings",
    "measure_arm",
    "measure_case",
]


def __getattr__(name: str) -> Any:
    """What measures, once somebody does: pages name settings and findings only, and
    scipy loads slowly."""
    if name in ("measure_arm", "measure_case"):
        from . import suite

        return getattr(suite, name)
    raise AttributeError(name)
