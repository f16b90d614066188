"""What people may choose of a run of the stability suite, checked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from inference.stability import Settings
from readerstudy.cases.models import Cohort
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop
from readerstudy.imaging.study_types import study_type_get

SEED, RESCAN = "simulation_seed", "rescan"
UNKNOWN = gettext_noop("The suite has no setting “%(name)s”; there are %(names)s.")
NO_VALUE = gettext_noop("“%(value)s” is no value for the setting “%(name)s”.")
NOT_SIMULATED = gettext_noop(
    "“%(name)s” says how a cohort was simulated, and this one was not."
)
NO_SEED = gettext_noop("To scan patients again, “%(name)s” must be told.")
NO_RESCAN = gettext_noop("Only patients of simulated DaT-SPECT can be scanned again.")


@dataclass(frozen=True)
class Chosen:
    """simulation_seed: by which the cohort was simulated, so that grades are known.
    rescan: its patients are scanned again, some seconds a case; else, as of a cohort of
    people, the noise is modelled."""

    suite: Settings
    simulation_seed: int | None = None
    rescan: bool = False

    def to_json(self) -> dict[str, Any]:
        more = {SEED: self.simulation_seed, RESCAN: self.rescan}
        return {**self.suite.to_json(), **more}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Chosen":
        """What `to_json` gave, checked before."""
        own = (SEED, RESCAN)
        suite = {name: value for name, value in told.items() if name not in own}
        seed, rescan = told.get(SEED), bool(told.get(RESCAN))
        return cls(Settings.from_json(suite), seed, rescan)

    @classmethod
    def of_people(cls, told: Mapping[str, Any], *, cohort: Cohort) -> "Chosen":
        """Refused with the name of what cannot be."""
        for name, value in told.items():
            if name not in CHECKS:
                said = {"name": name, "names": ", ".join(CHECKS)}
                raise Refused(UNKNOWN % said)
            if not CHECKS[name](value):
                raise Refused(NO_VALUE % {"name": name, "value": str(value)[:50]})
        if told.get(SEED) is not None and not cohort.simulated:
            raise Refused(NOT_SIMULATED % {"name": SEED})
        if told.get(RESCAN) and told.get(SEED) is None:
            raise Refused(NO_SEED % {"name": SEED})
        if told.get(RESCAN) and study_type_get(cohort.study_type).is_stack:
            raise Refused(NO_RESCAN)
        return cls.from_json(told)


def _whole(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and low <= value <= high


def _number(low: float, high: float) -> Callable[[Any], bool]:
    """Above `low`, up to `high`."""
    return lambda value: type(value) in (int, float) and low < value <= high


def _doses(value: Any) -> bool:
    share = _number(0, 1)
    return (
        isinstance(value, list | tuple)
        and 2 <= len(value) <= 10
        and all(map(share, value))
        and list(value) == sorted(set(value))
    )


# Not what names of measures and pages tell, such as “by half a pixel” and “95 %”.
CHECKS: Mapping[str, Callable[[Any], bool]] = {
    "seed": _whole(0, 2**32 - 1),
    "repeats": _whole(10, 100),
    "random": _whole(1, 50),
    "probes": _whole(1, 200),
    "budget": _number(0, 1),
    "doses": _doses,
    "slices": _whole(1, 64),
    "smoothing_px": _number(0, 20),
    "beyond": _number(0, 20),
    RESCAN: lambda value: type(value) is bool,
    SEED: lambda value: value is None or _whole(0, 2**63 - 1)(value),
}
