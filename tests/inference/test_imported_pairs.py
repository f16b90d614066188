"""What a network learns from is what it is given later, pixel by pixel."""

import numpy as np
import pytest

from inference.simulated_pairs import simulated_pairs
from readerstudy.cases.selectors import rendition_get, rendition_values
from readerstudy.cases.services import cohort_import, cohort_scan
from readerstudy.imaging.preprocessing import to_eight_bit
from readerstudy.simulation.cohort import write_cohort

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.sqlite]


def test_a_case_simulated_for_training_is_the_one_that_an_import_makes(
    tmp_path, coordinator
):
    write_cohort(tmp_path / "files", cases=1, seed=5)
    plan = cohort_scan(tmp_path / "files")
    cohort = cohort_import(
        plan=plan, name="Simulated", coordinators=[coordinator], simulated=True
    )
    (case,) = cohort.cases.all()
    learned = simulated_pairs(seed=5, indices=[0], folder=tmp_path)
    for method in ("reference", "short"):
        values = rendition_values(rendition_get(case=case, method=method))
        (found,) = getattr(learned, method)
        np.testing.assert_array_equal(found, to_eight_bit(values))
