"""The analysis plan of a protocol: what its report computes, said beforehand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from readerstudy.imaging.errors import Refused

from ..agreement.kappa import WEIGHTINGS, Weighting
from ..agreement.standards import STANDARD_KINDS, StandardKind

# Every name that `reading` offers is served here; tests compare the two lists.
WEIGHTINGS_BY_NAME: dict[str, Weighting] = {name: name for name in WEIGHTINGS}
STANDARDS_BY_NAME: dict[str, StandardKind] = {name: name for name in STANDARD_KINDS}
INTERVALS = {"clustered-delta": "clustered-delta"}  # the one of stats.agreement


@dataclass(frozen=True)
class Metric:
    """What was measured. key names it in files; unit is empty for pure numbers."""

    key: str  # psnr, ssim; of whole stacks mae and mean-error, too
    # in grey levels of 8 bits; of whole stacks in their unit; None: it has none
    data_range: int | float | None
    unit: str

    @property
    def digits(self) -> int:
        """After the decimal point on a page, as the study prints them."""
        return 2 if self.unit else 4

    def goodness(self, value: float) -> float:
        """What ranks are made of: the higher, the better."""
        if self.key == "mae":
            return -value
        return -abs(value) if self.key == "mean-error" else value


PSNR = Metric("psnr", 255, "dB")
SSIM_255 = Metric("ssim", 255, "")
SSIM_1 = Metric("ssim", 1, "")
METRICS = {"psnr-255": PSNR, "ssim-255": SSIM_255, "ssim-1": SSIM_1}


def stack_metrics(low: float, high: float, unit: str) -> dict[str, Metric]:
    """Of whole stacks: PSNR and SSIM within a window, errors of all that is shown."""
    reach = high - low
    data_range = int(reach) if reach == int(reach) else reach
    return {
        "psnr": Metric("psnr", data_range, "dB"),
        "ssim": Metric("ssim", data_range, ""),
        "mae": Metric("mae", None, unit),
        "mean-error": Metric("mean-error", None, unit),
    }


@dataclass(frozen=True)
class AnalysisPlan:
    """What is computed, and whether the protocol says so or this program did.

    primary, control: codes of arms; empty: not named. margin: of kappa, 0 or more;
    None: not named.
    """

    in_protocol: bool
    primary: str
    control: str
    margin: float | None
    weighting: Weighting
    interval: str  # a name of INTERVALS
    metrics: tuple[Metric, ...]
    standard: StandardKind = "own"  # what a reader's grades are compared with


UNPLANNED = AnalysisPlan(
    in_protocol=False,
    primary="",
    control="",
    margin=None,
    weighting="quadratic",
    interval="clustered-delta",
    metrics=tuple(METRICS.values()),
)


def analysis_plan(
    protocol: Mapping[str, Any], *, stacks: Mapping[str, Metric] | None = None
) -> AnalysisPlan:
    """The plan in a protocol; UNPLANNED for one made before protocols had a plan.

    stacks: the metrics of a study of whole stacks, which has all of them unless its
        protocol names some.

    Refused for a name that this program does not compute.
    """
    said = protocol.get("analysis")
    if said is None:
        return replace(UNPLANNED, metrics=tuple((stacks or METRICS).values()))
    margin = said["margin"]
    return AnalysisPlan(
        in_protocol=True,
        primary=said["primary_arm"],
        control=said["control_arm"],
        margin=None if margin is None else float(margin),
        weighting=_served(WEIGHTINGS_BY_NAME, said["weights"]),
        interval=_served(INTERVALS, said["interval"]),
        metrics=_metrics(said["image_metrics"], stacks),
        standard=_served(STANDARDS_BY_NAME, said.get("standard", "own")),
    )


def _metrics(
    names: Sequence[str], stacks: Mapping[str, Metric] | None
) -> tuple[Metric, ...]:
    if stacks is None:
        return tuple(_served(METRICS, name) for name in names)
    chosen = [stacks[name] for name in names if name in stacks]
    return tuple(chosen or stacks.values())


def _served(by_name: Mapping[str, Any], name: str) -> Any:
    if name not in by_name:
        raise Refused(
            _("The analysis plan asks for “%(name)s”, which cannot be computed.")
            % {"name": name}
        )
    return by_name[name]
