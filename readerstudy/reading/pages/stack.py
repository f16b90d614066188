"""The stage of whole stacks: what a screen is told of them, the same for every read."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from readerstudy.cases.models import Series

from ..models import Study
from ..protocol.windows import Window, kept_window

WINDOW_KEYS = ("KeyQ", "KeyW", "KeyE", "KeyR", "KeyT", "KeyY")  # beside each other


@dataclass(frozen=True)
class StackWindow:
    """Values drawn from black to white, chosen by one key."""

    title: str
    low: float
    high: float
    code: str  # the physical key; empty: none is left
    kept: Window  # as it is kept with an answer

    @property
    def printed(self) -> str:
        return self.code.removeprefix("Key")


@dataclass(frozen=True)
class StackStage:
    """Slices, rows and columns of each image; low, high: values of the first and the
    last level; images: 2 where they come in pairs."""

    slices: int
    rows: int
    columns: int
    images: int
    low: float
    high: float
    unit: str
    windows: tuple[StackWindow, ...]


def stack_stage(study: Study) -> StackStage | None:
    """None where three central slices are read."""
    if not study.frame:
        return None
    assert study.value_low is not None and study.value_high is not None
    slices, rows, columns = study.frame
    return StackStage(
        slices=slices,
        rows=rows,
        columns=columns,
        images=2 if study.presentation == Study.Presentation.PAIRS else 1,
        low=study.value_low,
        high=study.value_high,
        unit=_unit(study),
        windows=_windows(study, study.value_low, study.value_high),
    )


def _unit(study: Study) -> str:
    """Of all its images: a study of unlike units cannot be opened."""
    series = Series.objects.filter(case__cohort=study.cohort_id).order_by()
    unit = series.values_list("unit", flat=True).first() or ""
    return unit if unit != "counts" else _("counts")


def _windows(study: Study, low: float, high: float) -> tuple[StackWindow, ...]:
    whole = {"title": gettext_noop("whole range"), "low": low, "high": high}
    told = study.windows or [whole]
    keys = [*WINDOW_KEYS, *[""] * len(told)]
    return tuple(
        StackWindow(
            title=_(one["title"]),
            low=one["low"],
            high=one["high"],
            code=key,
            kept=kept_window(one["low"], one["high"], (low, high)),
        )
        for one, key in zip(told, keys, strict=False)
    )
