"""How every figure looks: two themes, and series that also differ by their marker.

Colours after Okabe and Ito, told apart by colour-blind eyes.
"""

import unicodedata
from dataclasses import dataclass
from typing import Literal

ThemeName = Literal["light", "dark"]

TEXT = 9.5  # points; 100 pixels of a page are an inch of a figure
SMALL = 8.5

MARKERS = ("o", "s", "^", "D", "v", "P", "X")


@dataclass(frozen=True)
class Theme:
    """ink: of texts; soft: of axes; line: of grids; band: behind every other row."""

    page: str
    ink: str
    soft: str
    line: str
    band: str
    series: tuple[str, ...]
    grades: tuple[str, ...]  # lowest to highest
    heat: tuple[str, str]  # from nothing to all
    below: tuple[str, ...]  # differences -1, -2, -3 and further
    above: tuple[str, ...]
    same: str


LIGHT = Theme(
    page="#ffffff",
    ink="#1c2733",
    soft="#4d5c6a",
    line="#d9dfe5",
    band="#f3f5f8",
    series=("#0072b2", "#d55e00", "#009e73", "#b8528f", "#a67400", "#2f88b8"),
    grades=("#08306b", "#2f79b5", "#9ac8e0", "#e2edf8"),
    heat=("#f7fafd", "#08457e"),
    below=("#7fb3d5", "#2f79b5", "#08306b"),
    above=("#f2a76f", "#d55e00", "#7f2f00"),
    same="#d9dfe5",
)
DARK = Theme(
    page="#16202a",
    ink="#dfe6ec",
    soft="#b0bfcc",
    line="#33434f",
    band="#1c2833",
    series=("#56b4e9", "#ff8a3d", "#2fc79a", "#e293bd", "#e69f00", "#9ad0f0"),
    grades=("#1b4f96", "#3f8fd0", "#9ac8e0", "#e2edf8"),
    heat=("#1c2833", "#7cc0f5"),
    below=("#2f6d9c", "#56a5dc", "#b5dcf7"),
    above=("#a8521a", "#ff8a3d", "#ffd0ad"),
    same="#3b4c5a",
)
THEMES: dict[ThemeName, Theme] = {"light": LIGHT, "dark": DARK}


def colour(theme: Theme, series: int) -> str:
    return theme.series[series % len(theme.series)]


def marker(series: int) -> str:
    return MARKERS[series % len(MARKERS)]


def ramp(shades: tuple[str, ...], steps: int) -> tuple[str, ...]:
    """As many shades as asked for, from the first to the last."""
    if steps == len(shades):
        return shades
    return tuple(
        blend(shades, place / (steps - 1) if steps > 1 else 0.5)
        for place in range(steps)
    )


def blend(shades: tuple[str, ...], share: float) -> str:
    """The shade at 0 (the first) to 1 (the last)."""
    place = share * (len(shades) - 1)
    left = min(int(place), len(shades) - 2)
    rest = place - left
    pairs = [(_part(shades[left], k), _part(shades[left + 1], k)) for k in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * rest):02x}" for a, b in pairs)


def _part(shade: str, at: int) -> int:
    return int(shade[at : at + 2], 16)


def on(background: str) -> str:
    """Black or white, whichever is read more easily on the colour."""
    red, green, blue = (_part(background, k) / 255 for k in (1, 3, 5))
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (red, green, blue)
    ]
    bright = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#000000" if bright > 0.179 else "#ffffff"


def text_width(text: str) -> int:
    """In Latin letters; a Chinese or Japanese sign is as wide as two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "FW" else 1 for sign in text)


def wrapped(text: str, *, width: int = 28, lines: int = 3) -> str:
    """Broken between words, or within what is too long; the rest as “…”."""
    found = [""]
    for word in _pieces(text, width):
        longer = found[-1] + word
        if found[-1] and text_width(longer.rstrip()) > width:
            found.append(word.lstrip())
        else:
            found[-1] = longer
    kept = [line.rstrip() for line in found]
    if len(kept) > lines:
        kept = [*kept[: lines - 1], f"{kept[lines - 1]} …"]
    return "\n".join(kept)


def _pieces(text: str, width: int) -> list[str]:
    """Words with the space after them; what is too long for a line sign by sign."""
    words = [f"{word} " for word in text.split()]
    return [
        piece
        for word in words
        for piece in ([word] if text_width(word) <= width + 1 else list(word))
    ]
