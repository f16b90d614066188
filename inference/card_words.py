"""What a card says, as text: results in words, where this software gave their names;
all else under its own name."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

WORDS: dict[str, Any] = {
    "psnr_db_short": _("PSNR of the short images, dB"),
    "psnr_db_output": _("PSNR of the network's images, dB"),
    "psnr_db_gain": _("PSNR gained, dB"),
    "ssim_range_255_short": _("SSIM of the short images (range 255)"),
    "ssim_range_255_output": _("SSIM of the network's images (range 255)"),
    "ssim_range_255_gain": _("SSIM gained (range 255)"),
    "split": _("Measured in"),
    "images": pgettext_lazy("number of", "Images"),
    "kept_epoch": _("Weights of epoch"),
    "bits_per_weight": _("Bits of each weight"),
}
PARTS: dict[str, Any] = {
    "training": _("training"),
    "validation": _("validation"),
    "test": _("test"),
}


@dataclass(frozen=True)
class Result:
    """named: the label is words; else the name that somebody else's card gives."""

    label: str
    value: str
    named: bool


def results_told(results: Any) -> list[Result]:
    """Those with words first, in the order of WORDS; then the others."""
    if not isinstance(results, dict):
        return []
    known = [
        Result(str(words), _value(name, results[name]), named=True)
        for name, words in WORDS.items()
        if name in results and _is_told(results[name])
    ]
    return [*known, *_others(results)]


def _others(results: dict[str, Any]) -> Iterator[Result]:
    for name, value in results.items():
        if name not in WORDS or not _is_told(value):
            for label, text in plain_lines({name: value}):
                yield Result(label, text, named=False)


def _is_told(value: Any) -> bool:
    """One value, or a mean with its standard deviation."""
    return not isinstance(value, dict) or value.keys() == {"mean", "sd"}


def _value(name: str, value: Any) -> str:
    if isinstance(value, dict):
        mean, sd = (_decimals(name, value[one]) for one in ("mean", "sd"))
        return f"{mean} ± {sd} (SD)"
    if isinstance(value, str) and value in PARTS:
        return str(PARTS[value])
    return plain_text(value)


def _decimals(name: str, value: Any) -> str:
    if not isinstance(value, float):
        return plain_text(value)
    return f"{value:.2f}" if name.startswith("psnr_db") else f"{value:.4f}"


def plain_lines(values: Any, before: str = "") -> list[tuple[str, str]]:
    """Nested names joined by dots; numbers with five digits."""
    if not isinstance(values, dict):
        return []
    lines: list[tuple[str, str]] = []
    for name, value in values.items():
        if isinstance(value, dict):
            lines += plain_lines(value, f"{before}{name}.")
        else:
            lines.append((before + name, plain_text(value)))
    return lines


def plain_text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.5g}"
    if value is None:
        return "–"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
