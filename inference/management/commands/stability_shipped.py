"""`manage.py stability_shipped`: the suite of what is shipped, on the simulated cohort.

docs/stability-results.json is its output. No database is needed.
"""

import json
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.core.management.base import BaseCommand
from numpy.typing import NDArray

from inference import registry, stability

UNTOUCHED = "short"  # the input itself: what an arm that does nothing looks like


class Command(BaseCommand):
    help = (
        "Run the stability suite of filters and shipped networks over the simulated "
        "test cases, and write every measure into a JSON file. Methods that are in it "
        "already are left as they are."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("methods", nargs="+", help=f"keys, or {UNTOUCHED}")
        parser.add_argument("--out", type=Path, required=True)
        parser.add_argument("--folder", type=Path, help="of simulated pairs, kept")
        parser.add_argument(
            "--rescans", type=int, default=6, help="cases whose counts are looked at"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        out, folder = options["out"], options["folder"]
        folder = folder or Path(settings.VAR_DIR) / "simulated"
        found = json.loads(out.read_text()) if out.exists() else {}
        cases = rescans = None
        for method in options["methods"]:
            if method in found.get("methods", {}):
                continue
            if cases is None or rescans is None:
                cases = _cases(folder)
                rescans = _measured(cases[: options["rescans"]])
            found.setdefault("suite", stability.SUITE)
            found.setdefault("settings", stability.Settings().to_json())
            arm = self._measure(method, cases, rescans)
            found.setdefault("methods", {})[method] = arm
            out.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")

    def _measure(
        self,
        method: str,
        cases: Sequence[stability.CaseImages],
        rescans: Sequence[stability.Rescans],
    ) -> dict[str, Any]:
        usual = stability.Settings()
        findings = []
        with _opened(method) as run:
            for number, case in enumerate(cases):
                again = rescans[number] if number < len(rescans) else None
                findings.append(
                    stability.measure_case(case, run=run, settings=usual, rescans=again)
                )
                self.stderr.write(f"{method}: {number + 1} of {len(cases)}")
        arm = stability.measure_arm(findings, settings=usual)
        return {
            "measures": {key: each.to_json() for key, each in arm.measures.items()},
            "dose": list(arm.series["dose"]),
            "grades": list(arm.series["grades"]),
        }


def _cases(folder: Path) -> list[stability.CaseImages]:
    """The simulated test cases: nothing was learned from them or chosen by them."""
    from inference.building import Split
    from inference.simulated_pairs import simulated_pairs
    from readerstudy.imaging.preprocessing import PIXEL_MM
    from readerstudy.simulation.patient import SIDES, draw_patient

    split = Split()
    indices = split.test_indices
    pairs = simulated_pairs(seed=split.seed, indices=indices, folder=folder)
    found = []
    for place, index in enumerate(indices):
        patient = draw_patient(seed=split.seed, index=index)
        right, left = (patient.side(side).grade for side in SIDES)
        found.append(
            stability.CaseImages(
                code=f"{index:04}",
                patient=f"{index:04}",
                reference=pairs.reference[place].astype(np.float32) / 255,
                short=pairs.short[place].astype(np.float32) / 255,
                output=None,
                spacing_mm=(PIXEL_MM,) * 3,
                grades=(right, left),
            )
        )
    return found


def _measured(cases: Sequence[stability.CaseImages]) -> list[stability.Rescans]:
    """What the camera counted of these, and nothing else: the noise of all cases is
    drawn alike."""
    from inference.building import Split
    from readerstudy.imaging.preprocessing import SEARCH_RADIUS_MM, find_central_slice
    from readerstudy.simulation.replicates import scan_again
    from readerstudy.simulation.scanning import simulate_pair

    seed, found = Split().seed, []
    for case in cases:
        pair = simulate_pair(seed=seed, index=int(case.code))
        central = find_central_slice(pair.reference, search_radius_mm=SEARCH_RADIUS_MM)
        again = scan_again(
            seed=seed, index=int(case.code), central_slice=central, repeats=0
        )
        none = np.empty((0, *case.short.shape), np.float32)
        found.append(stability.Rescans(none, deviance=again.measured.deviance))
    return found


@contextmanager
def _opened(method: str) -> Iterator[stability.Run]:
    from inference import runtime
    from inference.exports import exports_folder
    from inference.filters import FILTERS
    from inference.services.weights import SHIPPED
    from readerstudy.imaging.preprocessing import to_eight_bit

    if method == UNTOUCHED:
        yield lambda stacks: stacks
    elif method in FILTERS:
        one = partial(FILTERS[method], **registry.METHODS[method].settings)
        yield lambda stacks: np.stack([one(each) for each in to_eight_bit(stacks)])
    else:
        path = SHIPPED / f"{method}.safetensors"
        file = runtime.NetworkFile("safetensors", path.read_bytes(), path.name)
        prepared = runtime.prepare(file, cache=exports_folder())
        with runtime.open_session(prepared) as session:
            yield _of_session(session.predict)


def _of_session(
    predict: Callable[[NDArray[np.uint8]], NDArray[np.float32]],
) -> stability.Run:
    from readerstudy.imaging.preprocessing import to_eight_bit

    return lambda stacks: predict(to_eight_bit(stacks))
