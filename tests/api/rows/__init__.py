"""Who may do what by a program: one file of rows an app, one row for every method.

Each file has `ROWS`, (route, method) → Row, and may have `values(cast)`, route or
(route, method) → what to put into its address, where slug and pk of the cast's own
study and cohort will not do.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """allowed: who gets anything but a refusal of the person; `data`: what is sent."""

    allowed: frozenset[str]
    data: Any = None
    # the study is unblinded before anybody asks
    unblinded: bool = False


Rows = dict[tuple[str, str], Row]
