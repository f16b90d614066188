"""Filters and networks on the test cases of the simulated cohort, as in the study.

PSNR and SSIM of every method over the same images, its difference to U-Net(L4) by
the tests that the study's report has, and the published numbers beside them. No
network may be chosen by what comes out here: that is what the validation cases are
for.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.networks.weights import WeightsCard
from inference.quality import psnr_db
from stats.comparison.ranks import dunn_against_control, friedman
from stats.image_quality.similarity import structural_similarities
from stats.outcomes import estimated

Floats = NDArray[np.float64]
Images = NDArray[np.uint8]  # (cases, slices, H, W)

CONTROL = "unet-l4"
SHORT = "short"
# Arms of the study; others are beyond it and stay out of its tests.
STUDY_METHODS = (
    SHORT,
    "gaussian",
    "bilateral",
    "unet-l1",
    "unet-l2",
    "unet-l3",
    "unet-l4",
    "unet-l5",
    "vnet",
    "unetpp",
    "r2unet",
    "attention-unet",
    "transunet-small",
)
# Mean and standard deviation over the images of PSNR in dB, and of SSIM.
PUBLISHED: Mapping[str, tuple[float, float, float, float]] = {
    SHORT: (30.84, 0.75, 0.7075, 0.0811),
    "gaussian": (30.98, 0.84, 0.7466, 0.0771),
    "bilateral": (31.08, 0.93, 0.7732, 0.0756),
    "unet-l1": (32.29, 1.34, 0.8220, 0.0563),
    "unet-l2": (32.39, 1.49, 0.8293, 0.0591),
    "unet-l3": (32.33, 1.39, 0.8280, 0.0644),
    "unet-l4": (32.68, 1.68, 0.8419, 0.0686),
    "unet-l5": (32.61, 1.68, 0.8367, 0.0659),
    "vnet": (32.37, 1.44, 0.8250, 0.0663),
    "unetpp": (32.04, 1.20, 0.8130, 0.0671),
    "r2unet": (32.49, 1.54, 0.8326, 0.0666),
    "attention-unet": (32.53, 1.58, 0.8398, 0.0701),
    "transunet-small": (32.52, 1.57, 0.8305, 0.0708),
}
RESAMPLES = 10_000
MEASURES = ("psnr_db", "ssim_range_255", "ssim_range_1", "psnr_db_expected")


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation (n − 1) over images, as published."""

    mean: float
    sd: float


@dataclass(frozen=True)
class Difference:
    """Mean over patients of a method minus the control's, with the 2.5 % and 97.5 %
    quantiles of that mean when patients are drawn again with replacement."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Row:
    """One method. p_holm: Dunn's test against the control; None beyond the study.

    recipe, validation_psnr_db: of the weights; the latter is what they may be chosen
        by. psnr_db_expected: against the 25-minute image without noise.
    """

    method: str
    recipe: str
    validation_psnr_db: float | None
    psnr_db: Spread
    ssim_range_255: Spread
    ssim_range_1: Spread
    psnr_db_expected: Spread
    differences: Mapping[str, Difference]  # measure → to the control
    p_holm: Mapping[str, float | None]  # measure → corrected p


@dataclass(frozen=True)
class Comparison:
    """reference_psnr_db_expected: of the 25-minute images themselves."""

    images: int
    patients: int
    rows: tuple[Row, ...]
    reference_psnr_db_expected: Spread
    friedman: Mapping[str, Mapping[str, Any]]  # measure → statistic, df, p, W
    bootstrap: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def compare(
    outputs: Mapping[str, Images],
    *,
    reference: Images,
    expected: Images,
    cards: Mapping[str, WeightsCard],
    seed: int,
) -> Comparison:
    """outputs: method → its 8-bit images, the short scan's among them.

    cards: of the methods that have weights. seed: of the bootstrap.
    """
    scores = {
        method: _scores(images, reference=reference, expected=expected)
        for method, images in outputs.items()
    }
    patients = len(reference)
    drawn = np.random.default_rng(seed).integers(patients, size=(RESAMPLES, patients))
    tested = [method for method in STUDY_METHODS if method in scores]
    tables = {
        measure: np.stack([scores[m][measure].mean(axis=1) for m in tested], axis=1)
        for measure in MEASURES
    }
    p_holm = {measure: _dunn(tables[measure], tested) for measure in MEASURES}
    control = scores[CONTROL]
    rows = [
        _row(method, found, control, cards.get(method), drawn, p_holm)
        for method, found in scores.items()
    ]
    return Comparison(
        images=int(np.prod(reference.shape[:2])),
        patients=patients,
        rows=tuple(rows),
        reference_psnr_db_expected=_spread(
            psnr_db(reference, expected, data_range=255)
        ),
        friedman={measure: _friedman(tables[measure]) for measure in MEASURES},
        bootstrap=f"{RESAMPLES} draws of {patients} patients, seed {seed}, quantiles",
    )


def _row(
    method: str,
    found: Mapping[str, Floats],
    control: Mapping[str, Floats],
    card: WeightsCard | None,
    drawn: NDArray[np.int64],
    p_holm: Mapping[str, Mapping[str, float | None]],
) -> Row:
    return Row(
        method=method,
        recipe=card.recipe["name"] if card else "",
        validation_psnr_db=card.results["psnr_db_output"]["mean"] if card else None,
        psnr_db=_spread(found["psnr_db"]),
        ssim_range_255=_spread(found["ssim_range_255"]),
        ssim_range_1=_spread(found["ssim_range_1"]),
        psnr_db_expected=_spread(found["psnr_db_expected"]),
        differences={
            measure: _difference(found[measure], control[measure], drawn)
            for measure in MEASURES
        },
        p_holm={measure: p_holm[measure].get(method) for measure in MEASURES},
    )


def _scores(
    images: Images, *, reference: Images, expected: Images
) -> dict[str, Floats]:
    """Measure → (cases, slices)."""
    usual, other = structural_similarities(reference, images, data_ranges=[255, 1])
    return {
        "psnr_db": psnr_db(images, reference, data_range=255),
        "ssim_range_255": usual,
        "ssim_range_1": other,
        "psnr_db_expected": psnr_db(images, expected, data_range=255),
    }


def _spread(values: Floats) -> Spread:
    return Spread(float(values.mean()), float(values.std(ddof=1)))


def _difference(
    values: Floats, control: Floats, drawn: NDArray[np.int64]
) -> Difference:
    """A patient's slices go together: they are not independent."""
    of_patients = (values - control).mean(axis=1)
    means = of_patients[drawn].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return Difference(float(of_patients.mean()), float(low), float(high))


def _dunn(table: Floats, methods: list[str]) -> dict[str, float | None]:
    """Of every method but the control, over patients' means."""
    found = dunn_against_control(table, control=methods.index(CONTROL))
    return {methods[one.arm]: estimated(one.p_holm) for one in found}


def _friedman(table: Floats) -> dict[str, Any]:
    found = friedman(table)
    return {
        "methods": table.shape[1],
        "blocks": found.blocks,
        "statistic": estimated(found.statistic),
        "degrees_of_freedom": found.degrees_of_freedom,
        "p": estimated(found.p),
        "concordance": estimated(found.concordance),
    }


def markdown(comparison: Comparison, *, titles: Mapping[str, str]) -> str:
    """The table of docs/networks.md. titles: method → how it is called there."""
    head = (
        "method",
        "recipe",
        "PSNR, dB",
        "published PSNR",
        "minus U-Net(L4), dB",
        "p (Holm)",
        "SSIM, range 255",
        "SSIM, range 1",
        "published SSIM",
        "PSNR without noise, dB",
    )
    lines = [head, ("---",) * len(head)]
    lines += [
        _cells(row, titles.get(row.method, row.method)) for row in comparison.rows
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cells(row: Row, title: str) -> tuple[str, ...]:
    published = PUBLISHED.get(row.method)
    difference, p = row.differences["psnr_db"], row.p_holm["psnr_db"]
    away = f"{difference.mean:+.2f} ({difference.low:+.2f} to {difference.high:+.2f})"
    return (
        title,
        row.recipe,
        _plus_minus(row.psnr_db, 2),
        _plus_minus(Spread(*published[:2]), 2) if published else "",
        "" if row.method == CONTROL else away.replace("-", "−"),
        "" if p is None else f"{p:.3f}" if p >= 0.001 else "< 0.001",
        _plus_minus(row.ssim_range_255, 4),
        _plus_minus(row.ssim_range_1, 4),
        _plus_minus(Spread(*published[2:]), 4) if published else "",
        _plus_minus(row.psnr_db_expected, 2),
    )


def _plus_minus(spread: Spread, digits: int) -> str:
    return f"{spread.mean:.{digits}f} ± {spread.sd:.{digits}f}"
