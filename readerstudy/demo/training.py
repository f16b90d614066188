"""The demo's training set: a few of its cases, with the simulated truth as the key."""

from collections.abc import Sequence

from readerstudy.cases.digests import patient_digest
from readerstudy.cases.models import Cohort
from readerstudy.reading.services.settings import TrainingChoice
from readerstudy.simulation.patient import SIDES, draw_patient

WANTED = 3  # cases
METHODS = ("reference", "short")  # each case is trained on in both


def training_choose(*, cohort: Cohort, seed: int, left: int) -> list[TrainingChoice]:
    """Cases of as many grades as possible, if at least `left` others are left to read.

    seed: by which the cohort was simulated; its cases are known by their patients.
    """
    count = cohort.cases.count()
    if count < WANTED + left:
        return []
    codes = dict(cohort.cases.values_list("patient_digest", "code"))
    truths: dict[str, dict[str, int]] = {}
    for index in range(count):
        patient = draw_patient(seed=seed, index=index)
        code = codes.get(patient_digest(patient.patient_id))
        if code is not None:
            truths[code] = {side: patient.side(side).grade for side in SIDES}
    return [
        TrainingChoice(case=code, method=method, key={"grade": truths[code]})
        for code in _most_varied(truths)
        for method in METHODS
    ]


def _most_varied(truths: dict[str, dict[str, int]]) -> Sequence[str]:
    """Codes, each adding as many grades to those before as any can."""
    chosen: list[str] = []
    seen: set[int] = set()
    for _ in range(min(WANTED, len(truths))):
        best = max(
            (code for code in truths if code not in chosen),
            key=lambda code: len(set(truths[code].values()) - seen),
        )
        chosen.append(best)
        seen |= set(truths[best].values())
    return chosen
