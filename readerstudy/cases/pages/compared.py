"""What the page of a plan says of the two scans of any pair, and of stacks alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from django.utils.translation import gettext as _

from ..matching.parity import matrix, voxel
from ..matching.roles import CLEARLY_LONGER, description_says
from ..plan import PlannedPair, ScannedSeries

# label, values of both scans, and the kinds of findings about them
Compared: TypeAlias = tuple[str, tuple[str, str], tuple[str, ...]]


@dataclass(frozen=True)
class Reason:
    """What speaks for these two and these roles, or against it (None: neither)."""

    sentence: str
    speaks_for: bool | None


def described(reference: ScannedSeries, short: ScannedSeries) -> Reason:
    says = description_says(reference, short)
    if says == "reference":
        return Reason(_("Descriptions: they agree"), True)
    if says:
        return Reason(_("Descriptions: they say the opposite"), False)
    return Reason(_("Descriptions: they do not tell the scans apart"), None)


def stack_reasons(pair: PlannedPair) -> Iterator[Reason]:
    reference, short = pair.grid, pair.short
    if reference.exposure_mas and short.exposure_mas:
        ratio = reference.exposure_mas / short.exposure_mas
        tells = max(ratio, 1 / ratio) >= CLEARLY_LONGER
        yield Reason(
            _("Exposures: %(reference).0f and %(short).0f mAs")
            % {"reference": reference.exposure_mas, "short": short.exposure_mas},
            ratio > 1 if tells else None,
        )
    elif reference.modality == "CT":
        yield Reason(_("Exposures: not stated in both scans"), None)
    yield described(reference, short)


def on_one_grid(pair: PlannedPair) -> Iterator[Compared]:
    one, other = pair.grid, pair.short
    yield _("Matrix"), (matrix(one), matrix(other)), ("matrix",)
    yield _("Slices"), (str(one.shape[0]), str(other.shape[0])), ("slices",)
    yield _("Voxel, mm"), (voxel(one), voxel(other)), ("spacing", "resampled")
    yield (
        _("Displacement in the images, mm (left, back, head)"),
        ("–", _displacement(pair)),
        ("offset", "offset-unknown", "mirrored", "position", "frame"),
    )


def makers(pair: PlannedPair) -> Compared:
    made_by = (pair.grid.manufacturer or "–", pair.short.manufacturer or "–")
    return _("Camera"), made_by, ("camera",)


def compared_stacks(pair: PlannedPair) -> Iterator[Compared]:
    yield from on_one_grid(pair)
    one, other = pair.grid, pair.short
    label = _("Mean, %(unit)s") % {"unit": one.unit}
    yield label, (f"{one.mean:.1f}", f"{other.mean:.1f}"), ("level",)
    yield makers(pair)


def _displacement(pair: PlannedPair) -> str:
    offset = pair.parity.offset_mm
    return ", ".join(f"{one:+.1f}" for one in offset) if offset else "–"
