"""Whose examinations cases are, where a patient may bear two ids."""

from collections.abc import Iterable

from ..digests import patients_among
from ..models import Case


def patients_of(cases: Iterable[Case]) -> dict[int, str]:
    """case pk → its patient: a keyed digest, the same for all cases of one patient."""
    return patients_among({case.pk: case.patient_digests for case in cases})
