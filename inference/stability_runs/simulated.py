"""What is known of simulated patients: their grades, and how they would look again."""

from collections.abc import Sequence

from inference.stability import Rescans, Settings
from readerstudy.cases.digests import patient_digest
from readerstudy.cases.models import Case
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop
from readerstudy.simulation.patient import SIDES, Patient, draw_patient

MOST = 1000  # patients of a seed that are looked through
NOT_OF_SEED = gettext_noop(
    "No case of the cohort was simulated by the seed %(seed)s; nothing was done."
)


class SimulatedPatients:
    """Those of the cases that were simulated by a seed, by case code."""

    def __init__(self, cases: Sequence[Case], *, seed: int) -> None:
        wanted = {digest: one for one in cases for digest in one.patient_digests}
        self._of: dict[str, Patient] = {}
        for index in range(MOST):
            patient = draw_patient(seed=seed, index=index)
            if case := wanted.get(patient_digest(patient.patient_id)):
                self._of[case.code] = patient
            if len(self._of) == len(cases):
                break
        if not self._of:
            raise Refused(NOT_OF_SEED % {"seed": seed})

    def grades(self, case: Case) -> dict[str, int]:
        """Of each side; empty for a case of another origin."""
        patient = self._of.get(case.code)
        return {side: patient.side(side).grade for side in SIDES} if patient else {}

    def rescans(self, case: Case, settings: Settings) -> Rescans | None:
        """The patient scanned again: some seconds of a processor, and torch."""
        from inference.stability.rescanning import rescan

        patient = self._of.get(case.code)
        if patient is None:
            return None
        return rescan(
            seed=patient.seed,
            index=patient.index,
            central_slice=case.central_slice,
            settings=settings,
        )
