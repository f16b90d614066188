"""A cohort into training, validation and test: by patient, drawn from a seed.

Patients are put in a circle in which those who are alike stand together (sex, third
of the ages, third of the binding ratios) and chance decides within and where to begin;
then the parts take them in turn, each part as often as its size wants. So every stretch
of the circle, and with it every group of alike patients, is divided as the whole is,
give or take two (Tijdeman 1980, doi:10.1016/0012-365X(80)90269-1).

The same codes, covariates, sizes and seed give the same division anywhere: chance is
SHA-256 of the seed and the code of the patient's first case.
"""

import hashlib
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop

PARTS = ("training", "validation", "test")
# Where dealing in turn would take a patient apart, other ways are tried.
ATTEMPTS = 200
COVARIATES = ("sex", "age", "binding_ratio")


@dataclass(frozen=True)
class Member:
    """A case as the division sees it.

    patient: the same for all cases of one patient; they never come apart.
    binding_ratio: of the reference scan, mean of the sides. None, "": not known.
    """

    code: str
    patient: str
    sex: str = ""
    age_years: int | None = None
    binding_ratio: float | None = None


@dataclass(frozen=True)
class Sizes:
    """How many cases each part gets."""

    training: int
    validation: int
    test: int

    @property
    def total(self) -> int:
        return self.training + self.validation + self.test


def divide(
    members: Sequence[Member], *, sizes: Sizes, seed: str, strata: Sequence[str] = ()
) -> dict[str, str]:
    """Code → part of every case. Refused where no way is found, never loosened.

    strata: which of COVARIATES the parts are to be alike in.
    """
    if unknown := sorted(set(strata) - set(COVARIATES)):
        raise ValueError(f"no such covariates: {unknown}")
    if min(sizes.training, sizes.validation, sizes.test) < 0:
        raise Refused(gettext_noop("A part cannot have fewer cases than none."))
    if sizes.total != len(members):
        raise Refused(
            gettext_noop(
                "The three parts have %(sum)s cases together, but the cohort has "
                "%(cases)s."
            )
            % {"sum": sizes.total, "cases": len(members)}
        )
    patients = _in_order(members, seed=seed, strata=strata)
    for attempt in range(ATTEMPTS):
        parts = _dealt(patients, sizes, seed=seed, attempt=attempt)
        if parts is not None:
            return {one.code: parts[one.code] for one in members}
    raise Refused(
        gettext_noop(
            "Parts of these sizes would take the cases of one patient apart. "
            "Choose other sizes."
        )
    )


def _dealt(
    patients: Sequence[Sequence[Member]], sizes: Sizes, *, seed: str, attempt: int
) -> dict[str, str] | None:
    """Code → part; None where the cases of a patient find no part with room for all.

    attempt: 0 deals the parts out in turn; in any other, chance alone says where
        patients with several cases go.
    """
    wanted = {part: getattr(sizes, part) for part in PARTS}
    given = dict.fromkeys(PARTS, 0)
    parts: dict[str, str] = {}
    for patient in patients:
        share = (len(parts) + len(patient)) / sizes.total
        room = [p for p in PARTS if given[p] + len(patient) <= wanted[p]]
        if not room:
            return None
        part = max(room, key=lambda p: wanted[p] * share - given[p])
        if attempt and len(patient) > 1:
            drawn = int(_chance(f"{seed}/{attempt}", patient[0].code), 16)
            part = room[drawn % len(room)]
        given[part] += len(patient)
        parts |= dict.fromkeys((one.code for one in patient), part)
    return parts


def _in_order(
    members: Sequence[Member], *, seed: str, strata: Sequence[str]
) -> list[list[Member]]:
    """The cases of each patient; those with several cases first, while all parts
    have room, then the alike together."""
    by_patient: dict[str, list[Member]] = defaultdict(list)
    for member in sorted(members, key=lambda one: one.code):
        by_patient[member.patient].append(member)
    patients = list(by_patient.values())
    firsts = [patient[0] for patient in patients]
    bands = {
        "sex": {one.code: one.sex for one in firsts},
        "age": _thirds({one.code: one.age_years for one in firsts}),
        "binding_ratio": _thirds({one.code: one.binding_ratio for one in firsts}),
    }

    def place(patient: list[Member]) -> tuple[object, ...]:
        code = patient[0].code
        alike = tuple(bands[name][code] for name in COVARIATES if name in strata)
        return (-len(patient), *alike, _chance(seed, code))

    several = [one for one in patients if len(one) > 1]
    single = sorted((one for one in patients if len(one) == 1), key=place)
    begin = int(_chance(seed, ""), 16) % max(len(single), 1)
    return [*sorted(several, key=place), *single[begin:], *single[:begin]]


def _thirds(values: dict[str, int | None] | dict[str, float | None]) -> dict[str, str]:
    """Code → band of equal size by rank, equal values together; "" unknown."""
    known = sorted(value for value in values.values() if value is not None)
    bands = {}
    for code, value in values.items():
        if value is None:
            bands[code] = ""
        else:
            bands[code] = str(3 * bisect_left(known, value) // len(known))
    return bands


def _chance(seed: str, code: str) -> str:
    return hashlib.sha256(f"{seed}/{code}".encode()).hexdigest()
