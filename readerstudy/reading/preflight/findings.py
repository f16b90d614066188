"""What is found about a draft, and where it can be cured."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

NAMED = 5  # things that one sentence names


@dataclass(frozen=True)
class Finding:
    """One reason, and the page on which it can be cured."""

    message: str
    cure: Literal["study", "cohort"]


def named(names: Sequence[str]) -> str:
    """The first few of them, and dots for the others."""
    return ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else "")
