"""The parts, in order; see the package."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from .agreement import bootstrap, bootstrap_coverage
from .backing_up import backing_up
from .computing import simulation
from .exporting import export
from .freezing import freezing
from .growth import growth
from .importing import importing
from .intervals import arms_coverage, study_intervals
from .lines import ROOT, Line
from .load import load
from .networks import jobs, networks
from .opening import opening
from .painting import painting
from .planning import schedule
from .profile import embedded_profile
from .questions import questions
from .reading import reading
from .reporting import coverage, image_quality, report
from .reports import million
from .scale import scale
from .stability import stability
from .starting import start_up

Part = Callable[[], Iterator[Line]]

PARTS: dict[str, tuple[Part, ...]] = {
    "schedule": (schedule,),
    "start-up": (start_up,),
    "import": (importing,),
    "reading": (reading,),
    "painting": (painting,),
    "load": (load,),
    "growth": (growth,),
    "report": (opening, report, freezing),
    "export": (export,),
    "million": (million,),
    "scale": (scale,),
    "backup": (backing_up,),
    "simulation": (simulation,),
    "networks": (networks, jobs),
    "stability": (stability,),
    "image-quality": (image_quality,),
    "bootstrap": (bootstrap,),
    "coverage": (coverage, bootstrap_coverage, arms_coverage),
    "intervals": (study_intervals,),
    "questions": (questions,),
}
# Only by their names: they need servers, and a quarter of an hour.
ASKED_FOR = {"scale"}


def main(names: list[str]) -> None:
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        sys.exit(f"{unknown[0]} is not a part: {', '.join(PARTS)}")
    target = Path(os.environ.get("VAR_DIR", ROOT / "var")) / "bench.json"
    lines: list[Line] = []
    with embedded_profile():
        chosen = names or [name for name in PARTS if name not in ASKED_FOR]
        for part in [part for name in chosen for part in PARTS[name]]:
            for line in part():
                print(line, flush=True)
                lines.append(line)
    target.parent.mkdir(parents=True, exist_ok=True)
    rows = [{**asdict(line), "ratio": line.ratio} for line in lines]
    target.write_text(json.dumps(rows, indent=1))
    print(f"written to {target}")


main(sys.argv[1:])
