"""What is measured while a cohort is imported: on the right side, at the right slice,
and nothing where nothing can be known."""

from dataclasses import replace

import numpy as np
import pytest

from readerstudy.cases import services
from readerstudy.cases.matching.pairing import propose
from readerstudy.cases.matching.planning import coded
from readerstudy.cases.models import Case, Series
from readerstudy.cases.plan import CohortPlan
from tests.imaging.test_striatal_binding import CENTRAL, plain_head

from .scans import LONG, SHORT, keep

pytestmark = pytest.mark.django_db


@pytest.fixture
def imported(tmp_path):
    """The case of two scans of a head with less bound on the patient's right."""

    def make(*, long=None, short=None) -> Case:
        counts = plain_head(right=3.0, left=6.0).counts
        found = [
            keep(tmp_path, replace(scan, **(changes or {})), counts * scale)
            for scan, scale, changes in (
                (LONG, np.float32(5), {"candidates": at(CENTRAL), **(long or {})}),
                (SHORT, np.float32(1), {"candidates": at(17), **(short or {})}),
            )
        ]
        proposal = propose(found, folder=tmp_path, resampling=True)
        plan = CohortPlan(tmp_path, coded(proposal.pairs), (), (), resampling=True)
        cohort = services.cohort_import(plan=plan, name="One", coordinators=[])
        return cohort.cases.get()

    return make


def at(slice_index: int) -> dict[str, int]:
    rules = set(Case.SliceRule.values) - {"person"}
    return dict.fromkeys(rules, slice_index)


def of(case: Case, name: str) -> dict[str, object]:
    return dict(Series.objects.filter(case=case).values_list("role", name))


def test_each_sides_binding_ratio_is_kept_under_its_own_name(imported):
    case = imported()
    for role in Series.Role.values:
        assert of(case, "binding_ratio_right")[role] == pytest.approx(3, rel=0.05)
        assert of(case, "binding_ratio_left")[role] == pytest.approx(6, rel=0.05)


def test_ct_shows_no_binding(imported):
    case = imported(long={"modality": "CT"}, short={"modality": "CT"})
    assert set(of(case, "binding_ratio_right").values()) == {None}


def test_both_images_show_the_slice_of_the_reference_scan(imported):
    case = imported()
    assert case.central_slice == CENTRAL
    assert case.slice_candidates == at(CENTRAL)
    shown = {
        one.method: one.provenance["central_slice"] for one in case.renditions.all()
    }
    assert shown == {"reference": CENTRAL, "short": CENTRAL}


@pytest.mark.parametrize("unknown", ["long", "short"])
def test_where_one_start_is_unknown_no_interval_is(imported, unknown):
    stated = {"acquired_at": "2024-02-29T10:15:00"}
    changes = {"long": dict(stated), "short": dict(stated)}
    changes[unknown]["acquired_at"] = ""
    assert set(of(imported(**changes), "started_after_s").values()) == {None}


def test_what_one_scan_does_not_say_of_the_patient_the_other_may(imported):
    case = imported(short={"age_years": 71, "sex": "F"})
    assert (case.age_years, case.sex) == (71, "F")


def test_age_and_sex_that_neither_says_stay_unknown(imported):
    case = imported()
    assert (case.age_years, case.sex) == (None, "")
