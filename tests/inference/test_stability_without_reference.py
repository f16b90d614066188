"""The suite where a case has no reference: what needs none is told, nothing else."""

from dataclasses import replace

import numpy as np
import pytest
from django.urls import reverse
from scipy import ndimage

from inference import services, stability
from inference.models import StabilityRun
from inference.stability import CaseImages, Settings
from readerstudy.cases.models import Rendition, Series, Stability
from readerstudy.cases.selectors.stability import stability_is_current
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.stability_measures import MEASURES, NO_REFERENCE
from tests.factory import head_image, make_stack_cohort

from .conftest import request, run

TOLD = {
    "gain-adversarial",
    "shift-error",
    "rotation-error",
    "mirror-error",
    "idempotence-change",
    "insert-shown",
    "deficit-shown",
}
SHAPE = (3, 48, 48)


def soften(stacks: np.ndarray) -> np.ndarray:
    return ndimage.gaussian_filter(stacks, (0, 0, 1, 1)).astype(np.float32)


def case(referenced: bool = False, **more) -> CaseImages:
    short = head_image(1, 2, SHAPE).astype(np.float32)
    return CaseImages(
        code="H001",
        patient="p",
        reference=more.pop("reference", short),
        short=short,
        output=soften(short[None])[0],
        spacing_mm=(5.0, 2.5, 2.5),
        window=(-1024.0, 3071.0),
        relative=False,
        striatal=False,
        short_share=None,
        referenced=referenced,
    )


def test_what_needs_no_reference_is_measured_and_the_rest_says_why_not():
    found = stability.measure_case(case(), run=soften, settings=Settings(repeats=2))
    assert set(found.numbers) == TOLD
    assert found.maps == {}
    for key, measure in MEASURES.items():
        if key in TOLD or measure.of_arm or measure.needs_striatum:
            continue
        assert found.reasons[key] == (
            "The projections of the short scan are not known."
            if key == "data-deviance"
            else NO_REFERENCE
        )
    arm = stability.measure_arm([found], settings=Settings())
    assert arm.measures["dose-break"].reason == NO_REFERENCE
    assert arm.measures["hallucination-cases"].reason == NO_REFERENCE
    assert arm.measures["mirror-error"].value == found.numbers["mirror-error"]


def test_whatever_lies_in_place_of_the_reference_changes_no_number():
    other = np.zeros(SHAPE, np.float32)
    one, another = (
        stability.measure_case(each, run=soften, settings=Settings(repeats=2))
        for each in (case(), case(reference=other))
    )
    assert one.numbers == another.numbers


def test_an_input_that_shows_nothing_is_refused_by_its_own_name():
    empty = replace(case(), short=np.full(SHAPE, -1000.0, np.float32))
    with pytest.raises(Refused, match="The input is empty"):
        stability.measure_case(empty, run=soften, settings=Settings())


def test_images_alone_without_a_reference_tell_nothing():
    found = stability.measure_case(case(), run=None, settings=Settings())
    assert found.numbers == {}
    assert found.reasons["laterality"] == NO_REFERENCE


@pytest.mark.django_db
@pytest.mark.usefixtures("own_storage")
def test_filters_and_the_suite_run_on_a_cohort_without_reference(coordinator, client):
    cohort = make_stack_cohort(
        cases_wanted=2, coordinators=[coordinator], methods=("short",)
    )
    Series.objects.filter(role=Series.Role.REFERENCE).delete()
    run(request(cohort))
    assert Rendition.objects.filter(method="gaussian").count() == 2
    row = services.stability_request(cohort=cohort, method="gaussian", call=False)
    services.stability_run(run_id=row.pk)
    row.refresh_from_db()
    assert (row.state, row.done) == (StabilityRun.State.DONE, 2)
    found = Stability.objects.get()
    assert stability_is_current(found)
    told = {key for key, one in found.measures.items() if one["value"] is not None}
    assert told == TOLD
    client.force_login(coordinator)
    page = client.get(
        reverse("inference:stability-detail", args=[cohort.pk, "gaussian"])
    ).content.decode()
    assert "There is no reference." in page
    assert "Where a case has no reference" in page
