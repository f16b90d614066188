"""Of which arms a report would have no stability, were the study unblinded now."""

from dataclasses import dataclass

from readerstudy.cases.models import Series
from readerstudy.cases.selectors.stability import stabilities_of, stability_is_current

from ..models import Arm, Study


@dataclass(frozen=True)
class Unmeasured:
    """missing: the suite has not looked at them, or has not come to an end. outdated:
    their images have been changed since. others: arms of which it has."""

    missing: tuple[Arm, ...]
    outdated: tuple[Arm, ...]
    others: int


def arms_unmeasured(study: Study) -> Unmeasured | None:
    """None where nothing is lacking. A reference is what others are held against."""
    arms = [one for one in study.arms.all() if one.method != Series.Role.REFERENCE]
    known = stabilities_of(study.cohort, [one.method for one in arms])
    missing = tuple(one for one in arms if one.method not in known)
    there = [one for one in arms if one.method in known]
    outdated = tuple(
        one for one in there if not stability_is_current(known[one.method])
    )
    if not missing and not outdated:
        return None
    return Unmeasured(missing, outdated, others=len(there) - len(outdated))
