"""Whom the weights of a network learned from, whom they were chosen by, and how the
images were that they were shown.

The card of the weights says it in one of two ways: `data.patients` holds the keyed
digests of patients, as the CSV of a cohort has them, under `training` and
`validation`; or the cases were simulated, of `data.simulation_seed` and from the
first to the last number that `data.split` gives for each part.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from readerstudy.cases.digests import patient_digest
from readerstudy.cases.learning import Learned
from readerstudy.simulation.patient import draw_patient

PARTS = (Learned.VALIDATION, Learned.TRAINING)  # the worse one last: it stands


@dataclass(frozen=True)
class Under:
    """How the images that weights learned from differed from those of their cohort, as
    a sweep wanted it; None where they did not.

    window: share of the range above which values are cut off. It is part of the
        network: whatever it is given is cut off likewise. count_fraction: of the
        input's counts. Nobody takes counts out of the image of a patient to be read, so
        here the network is given more than it has learned from.
    """

    window: float | None = None
    count_fraction: float | None = None

    @property
    def settings(self) -> dict[str, float]:
        """What decides an arm's images beside the network's own settings."""
        return {} if self.window is None else {"window": self.window}

    @property
    def words(self) -> list[str]:
        found = []
        if self.window is not None:
            share = f"{100 * self.window:g}"
            found.append(
                _(
                    "It learned from input images cut off at %(share)s %% of their "
                    "range, and is given every image so."
                )
                % {"share": share}
            )
        if self.count_fraction is not None:
            share = f"{100 * self.count_fraction:g}"
            found.append(
                _(
                    "It learned from input images of %(share)s %% of their counts, and "
                    "is given images with all of theirs: what it makes of them is not "
                    "what its sweep has measured."
                )
                % {"share": share}
            )
        return found


def learned_under(card: Mapping[str, Any]) -> Under:
    """As the card tells it; what is no share of anything is not told."""
    data = card.get("data")
    told = data.get("conditions") if isinstance(data, Mapping) else None
    given = told if isinstance(told, Mapping) else {}
    return Under(_share(given.get("window")), _share(given.get("count_fraction")))


def _share(value: Any) -> float | None:
    """None for the whole, too."""
    if type(value) not in (int, float) or not 0 < value < 1:
        return None
    return float(value)


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
