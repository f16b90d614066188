"""What the stability suite measures: names, units and usual limits.

Computing is `inference.stability`'s, judging by a protocol's limits is `stats`'.
docs/stability.md says how each is computed and where its usual limit comes from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from .marking import gettext_noop


@dataclass(frozen=True)
class Measure:
    """One entry.

    group: key of GROUPS. unit: as printed; "" a plain number.
    limit: beyond which an arm is told to fail, unless the protocol says otherwise;
        None: reported without a limit. side: "most" fails above the limit, "least"
        below it, "within" where the size of the number is above it.
    needs_method: only for arms that can be run on other inputs, not for images alone.
    needs_striatum: only where a case has a striatum.
    needs_reference: only where a case has a reference, which the noise is told by, too.
    map: name of the case's map that shows it, "" where there is none.
    of_arm: no single case has it. case_key: then that of its cases which is nearest.
    """

    key: str
    group: str
    title: str
    unit: str
    limit: float | None
    side: Literal["most", "least", "within"] = "most"
    needs_method: bool = True
    needs_striatum: bool = False
    needs_reference: bool = True
    map: str = ""
    of_arm: bool = False
    case_key: str = ""


NO_REFERENCE = gettext_noop("There is no reference.")  # why nothing is held against it

GROUPS: Mapping[str, str] = {
    "repeatability": gettext_noop("Repeatability: the same patient scanned again"),
    "perturbation": gettext_noop("Small changes of the input"),
    "equivariance": gettext_noop("Shifted, turned and mirrored"),
    "dose": gettext_noop("More and fewer counts"),
    "identity": gettext_noop("Good images, and images seen before"),
    "known": gettext_noop("Known inserts and removals"),
    "deformation": gettext_noop("Deformation"),
    "residual": gettext_noop("Invented and lost"),
    "severity": gettext_noop("Uptake: bias against severity"),
    "consistency": gettext_noop("What the camera counted"),
}

_MEASURES = (
    Measure(
        key="repeat-noise",
        group="repeatability",
        title=gettext_noop("Noise left: SD between repeats, of the input's own"),
        unit="%",
        limit=100.0,
        map="sd",
    ),
    Measure(
        key="repeat-cov",
        group="repeatability",
        title=gettext_noop("Coefficient of variation between repeats, striatum"),
        unit="%",
        limit=None,
        needs_striatum=True,
        map="sd",
    ),
    Measure(
        key="repeat-sbr-sd-right",
        group="repeatability",
        title=gettext_noop("SD of the binding ratio between repeats, right"),
        unit="",
        limit=None,
        needs_striatum=True,
    ),
    Measure(
        key="repeat-sbr-sd-left",
        group="repeatability",
        title=gettext_noop("SD of the binding ratio between repeats, left"),
        unit="",
        limit=None,
        needs_striatum=True,
    ),
    Measure(
        key="repeat-icc-right",
        group="repeatability",
        title=gettext_noop("Intraclass correlation of the binding ratio, right"),
        unit="",
        limit=0.9,
        side="least",
        needs_striatum=True,
        of_arm=True,
        case_key="repeat-sbr-sd-right",
    ),
    Measure(
        key="repeat-icc-left",
        group="repeatability",
        title=gettext_noop("Intraclass correlation of the binding ratio, left"),
        unit="",
        limit=0.9,
        side="least",
        needs_striatum=True,
        of_arm=True,
        case_key="repeat-sbr-sd-left",
    ),
    Measure(
        key="gain-random",
        group="perturbation",
        title=gettext_noop("Gain of random noise"),
        unit="",
        limit=1.0,
    ),
    Measure(
        key="gain-adversarial",
        group="perturbation",
        title=gettext_noop("Gain of the worst change that was found"),
        unit="",
        limit=2.0,
        needs_reference=False,
    ),
    Measure(
        key="shift-error",
        group="equivariance",
        title=gettext_noop(
            "Shift by half a pixel: output of the shifted input against shifted output"
        ),
        unit="%",
        limit=20.0,
        needs_reference=False,
    ),
    Measure(
        key="rotation-error",
        group="equivariance",
        title=gettext_noop(
            "Turn by 3°: output of the turned input against turned output"
        ),
        unit="%",
        limit=20.0,
        needs_reference=False,
    ),
    Measure(
        key="mirror-error",
        group="equivariance",
        title=gettext_noop(
            "Left-right mirror: output of the mirrored input against mirrored output"
        ),
        unit="%",
        limit=20.0,
        needs_reference=False,
    ),
    Measure(
        key="laterality",
        group="equivariance",
        title=gettext_noop(
            "Laterality: distance to the reference ÷ distance to its mirror image"
        ),
        unit="",
        limit=0.9,
        needs_method=False,
    ),
    Measure(
        key="dose-reversal",
        group="dose",
        title=gettext_noop("Worse with more counts: largest rise of the error"),
        unit="%",
        limit=5.0,
        of_arm=True,
    ),
    Measure(
        key="dose-break",
        group="dose",
        title=gettext_noop("Least share of the counts at which it still helps"),
        unit="",
        limit=None,
        of_arm=True,
    ),
    Measure(
        key="identity-change",
        group="identity",
        title=gettext_noop("Identity: change of the reference itself"),
        unit="%",
        limit=25.0,
    ),
    Measure(
        key="idempotence-change",
        group="identity",
        title=gettext_noop("Idempotence: change of its own output"),
        unit="%",
        limit=20.0,
        needs_reference=False,
    ),
    Measure(
        key="insert-shown",
        group="known",
        title=gettext_noop("Contrast shown of bright spots put in"),
        unit="%",
        limit=40.0,
        side="least",
        needs_reference=False,
    ),
    Measure(
        key="deficit-shown",
        group="known",
        title=gettext_noop("Contrast shown of dark spots put in"),
        unit="%",
        limit=40.0,
        side="least",
        needs_reference=False,
    ),
    Measure(
        key="removal-shown",
        group="known",
        title=gettext_noop("One striatum erased: share of the loss that is shown"),
        unit="%",
        limit=75.0,
        side="least",
        needs_striatum=True,
    ),
    Measure(
        key="removal-other-side",
        group="known",
        title=gettext_noop("One striatum erased: change of the other side"),
        unit="%",
        limit=15.0,
        side="within",
        needs_striatum=True,
    ),
    Measure(
        key="painted-erased",
        group="known",
        title=gettext_noop("Both striata erased: binding painted in"),
        unit="",
        limit=0.5,
        needs_striatum=True,
    ),
    Measure(
        key="painted-constant",
        group="known",
        title=gettext_noop("Constant image: binding painted in"),
        unit="",
        limit=0.5,
        needs_striatum=True,
    ),
    Measure(
        key="painted-organ",
        group="known",
        title=gettext_noop("Another organ: binding painted in"),
        unit="",
        limit=0.5,
        needs_striatum=True,
    ),
    Measure(
        key="deformation",
        group="deformation",
        title=gettext_noop("Displacement of edges, 95th percentile"),
        unit="mm",
        limit=5.0,
        needs_method=False,
        map="displacement",
    ),
    Measure(
        key="hallucination-peak",
        group="residual",
        title=gettext_noop("Invented: largest residual, in SDs of the noise"),
        unit="SD",
        limit=4.0,
        needs_method=False,
        map="hallucination",
    ),
    Measure(
        key="hallucination-cases",
        group="residual",
        title=gettext_noop("Invented: patients with a residual above 5 SDs"),
        unit="%",
        limit=5.0,
        needs_method=False,
        map="hallucination",
        of_arm=True,
        case_key="hallucination-peak",
    ),
    Measure(
        key="hallucination-striatum",
        group="residual",
        title=gettext_noop("Invented: share of striatal voxels"),
        unit="%",
        limit=1.0,
        needs_method=False,
        needs_striatum=True,
        map="hallucination",
    ),
    Measure(
        key="hallucination-background",
        group="residual",
        title=gettext_noop("Invented: share of background voxels"),
        unit="%",
        limit=1.0,
        needs_method=False,
        map="hallucination",
    ),
    Measure(
        key="omission-peak",
        group="residual",
        title=gettext_noop("Lost: largest residual, in SDs of the noise"),
        unit="SD",
        limit=4.0,
        needs_method=False,
        map="omission",
    ),
    Measure(
        key="omission-cases",
        group="residual",
        title=gettext_noop("Lost: patients with a residual above 5 SDs"),
        unit="%",
        limit=5.0,
        needs_method=False,
        map="omission",
        of_arm=True,
        case_key="omission-peak",
    ),
    Measure(
        key="omission-striatum",
        group="residual",
        title=gettext_noop("Lost: share of striatal voxels"),
        unit="%",
        limit=1.0,
        needs_method=False,
        needs_striatum=True,
        map="omission",
    ),
    Measure(
        key="omission-background",
        group="residual",
        title=gettext_noop("Lost: share of background voxels"),
        unit="%",
        limit=1.0,
        needs_method=False,
        map="omission",
    ),
    Measure(
        key="severity-slope",
        group="severity",
        title=gettext_noop("Slope of the binding ratio's error on the reference"),
        unit="",
        limit=0.15,
        side="within",
        needs_method=False,
        needs_striatum=True,
        of_arm=True,
        case_key="striatal-emphasis",
    ),
    Measure(
        key="striatal-emphasis",
        group="severity",
        title=gettext_noop("Striatal over-emphasis: bias of the binding ratio"),
        unit="%",
        limit=5.0,
        side="within",
        needs_method=False,
        needs_striatum=True,
    ),
    Measure(
        key="counts-kept",
        group="severity",
        title=gettext_noop("Count conservation: change of the total"),
        unit="%",
        limit=5.0,
        side="within",
        needs_method=False,
    ),
    Measure(
        key="background-kept",
        group="severity",
        title=gettext_noop("Background suppression: change of its level"),
        unit="%",
        limit=5.0,
        side="within",
        needs_method=False,
        needs_striatum=True,
    ),
    Measure(
        key="data-deviance",
        group="consistency",
        title=gettext_noop("Poisson deviance to the short scan, beyond the input's"),
        unit="%",
        limit=3.0,
        needs_method=False,
        needs_reference=False,
    ),
)

MEASURES: Mapping[str, Measure] = {measure.key: measure for measure in _MEASURES}


def is_beyond(measure: Measure, value: float, *, limit: float | None) -> bool:
    """Whether a value fails; `limit` is the protocol's, None its usual one. A measure
    without any limit never fails."""
    most = measure.limit if limit is None else limit
    if most is None:
        return False
    if measure.side == "least":
        return value < most
    return (abs(value) if measure.side == "within" else value) > most
