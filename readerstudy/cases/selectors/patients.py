"""Whose examinations cases are, where a patient may bear two ids."""

from collections import defaultdict
from collections.abc import Iterable

from ..digests import patients_among
from ..models import Case


def patients_of(cases: Iterable[Case]) -> dict[int, str]:
    """case pk → its patient: a keyed digest, the same for all cases of one patient."""
    return patients_among({case.pk: case.patient_digests for case in cases})


def digests_of(cases: Iterable[Case]) -> dict[int, tuple[str, ...]]:
    """case pk → digests of every id of its patient, also of those that only another of
    these cases bears."""
    cases = list(cases)
    patients = patients_of(cases)
    ids: dict[str, set[str]] = defaultdict(set)
    for case in cases:
        ids[patients[case.pk]].update(case.patient_digests)
    return {pk: tuple(sorted(ids[patient])) for pk, patient in patients.items()}
