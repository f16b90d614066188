"""Reporting checklists, filled in from a report as far as a study's data can.

`grras`: agreement studies. `claim`: imaging studies of artificial intelligence. Nothing
is left blank: an item that only the authors can answer says so, and what is needed.
"""

from .claim import claim
from .grras import grras
from .items import Answered

__all__ = ["Answered", "claim", "grras"]
