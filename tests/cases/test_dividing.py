"""A coordinator divides a cohort on its page, until a study reads it; and measures."""

import random
from collections import Counter
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from readerstudy.audit.models import AuditEvent
from readerstudy.cases import services
from readerstudy.cases.models import Case, Cohort, Division, Series
from readerstudy.cases.splits import Sizes
from readerstudy.cases.storage.stored_files import npy_bytes, save_file
from readerstudy.imaging.errors import Refused
from tests.factory import make_cohort, make_study
from tests.imaging.test_striatal_binding import CENTRAL, plain_head

pytestmark = pytest.mark.django_db
SIZES = {"training": 3, "validation": 1, "test": 2}


@pytest.fixture
def cohort(coordinator) -> Cohort:
    return make_cohort(cases_wanted=6, coordinators=[coordinator])


def parts(cohort: Cohort) -> dict[str, str]:
    return dict(cohort.cases.values_list("code", "split"))


def divide(cohort: Cohort, seed: str = "a", **more: object) -> Division:
    return services.cohort_divide(
        cohort=cohort, sizes=Sizes(3, 1, 2), seed=seed, **more
    )


def test_the_form_divides_the_cohort_and_says_with_which_seed(browser, cohort):
    address = f"/cohorts/{cohort.pk}/divide/"
    page = browser.post(address, {**SIZES, "strata": ["sex"]}, follow=True)
    division = Division.objects.get(cohort=cohort)
    assert f"the seed is {division.seed}" in page.content.decode()
    assert Counter(parts(cohort).values()) == SIZES
    assert (division.training, division.validation, division.test) == (3, 1, 2)
    assert division.strata == ["sex"]
    assert division.made_by.username == "coordinator"
    event = AuditEvent.objects.get(action="cohort.divide")
    assert event.after == {**SIZES, "seed": division.seed, "strata": ["sex"]}


def test_the_form_offers_the_proportions_of_the_study(browser, coordinator):
    cohort = Cohort.objects.create(name="Whole")
    cohort.coordinators.add(coordinator)
    Case.objects.bulk_create(
        Case(cohort=cohort, code=str(n), patient_digest=str(n), central_slice=30)
        for n in range(207)
    )
    text = browser.get(f"/cohorts/{cohort.pk}/").content.decode()
    for name, value in (("training", 120), ("validation", 37), ("test", 50)):
        assert f'name="{name}" value="{value}"' in text


def test_the_same_seed_divides_alike_and_what_is_stored_can_be_drawn_again(cohort):
    divide(cohort)
    once = parts(cohort)
    divide(cohort, seed="b")
    division = Division.objects.get(cohort=cohort)
    assert division.seed == "b"
    divide(cohort, seed="a")
    assert parts(cohort) == once


def test_wrong_sizes_are_refused_on_the_page_and_change_nothing(browser, cohort):
    divide(cohort)
    before = parts(cohort)
    address = f"/cohorts/{cohort.pk}/divide/"
    page = browser.post(address, {**SIZES, "test": 3}).content.decode()
    assert "7 cases together, but the cohort has 6" in page
    page = browser.post(address, {**SIZES, "test": "-1"}).content.decode()
    assert "It must be at least 0." in page
    assert parts(cohort) == before


def test_cases_of_one_patient_stay_together(cohort):
    Case.objects.filter(code__in=["C001", "C004"]).update(patient_digest="the same")
    for seed in range(10):
        divide(cohort, seed=str(seed))
        found = parts(cohort)
        assert found["C001"] == found["C004"]


def test_a_cohort_that_a_study_reads_is_divided_no_more(
    browser, cohort, coordinator, other_coordinator
):
    divide(cohort)
    before = parts(cohort)
    make_study(cohort, coordinator=coordinator, readers=[other_coordinator])
    with pytest.raises(Refused, match="its division can no longer be changed"):
        divide(cohort, seed="b")
    page = browser.post(f"/cohorts/{cohort.pk}/divide/", SIZES).content.decode()
    assert "no longer be changed" in page
    assert parts(cohort) == before
    assert Division.objects.get(cohort=cohort).seed == "a"


def test_parts_are_alike_in_binding_ratios_where_that_is_asked_for(coordinator):
    cohort = make_cohort(cases_wanted=24, coordinators=[coordinator], methods=[])
    rng = random.Random(1)
    for case in cohort.cases.all():
        ratio = rng.choice([1.0, 5.0])
        case.series.filter(role="reference").update(
            binding_ratio_right=ratio, binding_ratio_left=ratio
        )
    services.cohort_divide(
        cohort=cohort, sizes=Sizes(12, 6, 6), strata=["binding_ratio"], seed="a"
    )
    low = Series.objects.filter(role="reference", binding_ratio_right=1.0)
    of_low = Counter(low.values_list("case__split", flat=True))
    share = len(low) / 24
    assert abs(of_low["test"] - 6 * share) <= 1
    assert abs(of_low["training"] - 12 * share) <= 2


def with_head(series: Series, right: float, left: float) -> None:
    head = plain_head(right=right, left=left)
    _storage, name = save_file(Series, "counts", npy_bytes(head.counts))
    Series.objects.filter(pk=series.pk).update(
        counts=name, binding_ratio_right=None, binding_ratio_left=None
    )
    Case.objects.filter(pk=series.case_id).update(central_slice=CENTRAL)


def ratios(code: str) -> tuple[float | None, float | None]:
    series = Series.objects.get(case__code=code, role="reference")
    return series.binding_ratio_right, series.binding_ratio_left


def test_cohorts_of_earlier_versions_are_measured_by_a_command(cohort):
    for series in Series.objects.all():
        with_head(series, right=2.0, left=4.0)
    Series.objects.filter(case__code="C001").update(binding_ratio_right=1.0)
    Series.objects.filter(case__code="C002").update(modality="CT")
    out = StringIO()
    call_command("measure_cohorts", stdout=out)
    assert f"Phantoms: {(6 - 2) * 2} scans measured" in out.getvalue()
    assert ratios("C003") == pytest.approx((2.0, 4.0), abs=0.01)
    assert ratios("C001") == (1.0, None)  # it has one already
    assert ratios("C002") == (None, None)
    call_command("measure_cohorts", "Phantoms", "--again", stdout=out)
    assert ratios("C001") == pytest.approx((2.0, 4.0), abs=0.01)


def test_the_command_names_scans_and_cohorts_that_are_not_there(cohort):
    err = StringIO()
    with pytest.raises(CommandError, match="could not be read"):
        call_command("measure_cohorts", stdout=StringIO(), stderr=err)
    assert "The stored scan (reference) of case C001 cannot be read." in err.getvalue()
    with pytest.raises(CommandError, match="no cohort named Nobodys"):
        call_command("measure_cohorts", "Nobodys")


def test_whole_numbers_on_disk_are_measured_like_others(cohort):
    case = cohort.cases.get(code="C001")
    head = plain_head(right=2.0, left=4.0)
    counts = np.rint(head.counts * 100).astype(np.uint16)
    _storage, name = save_file(Series, "counts", npy_bytes(counts))
    case.series.update(counts=name)
    Case.objects.filter(pk=case.pk).update(central_slice=CENTRAL)
    services.case_measure(case=case)
    assert ratios("C001") == pytest.approx((2.0, 4.0), abs=0.01)
