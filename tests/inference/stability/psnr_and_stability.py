"""PSNR of the shipped arms against what the stability suite says of them: `python -m
tests.inference.stability.psnr_and_stability docs/images/psnr-and-stability.png`.

Both from docs/: networks-results.json and stability-results.json, the 50 test cases.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[3] / "docs"
TITLES = {
    "short": "5 minutes",
    "gaussian": "Gaussian",
    "unet-l1": "U-Net(L1)",
    "vnet": "V-Net",
    "unet-l4": "U-Net(L4)",
}
PANELS = {
    "insert-shown": "contrast of a bright spot, %",
    "striatal-emphasis": "bias of the binding ratio, %",
    "severity-slope": "slope of that bias",
}
PERFECT = {"insert-shown": 100.0, "striatal-emphasis": 0.0, "severity-slope": 0.0}

ENDS = ("value", "low", "high")
LEFT = ("short", "vnet", "unet-l1")  # of whose point its name stands


@dataclass(frozen=True)
class Shown:
    """psnr: mean, dB. measures: key → value and the ends of its interval."""

    psnr: float
    measures: dict[str, tuple[float, float, float]]


def shown() -> dict[str, Shown]:
    rows = json.loads((DOCS / "networks-results.json").read_text())["rows"]
    means = {row["method"]: row["psnr_db"]["mean"] for row in rows}
    methods = json.loads((DOCS / "stability-results.json").read_text())["methods"]
    return {
        method: Shown(
            means[method],
            {
                key: tuple(methods[method]["measures"][key][end] for end in ENDS)
                for key in PANELS
            },
        )
        for method in TITLES
    }


def draw(path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 3, figsize=(12, 3.9), layout="constrained")
    for axis, (key, title) in zip(axes, PANELS.items(), strict=True):
        axis.axhline(PERFECT[key], color="0.6", linewidth=1, linestyle="--")
        for method, one in shown().items():
            value, low, high = one.measures[key]
            axis.plot([one.psnr] * 2, [low, high], color="0.4", linewidth=1.5)
            axis.plot(one.psnr, value, "o", color="0.1")
            axis.annotate(
                TITLES[method],
                (one.psnr, value),
                xytext=(-7 if method in LEFT else 7, 0),
                textcoords="offset points",
                ha="right" if method in LEFT else "left",
                va="center",
                fontsize=9,
            )
        axis.set_title(title, fontsize=11)
        axis.set_xlabel("mean PSNR, dB", fontsize=10)
        axis.margins(0.34, 0.1)
    figure.savefig(path, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
