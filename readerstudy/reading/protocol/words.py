"""Settings in words: their names on forms, and what an amendment changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ..models import Study
from ..questions import Words
from .frozen import number, plain

LABELS: dict[str, Any] = {
    "title": gettext_lazy("Title"),
    "case_split": gettext_lazy("Cases"),
    "case_codes": gettext_lazy("Only these cases"),
    "resampling_allowed": gettext_lazy("Resampled cases may be read"),
    "question_set": gettext_lazy("Questions"),
    "own_questions": gettext_lazy("Own questions"),
    "window_rule": gettext_lazy("Window rule"),
    "windows": gettext_lazy("Windows"),
    "value_low": gettext_lazy("Least value shown"),
    "value_high": gettext_lazy("Greatest value shown"),
    "lut": gettext_lazy("Colour table"),
    "interpolation": gettext_lazy("Interpolation"),
    "window_adjustable": gettext_lazy("Readers may adjust the window"),
    "least_slice_side": gettext_lazy("Least side of a slice, in pixels"),
    "sessions": gettext_lazy("Sessions"),
    "washout_days": gettext_lazy("Washout between sessions, in days"),
    "spacing": gettext_lazy("Spacing, in reads"),
    "answer_changes": gettext_lazy("Answers may be changed"),
    "break_after_minutes": gettext_lazy("A break is suggested after, in minutes"),
    "long_pause_minutes": gettext_lazy("A long pause is noted after, in minutes"),
    "asks_conditions": gettext_lazy("Ask for the viewing conditions"),
    "gate": gettext_lazy("Gate before the first session"),
    "gate_minimum": gettext_lazy("Least agreement with the key"),
    "guesses": gettext_lazy("Readers guess what an image was"),
    "guess_percent": gettext_lazy("Share of the reads, in percent"),
    "primary_arm": gettext_lazy("Primary arm"),
    "control_arm": gettext_lazy("Control arm"),
    "kappa_margin": gettext_lazy("Margin of kappa"),
    "kappa_weights": gettext_lazy("Weights of kappa"),
    "kappa_interval": gettext_lazy("Interval of kappa"),
    "image_metrics": gettext_lazy("Image quality"),
    "metric_low": gettext_lazy("Image quality: from value"),
    "metric_high": gettext_lazy("Image quality: to value"),
    "stability_limits": gettext_lazy("Limits of stability"),
    "reference_standard": gettext_lazy("Reference standard"),
    "given_standard": gettext_lazy("Given grades of the standard"),
}
# setting → value → what it is called, where the model's own choices do not say it
WORDS: dict[str, dict[str, Any]] = {
    "window_rule": {
        "image-max": gettext_lazy("each slice by its own maximum"),
        "fixed": gettext_lazy("fixed, by the maximum of the whole slice"),
        "presets": gettext_lazy("windows of the protocol, of values with a unit"),
    },
    "lut": {"cool": "Cool (ImageJ)", "grey": gettext_lazy("grey")},
    "image_metrics": {
        "psnr-255": gettext_lazy("PSNR, range 255"),
        "ssim-255": gettext_lazy("SSIM, range 255"),
        "ssim-1": gettext_lazy("SSIM, range 1 (on images of 0 to 255)"),
    },
}


@dataclass(frozen=True)
class ChangeTold:
    label: Words
    before: str
    after: str


@dataclass(frozen=True)
class AmendmentTold:
    """An amendment as its study's page lists it."""

    number: int
    at: datetime
    by: str
    reason: str
    changes: list[ChangeTold]
    sha256: str  # of the protocol from then on


def amendments_told(study: Study) -> list[AmendmentTold]:
    titles = arm_titles(study)
    return [
        AmendmentTold(
            number=one.number,
            at=one.at,
            by=one.by.get_username(),
            reason=one.reason,
            changes=_changes(one.changes, titles),
            sha256=one.protocol_sha256,
        )
        for one in study.amendments.select_related("by").order_by("number")
    ]


def changes_told(study: Study, changes: Mapping[str, list[Any]]) -> list[ChangeTold]:
    """changes: setting → [before, after], as an amendment stores them."""
    return _changes(changes, arm_titles(study))


def arm_titles(study: Study) -> dict[str, str]:
    return dict(study.arms.values_list("code", "title"))


def _changes(
    changes: Mapping[str, list[Any]], titles: dict[str, str]
) -> list[ChangeTold]:
    return [
        ChangeTold(
            LABELS[name],
            setting_told(name, changes[name][0], titles),
            setting_told(name, changes[name][1], titles),
        )
        for name in LABELS
        if name in changes
    ]


def setting_told(name: str, value: Any, titles: dict[str, str]) -> str:
    if value is None or value in ("", [], {}):
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Decimal):
        return number(value) or ""
    if name in ("primary_arm", "control_arm"):
        return titles.get(value, str(value))
    if name == "given_standard":
        return ngettext("%d case", "%d cases", len(value)) % len(value)
    if name == "stability_limits":
        return "; ".join(f"{key} {_digits(limit)}" for key, limit in value.items())
    if name == "windows":
        ends = (f"{_digits(w['low'])} … {_digits(w['high'])}" for w in value)
        return "; ".join(
            f"{_(w['title'])} {end}" for w, end in zip(value, ends, strict=True)
        )
    if name == "own_questions":
        return "; ".join(question["words"] for question in value)
    if isinstance(value, float):
        return plain(value) or ""
    field = Study._meta.get_field(name)
    words = WORDS.get(name) or dict(getattr(field, "flatchoices", ()))
    values = value if isinstance(value, list) else [value]
    return "; ".join(str(words.get(one, one)) for one in values)


def _digits(value: float | str) -> str:
    """Of a row's number, or as an amendment wrote it down."""
    return value if isinstance(value, str) else plain(value) or ""
