"""The window in which an answer was given, as it is kept with it."""

from collections.abc import Mapping, Sequence
from typing import Any

BRIGHTEST = 255  # of the grey levels 0 … 255, or 255ths of all that is shown of a stack

Window = tuple[int, int]  # what was drawn darkest and brightest


def kept_window(low: float, high: float, shown: tuple[float, float]) -> Window:
    """Values that were drawn black and white, in 255ths of the range `shown`."""
    least, most = shown
    darkest, brightest = (
        round((value - least) / (most - least) * BRIGHTEST) for value in (low, high)
    )
    darkest = min(max(darkest, 0), BRIGHTEST - 1)
    return darkest, min(max(brightest, darkest + 1), BRIGHTEST)


def offered_windows(
    windows: Sequence[Mapping[str, Any]], shown: tuple[Any, Any]
) -> set[Window]:
    """Those of a protocol among which readers of whole stacks change at any time.

    Numbers as a study has them, or in words as a frozen protocol.
    """
    if None in shown:
        return set()
    low, high = map(float, shown)
    return {
        kept_window(float(one["low"]), float(one["high"]), (low, high))
        for one in windows
    }
