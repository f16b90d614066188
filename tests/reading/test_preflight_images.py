"""Nobody opens a study whose images are damaged or do not belong together."""

from collections.abc import Callable
from pathlib import Path

import pytest

from readerstudy.cases.models import Cohort, Rendition, Series
from readerstudy.imaging.errors import Refused
from readerstudy.reading import services
from readerstudy.reading.preflight.checks import Finding, preflight
from tests.factory import make_cohort


@pytest.fixture
def image(cast) -> Callable[[str, str], Rendition]:
    def find(code: str, method: str) -> Rendition:
        return Rendition.objects.get(
            case__cohort=cast.cohort, case__code=code, method=method
        )

    return find


def change_short_scans(cohort: Cohort, *codes: str, **values: object) -> None:
    scans = Series.objects.filter(case__cohort=cohort, role="short")
    scans.filter(case__code__in=codes).update(**values)


def test_a_damaged_image_and_a_lost_one_are_named_with_arm_and_case(
    make_draft, cast, image
):
    study = make_draft()
    Path(image("C002", "short").values.path).write_bytes(b"damaged")
    Path(image("C003", "short").values.path).unlink()
    Path(image("C001", "reference").values.path).unlink()
    Path(image("C001", "gaussian").values.path).unlink()  # no arm of this study
    assert preflight(study) == [
        Finding(
            "The arm “Reference” has a damaged or lost file for the image of 1 "
            "case: C001. Make it again or restore a backup.",
            "cohort",
        ),
        Finding(
            "The arm “Short” has damaged or lost files for the images of 2 cases: "
            "C002, C003. Make them again or restore a backup.",
            "cohort",
        ),
    ]
    with pytest.raises(Refused, match="C002, C003"):
        services.study_open(study=study, by=cast.coordinator)


def test_scans_of_other_geometry_are_named_with_their_case(make_draft, cast):
    study = make_draft()
    change_short_scans(cast.cohort, "C003", rows=64, slices=59)
    assert preflight(study) == [
        Finding(
            "Scans or images of 1 case cannot be compared. C003: The reference scan "
            "has 128×128 pixels a slice, the short one 128×64. The reference scan has "
            "60 slices, the short one 59.",
            "cohort",
        )
    ]
    with pytest.raises(Refused, match="59"):
        services.study_open(study=study, by=cast.coordinator)


def test_images_of_old_slices_are_found_in_the_studys_arms_only(make_draft, image):
    study = make_draft()
    for method in ("reference", "gaussian"):
        rendition = image("C002", method)
        rendition.provenance = {"central_slice": 29}
        rendition.save()
    (finding,) = preflight(study)
    assert "C002: The image “reference” shows slice 30" in finding.message
    assert "gaussian" not in finding.message


def test_of_many_cases_five_are_named(cast):
    cohort = make_cohort("Seven", cases_wanted=7, coordinators=[cast.coordinator])
    study = services.study_create(
        slug="seven", title="Seven", cohort=cohort, coordinator=cast.coordinator
    )
    services.arm_add(study=study, method="short", title="Short")
    for rendition in Rendition.objects.filter(case__cohort=cohort, method="short"):
        Path(rendition.values.path).unlink()
    Series.objects.filter(case__cohort=cohort, role="short").update(slices=61)
    said = [finding.message for finding in preflight(study)]
    (damage,) = [one for one in said if "damaged" in one]
    assert "of 7 cases: C001, C002, C003, C004, C005, …. Make" in damage
    (parity,) = [one for one in said if "compared" in one]
    assert "of 7 cases" in parity
    assert "C005:" in parity
    assert "C006" not in parity
    assert parity.endswith("61. …")


def test_a_case_that_is_not_read_may_be_damaged(make_draft, cast, image):
    for code, split in (("C001", "test"), ("C002", "test"), ("C003", "training")):
        cast.cohort.cases.filter(code=code).update(split=split)
    study = make_draft(case_split="test")
    Path(image("C003", "short").values.path).unlink()
    change_short_scans(cast.cohort, "C003", slices=61)
    assert preflight(study) == []
