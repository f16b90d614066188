"""What people write for readers must not tell them an arm or a case."""

import re

from readerstudy.cases.models import Case

from ..models import Arm, Study

# a shorter number is a case's code as often as a number of reads or days
SHORTEST_NUMBER = 4


def word_that_unblinds(study: Study, text: str) -> str:
    """The first arm or case of the study that `text` names, as a word; empty: none."""
    said = text.casefold()
    return next((word for word in _names(study) if _is_said(word, said)), "")


def _names(study: Study) -> list[str]:
    arms = Arm.objects.filter(study=study).values_list("title", "code", "method")
    cases = Case.objects.filter(cohort=study.cohort_id).values_list("code", flat=True)
    names = [name for arm in arms for name in arm]
    names += [c for c in cases if not c.isdecimal() or len(c) >= SHORTEST_NUMBER]
    return names


def _is_said(name: str, said: str) -> bool:
    """As a word of its own; letters that need no spaces between words may touch it."""
    apart = rf"(?<![a-z0-9]){re.escape(name.casefold())}(?![a-z0-9])"
    return re.search(apart, said) is not None
