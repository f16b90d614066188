"""Whom the weights of a network learned from, and whom they were chosen by.

The card of the weights says it in one of two ways: `data.patients` holds the keyed
digests of patients, as the CSV of a cohort has them, under `training` and
`validation`; or the cases were simulated, of `data.simulation_seed` and from the
first to the last number that `data.split` gives for each part.
"""

from collections.abc import Mapping
from typing import Any

from readerstudy.cases.digests import patient_digest
from readerstudy.cases.learning import Learned
from readerstudy.simulation.patient import draw_patient

PARTS = (Learned.VALIDATION, Learned.TRAINING)  # the worse one last: it stands


class Known:
    """The patients whom some weights know, as their card tells it."""

    _of: dict[str, Learned] | None

    def __init__(self, card: Mapping[str, Any]) -> None:
        try:
            self._of = {
                digest: part
                for part in PARTS
                for digest in _digests(card["data"], part)
            }
        except (KeyError, TypeError, ValueError):  # an older card, or a poor one
            self._of = None

    def learned(self, *patient: str) -> Learned:
        """What a patient was to the weights. patient: digests of every id; where they
        know several, the worse one stands."""
        if self._of is None:
            return Learned.UNKNOWN
        found = {self._of[digest] for digest in patient if digest in self._of}
        return next((part for part in reversed(PARTS) if part in found), Learned.NOT)


def _digests(data: Mapping[str, Any], part: str) -> list[str]:
    if "patients" in data:
        return list(data["patients"][part])
    first, last = data["split"][part]["cases"]
    seed = data["simulation_seed"]
    return [
        patient_digest(draw_patient(seed=seed, index=index).patient_id)
        for index in range(first, last + 1)
    ]
