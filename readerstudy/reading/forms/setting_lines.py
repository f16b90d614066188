"""Windows and limits as lines of text: what they are called, then their numbers."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.text import slugify
from django.utils.translation import gettext as _

from ..protocol.frozen import plain

MOST_LINES = 100


def windows_read(text: str) -> tuple[list[dict[str, Any]], list[str]]:
    """One window a line: “soft tissue -160 240” is its title and the values drawn
    black and white. Returns the windows and what is wrong."""
    found, problems = _read(text, 2)
    windows: list[dict[str, Any]] = []
    for title, (low, high) in found:
        key, number = slugify(title)[:28] or "window", 1
        while key in {window["key"] for window in windows}:
            number += 1
            key = f"{slugify(title)[:25] or 'window'}-{number}"
        windows.append({"key": key, "title": title, "low": low, "high": high})
    return windows, problems


def windows_written(windows: Iterable[Mapping[str, Any]]) -> str:
    return "\n".join(
        f"{one['title']} {plain(one['low'])} {plain(one['high'])}" for one in windows
    )


def limits_read(text: str) -> tuple[dict[str, float], list[str]]:
    """One measure a line: “deformation 2.5” is its name and its limit."""
    found, problems = _read(text, 1)
    limits: dict[str, float] = {}
    for key, (limit,) in found:
        if key in limits:
            problems.append(_("%s is there twice.") % key)
        limits[key] = limit
    return limits, problems


def limits_written(limits: Mapping[str, float]) -> str:
    return "\n".join(f"{key} {plain(limit)}" for key, limit in limits.items())


def _read(text: str, numbers: int) -> tuple[list[tuple[str, list[float]]], list[str]]:
    """Each line's words and the numbers that end it; spaces or tabs part them."""
    found, problems = [], []
    for place, line in enumerate(text.splitlines()[:MOST_LINES], start=1):
        if not line.strip():
            continue
        parts = line.split()
        words, ends = " ".join(parts[:-numbers]), parts[-numbers:]
        try:
            values = [float(end.replace("−", "-")) for end in ends]
        except ValueError:
            values = []
        if not words or len(values) < numbers:
            said = _("Line %d: a line is a name and then its numbers.")
            problems.append(said % place)
        else:
            found.append((words, values))
    return found, problems
