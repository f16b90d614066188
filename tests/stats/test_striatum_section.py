"""The report on the striatum, of arms whose faults are known."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from numpy.typing import NDArray
from PIL import Image

from readerstudy.cases import services as cases_services
from readerstudy.cases.models import Case, Cohort, Series
from readerstudy.imaging.preprocessing import to_eight_bit
from readerstudy.reading.models import Membership, Study
from stats.image_quality import striatal_regions
from stats.models import ImageQuality, Mask, StriatalUptake
from stats.outcomes import NotEstimable, Reason
from stats.reporting.building import report_build
from stats.reporting.images import CALCULATION
from stats.reporting.keeping import report_json
from stats.reporting.striatal_uptake import ArmUptake
from stats.reporting.striatum_section import Striatum
from stats.reporting.worst_cases import Criterion
from stats.services import image_quality_measure

from .conftest import lines
from .studies import make_study
from .test_striatal_uptake import example

Values = NDArray[np.float32]
Fault = Callable[[Values, int], Values]


def _suppressed(values: Values, number: int) -> Values:
    """The background at 80 %; of the third case at 60 %."""
    regions = striatal_regions(to_eight_bit(values))
    assert regions is not None
    share = 0.6 if number == 2 else 0.8
    return np.where(regions.background, share * values, values).astype(np.float32)


def _emphasised(values: Values, number: int) -> Values:
    """Both striata, with what lies around them, at 108 %."""
    regions = striatal_regions(to_eight_bit(values))
    assert regions is not None
    return np.where(regions.striatum, 1.08 * values, values).astype(np.float32)


def _mirrored(values: Values, number: int) -> Values:
    return np.ascontiguousarray(values[..., ::-1])


FAULTS: dict[str, Fault] = {
    "suppressed": _suppressed,
    "emphasised": _emphasised,
    "mirrored": _mirrored,
}
METHODS = ("reference", *FAULTS)
EXAMPLES = (0, 1, 4, 5)  # both normal, both reduced, one side each


def _save(case: Case, method: str, values: Values) -> None:
    cases_services.rendition_save(
        case=case, method=method, values=values, provenance={"made by": "tests"}
    )


@pytest.fixture
def faulty(db: None) -> Study:
    """Four simulated heads; every arm has one fault."""
    cohort = Cohort.objects.create(name="Faulty", simulated=True)
    for number, one in enumerate(EXAMPLES):
        case = Case.objects.create(
            cohort=cohort,
            code=f"C{number + 1:03}",
            patient_digest=f"faulty-{number}",
            central_slice=30,
        )
        values = (0.9 * example(one)).astype(np.float32)
        _save(case, "reference", values)
        for method, fault in FAULTS.items():
            _save(case, method, fault(values, number))
    return make_study(cohort, methods=METHODS, repeated="suppressed", readers=1)


@pytest.fixture
def section(faulty: Study) -> Striatum:
    assert image_quality_measure(study=faulty)
    return report_build(study=faulty).striatum


def arm(section: Striatum, code: str) -> ArmUptake:
    return next(one for one in section.uptakes if one.arm.code == code)


def mean_of(value: float | NotEstimable) -> float:
    assert not isinstance(value, NotEstimable)
    return value


def test_a_suppressed_background_is_found_and_nothing_else(section: Striatum) -> None:
    found = arm(section, "suppressed")
    assert found.suppression.patients == 4
    assert mean_of(found.suppression.mean) == pytest.approx(0.25, abs=0.005)
    assert mean_of(found.noise_ratio.mean) == pytest.approx(0.75, abs=0.03)
    assert mean_of(found.emphasis.mean) == pytest.approx(0, abs=1e-9)
    assert mean_of(found.both.bias) > 0.5  # against less background, more is bound


def test_an_emphasised_striatum_is_found_and_nothing_else(section: Striatum) -> None:
    found = arm(section, "emphasised")
    assert mean_of(found.emphasis.mean) == pytest.approx(0.08, abs=0.003)
    assert mean_of(found.suppression.mean) == pytest.approx(0, abs=1e-9)
    assert mean_of(found.noise_ratio.mean) == pytest.approx(1, abs=1e-9)
    assert mean_of(found.both.bias) > 0.2


def test_in_a_mirrored_arm_each_side_has_the_other_s_ratio(section: Striatum) -> None:
    found = {one.case: one.sides for one in arm(section, "mirrored").cases}
    for case, sides in (("C003", (-1, 1)), ("C004", (1, -1))):
        errors = [mean_of(side.error) for side in found[case]]
        assert list(np.sign(errors)) == list(sides)
        assert min(map(abs, errors)) > 2


def test_errors_stand_in_the_region_that_they_are_in(section: Striatum) -> None:
    quality = {one.arm.code: one.regions for one in section.quality}
    assert [one.mask for one in quality["suppressed"]] == list(Mask.values)
    crop, striatum, background = quality["suppressed"]
    assert striatum.mae.mean == 0
    assert striatum.psnr.mean == NotEstimable(Reason.IDENTICAL_IMAGES)
    assert background.mae.n == crop.mae.n == 4
    assert mean_of(background.mae.mean) > 5 * mean_of(crop.mae.mean) > 0
    assert mean_of(background.nrmse.mean) == pytest.approx(0.25, abs=0.02)
    _, striatum, background = quality["emphasised"]
    assert background.mae.mean == 0
    assert mean_of(striatum.nrmse.mean) > 0.08


def test_the_worst_cases_are_those_that_were_made_worst(section: Striatum) -> None:
    first = {
        (one.criterion, one.arm.code): one for one in section.worst if one.rank == 1
    }
    worst = first[Criterion.SUPPRESSION, "suppressed"]
    assert (worst.case, worst.patient) == ("C003", "P03")
    assert worst.value == pytest.approx(0.4, abs=0.005)
    of_sides = first[Criterion.BINDING, "mirrored"]
    assert of_sides.case in ("C003", "C004")
    assert of_sides.side in ("right", "left")
    for criterion, arms in section.by_criterion:
        assert len(arms) == 3, criterion
        for ranked in arms:
            assert [one.rank for one in ranked] == list(range(1, len(ranked) + 1))
            assert len({(one.arm, one.criterion) for one in ranked}) == 1
        cases = [ranked[0] for ranked in arms]
        values = [one.value for one in cases]
        if criterion is Criterion.PSNR:
            assert values == sorted(values)
        if criterion is Criterion.SUPPRESSION:
            assert values == sorted(values, reverse=True)
            assert cases[0].arm.code == "suppressed"


def test_the_reference_is_compared_with_no_other_than_the_arms(
    section: Striatum, faulty: Study
) -> None:
    assert [one.arm.code for one in section.uptakes] == list(FAULTS)
    assert {one.arm.code for one in section.worst} == set(FAULTS)
    same = [
        one
        for one in ImageQuality.objects.filter(calculation=CALCULATION)
        if one.reference_sha256 == one.rendition_sha256
    ]
    assert not same
    # its own uptake is what the others are measured against, once a case
    assert StriatalUptake.objects.count() == 4 * 4


def test_a_case_without_a_whole_brain_is_in_the_whole_image_only(
    faulty: Study,
) -> None:
    case = faulty.cohort.cases.get(code="C002")
    for method in METHODS:
        cases_services.rendition_save(
            case=case,
            method=method,
            values=np.full((5, 64, 64), 0.5, np.float32),
            provenance={"made by": "tests"},
        )
    assert image_quality_measure(study=faulty)
    section = report_build(study=faulty).striatum
    assert section.without_regions == ("C002",)
    assert [one.case for one in arm(section, "emphasised").cases] == [
        "C001",
        "C003",
        "C004",
    ]
    crop, striatum, _ = section.quality[0].regions
    assert (crop.ssim.n, striatum.ssim.n) == (4, 3)


def test_a_ct_shows_no_binding_and_has_no_regions(faulty: Study) -> None:
    for case in faulty.cohort.cases.all():
        Series.objects.create(
            case=case,
            role=Series.Role.REFERENCE,
            modality="CT",
            slices=70,
            rows=128,
            columns=128,
            slice_spacing_mm=3.29,
            row_spacing_mm=3.29,
            column_spacing_mm=3.29,
            total_counts=1.0,
            instance_digest=case.code,
        )
    assert image_quality_measure(study=faulty)
    section = report_build(study=faulty).striatum
    assert not section.measured
    assert section.quality[0].regions[0].ssim.n == 4
    assert section.uptakes[0].suppression.mean == NotEstimable(Reason.NO_BRAIN)
    assert image_quality_measure(study=faulty)  # there is nothing left to do


def test_the_section_comes_back_from_json(faulty: Study, section: Striatum) -> None:
    assert report_json(report_build(study=faulty))


@pytest.fixture
def analyst(client: Client, faulty: Study) -> Client:
    user = User.objects.create_user("analyst", password="correct horse battery")
    Membership.objects.create(
        study=faulty, user=user, role=Membership.Role.STATISTICIAN
    )
    client.force_login(user)
    return client


def test_the_files_say_the_same_as_the_page(
    faulty: Study, section: Striatum, tmp_path: Path
) -> None:
    call_command("export_study", faulty.slug, out=tmp_path / "out")
    folder = tmp_path / "out"
    regions = lines(folder / "image_quality_regions.csv")
    assert len(regions) == 3 * 4 * 5 * 3  # arms, cases, slices, masks
    crops = [one for one in regions if one["mask"] == "crop"]
    plain = lines(folder / "image_quality.csv")
    for one, other in zip(crops, plain, strict=True):
        for name in ("case", "arm", "slice", "psnr_range_255", "ssim_range_1"):
            assert one[name] == other[name]
    sides = lines(folder / "striatal_binding.csv")
    assert len(sides) == 3 * 4 * 2
    for line in sides:
        error = float(line["sbr"]) - float(line["sbr_reference"])
        assert float(line["error"]) == pytest.approx(error, abs=1e-12)
    summary = lines(folder / "uptake_summary.csv")
    assert float(summary[0]["mean"]) == section.uptakes[0].suppression.mean
    agreement = lines(folder / "binding_agreement.csv")
    assert float(agreement[0]["bias"]) == section.uptakes[0].both.bias
    assert len(lines(folder / "worst_cases.csv")) == len(section.worst)


def test_the_page_says_what_every_number_is_of(
    faulty: Study, section: Striatum, analyst: Client
) -> None:
    from django.template.loader import render_to_string

    report = report_build(study=faulty)
    page = render_to_string(
        "stats/_striatum.html", {"striatum": report.striatum, "report": report}
    )
    text = " ".join(page.split())
    assert "so not the number in the cohort's table" in text
    assert "+25.0 %" in text or "+24.9 %" in text or "+25.1 %" in text
    assert "grey levels 0 to 255" in text
    assert text.count("<img") == 48  # three arms, four criteria, four cases
    assert "/studies/read-study/report/images/suppressed/C003.png" in text


def test_a_picture_has_the_reference_above_and_the_arm_below(
    faulty: Study, analyst: Client
) -> None:
    response = analyst.get("/studies/read-study/report/images/mirrored/C003.png")
    assert response["Content-Type"] == "image/png"
    picture = np.asarray(Image.open(BytesIO(response.content)).convert("L"), float)
    assert picture.shape == (2 * 64 * 3, 3 * 64 * 3)
    above, below = np.split(picture, 2)
    middle = slice(64 * 3, 2 * 64 * 3)
    assert np.abs(above[:, middle] - below[:, middle][:, ::-1]).mean() < 1
    assert np.abs(above[:, middle] - below[:, middle]).mean() > 3


@pytest.mark.parametrize("path", ["mirrored/C999", "nothing/C003"])
def test_there_is_no_picture_of_what_the_study_does_not_have(
    faulty: Study, analyst: Client, path: str
) -> None:
    assert analyst.get(f"/studies/read-study/report/images/{path}.png").status_code == (
        404
    )


def test_there_is_no_picture_before_unblinding(faulty: Study, analyst: Client) -> None:
    Study.objects.filter(pk=faulty.pk).update(state=Study.State.CLOSED)
    response = analyst.get("/studies/read-study/report/images/mirrored/C003.png")
    assert response.status_code in (404, 409)
    assert "image/png" not in response["Content-Type"]
