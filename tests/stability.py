"""Results of the stability suite for tests, without a run of it."""

from collections.abc import Sequence

import numpy as np

from inference import stability
from inference.stability import (
    ArmFindings,
    CaseFindings,
    CaseImages,
    Finding,
    Settings,
)
from readerstudy.cases.models import Case, Cohort, Stability
from readerstudy.cases.selectors.stability import images_digest
from readerstudy.cases.services.stability import (
    NewStability,
    NewStabilityCase,
    stability_maps_store,
    stability_save,
)
from readerstudy.imaging.stability_measures import MEASURES

MAPS = ("sd", "hallucination", "omission", "displacement")
NO_METHOD = "the method cannot be run here"
WITHIN = {"most": 0.5, "least": 1.2, "within": 0.5}


def case_maps(shape: tuple[int, ...], *, peak: float) -> dict[str, np.ndarray]:
    """Each with one spot, in a slice of its own."""
    found = {}
    for place, name in enumerate(MAPS):
        values = np.full(shape, np.nan, np.float32)
        values[:, 20:44, 20:44] = 0.0
        values[place % len(values), 28:33, 36:41] = peak
        found[name] = values
    return found


def number(key: str, *, beyond: bool = False) -> float:
    """One that is within its usual limit, or beyond it."""
    measure = MEASURES[key]
    limit = measure.limit if measure.limit is not None else 1.0
    share = WITHIN[measure.side]
    return limit * ((2 - share) if beyond else share)


def save_stability(
    cohort: Cohort,
    method: str,
    *,
    beyond: Sequence[str] = (),
    unknown: Sequence[str] = ("data-deviance",),
    peak: float = 7.0,
) -> Stability:
    """As the suite would: every measure within its limit but those `beyond`."""
    codes = list(cohort.cases.order_by("code"))
    numbers = {
        key: None if key in unknown else number(key, beyond=key in beyond)
        for key in MEASURES
    }
    new = [
        NewStabilityCase(case, numbers, stability_maps_store(_maps(case, peak + n)))
        for n, case in enumerate(codes)
    ]
    return stability_save(
        cohort=cohort,
        method=method,
        found=NewStability(
            suite=stability.SUITE,
            settings={**Settings().to_json(), "simulation_seed": None},
            measures={
                key: _finding(value, len(codes)).to_json()
                for key, value in numbers.items()
            },
            series={
                "dose": [_dose(share) for share in (0.1, 0.2, 0.4, 0.7, 1.0)],
                "grades": [
                    {"grade": 1, "n": 4, "bias": 0.21, "low": 0.1, "high": 0.3},
                    {"grade": 4, "n": 6, "bias": -0.32, "low": -0.5, "high": -0.1},
                ],
                "severity": [
                    {
                        "case": case.code,
                        "side": side,
                        "reference": 2.0 + n,
                        "output": 1.8 + n,
                        "grade": None,
                    }
                    for n, case in enumerate(codes)
                    for side in ("right", "left")
                ],
                "worst": {key: [case.code for case in codes[:3]] for key in MEASURES},
                "slices": {},
                "failed": {},
            },
            images_sha256=images_digest([_hashes(case, method) for case in codes]),
            device="cpu",
            versions={"numpy": "2"},
            cases=new,
        ),
    )


def _maps(case: Case, peak: float) -> dict[str, np.ndarray]:
    return case_maps((5, 64, 64), peak=peak)


def _hashes(case: Case, method: str) -> tuple[str, str, str]:
    rows = dict(case.renditions.values_list("method", "sha256"))
    return rows.get("reference", ""), rows.get("short", ""), rows.get(method, "")


def _finding(value: float | None, n: int) -> Finding:
    if value is None:
        return Finding(None, reason=NO_METHOD)
    return Finding(value, value - 0.1, value + 0.1, n)


def _dose(share: float) -> dict[str, float]:
    output, input_ = 40 - 15 * share, 90 - 60 * share
    return {
        "dose": share,
        "output": output,
        "output_low": output - 3,
        "output_high": output + 3,
        "input": input_,
    }


class StandIn:
    """In place of the suite: tells which cases it was asked for, and asks the method
    for as much as two images. fails: codes of cases that it refuses."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.outputs: dict[str, np.ndarray] = {}
        self.images: dict[str, CaseImages] = {}
        self.before: list = []  # called with each code

    def measure_case(
        self, case, *, run, settings, rescans=None, alive=None
    ) -> CaseFindings:
        for call in self.before:
            call(case.code)
        self.asked.append(case.code)
        self.images[case.code] = case
        if run is not None:
            made = run(np.stack([case.short, case.reference]))
            self.outputs[case.code] = made[0]
        return CaseFindings(
            code=case.code,
            patient=case.patient,
            numbers={"laterality": 0.5} if run is None else {"mirror-error": 2.0},
            reasons={},
            details={"asked": float(len(self.asked))},
            maps=case_maps(case.reference.shape, peak=4.0),
        )

    def measure_arm(self, cases, *, settings) -> ArmFindings:
        return ArmFindings(
            measures={key: Finding(1.0, 0.5, 1.5, len(cases)) for key in MEASURES},
            series={"dose": [_dose(0.1), _dose(1.0)]},
            worst={"mirror-error": [case.code for case in cases][:3]},
        )
