"""Cases without a reference: arms are compared with each other, and it is said why no
image is measured."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from inference import services as inference
from readerstudy.cases import services as cases
from readerstudy.cases.models import Cohort, Rendition, Series
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.study_types import IMAGE_TO_IMAGE
from readerstudy.reading import services as reading
from readerstudy.reading.models import Membership, Study
from readerstudy.reading.preflight.checks import preflight
from stats.figures.registry import figures
from stats.freezing import report_work
from stats.pdf.building import report_pdf
from stats.reporting.building import report_build
from stats.reporting.keeping import report_json, report_read
from stats.services import image_quality_measure
from tests.cases.stacks import body, noisy, write_ct
from tests.factory import make_stack_cohort, make_study, unblind
from tests.stability import save_stability

from .conftest import lines
from .stacks import Says, is_sure, make_heads, make_read_study, prefers, rates, trusts
from .stacks import truth as known
from .test_stack_export import _exported

KINDS: dict[str, Says] = {
    "image-quality": rates,
    "forced-choice": prefers,
    "finding-confidence": is_sure,
    "anatomical-fidelity": trusts,
}
NO_NUMBERS = "The cases of this study have no reference"


def forget_references(cohort: Cohort) -> Cohort:
    Series.objects.filter(case__cohort=cohort, role="reference").delete()
    Rendition.objects.filter(case__cohort=cohort, method="reference").delete()
    return cohort


@pytest.fixture
def heads(db: None) -> Cohort:
    return forget_references(make_heads())


def make_study_of(heads: Cohort, question_set: str, **more: object) -> Study:
    return make_read_study(
        heads,
        KINDS[question_set],
        question_set=question_set,
        pairs=question_set == "forced-choice",
        given=known(heads) if question_set == "finding-confidence" else (),
        methods=("short", "gaussian"),
        **more,
    )


@pytest.fixture
def shown(client: Client) -> Callable[[Study], str]:
    """The page of a report, as its statistician sees it."""

    def show(study: Study) -> str:
        user = User.objects.create_user("statistician")
        Membership.objects.create(study=study, user=user, role="statistician")
        client.force_login(user)
        assert report_work(study=study)
        response = client.get(f"/studies/{study.slug}/report/")
        assert response.status_code == 200
        return " ".join(response.content.decode().split())

    return show


@pytest.mark.parametrize("question_set", KINDS)
def test_what_readers_said_is_compared_between_the_arms(
    heads: Cohort, question_set: str
) -> None:
    study = make_study_of(heads, question_set)
    assert image_quality_measure(study=study), "there is nothing to measure"
    report = report_build(study=study)
    assert [one.code for one in report.unreferenced] == ["short", "gaussian"]
    assert report.reference.code == "short", "the first arm"
    assert (report.quality, report.control, report.images_missing) == ((), None, ())
    assert report_read(report_json(report)) == report
    found = figures(report)
    assert not {"psnr", "ssim", "mae", "example_worst"} & set(found)


def test_the_control_of_the_plan_is_what_the_others_are_compared_with(
    heads: Cohort, shown: Callable[[Study], str]
) -> None:
    study = make_study_of(heads, "image-quality", control="gaussian")
    report = report_build(study=study)
    assert report.reference.code == report.ratings.against.code == "gaussian"
    assert [one.arm.code for one in report.ratings.questions[0].graded] == ["short"]
    page = shown(study)
    assert "Ratings of image quality against “Arm gaussian”" in page
    assert "the control of the analysis plan" in page


def test_files_and_pdf_are_made_without_a_number_against_a_reference(
    heads: Cohort, tmp_path: Path, shown: Callable[[Study], str]
) -> None:
    study = make_study_of(heads, "anatomical-fidelity")
    save_stability(heads, "short")
    save_stability(heads, "gaussian")
    report = report_build(study=study)
    told = [one.arm.code for one in report.stability.arms]
    assert told == ["short", "gaussian"], "the first arm is looked at, too"
    folder = _exported(study, tmp_path)
    assert lines(folder / "stack_quality.csv") == []
    assert lines(folder / "stack_errors.csv") == []
    assert lines(folder / "fidelity.csv")
    shown(study)
    assert report_pdf(study.frozen_reports.get(), language="ja")[:4] == b"%PDF"


def test_a_study_of_a_cohort_that_was_imported_so_goes_to_its_report(
    db: None, tmp_path: Path, shown: Callable[[Study], str]
) -> None:
    for seed in range(3):
        patient = f"Patient-{seed}"
        stack = noisy(body(seed))
        write_ct(tmp_path / patient, stack, patient=patient, study=f"1.2.{seed}")
    plan = cases.cohort_scan(
        tmp_path, study_type=IMAGE_TO_IMAGE, without_reference=True
    )
    people = [User.objects.create_user(name) for name in ("coordinator", "reader")]
    cohort = cases.cohort_import(plan=plan, name="Alone", coordinators=people[:1])
    job = inference.job_request(cohort=cohort, method="gaussian")
    inference.job_run(job_id=job.pk)
    study = make_study(
        cohort,
        coordinator=people[0],
        readers=people[1:],
        methods=("short", "gaussian"),
        repeated="",
        sessions=1,
        question_set="image-quality",
    )
    (reader,) = study.memberships.filter(role=Membership.Role.READER)
    while (due := reading.read_next(reader=reader)).state == "read":
        good = 4 if due.read.arm.code == "gaussian" else 2
        asked = ("noise", "sharpness", "artefacts", "acceptability")
        answers = {key: {"image": good} for key in asked}
        token = due.read.token
        reading.read_submit(token=token, reader=reader, answers=answers, key=token)
    page = shown(unblind(study))
    assert NO_NUMBERS in page and "names no control" in page
    assert 'id="stacks"' not in page and "PSNR (" not in page
    assert "Image quality against" not in page
    assert "Ratings of image quality against “Arm short”" in page


def test_no_arm_can_be_the_reference_of_cases_that_have_none(
    db: None, client: Client
) -> None:
    coordinator, reader = map(User.objects.create_user, ("coordinator", "reader"))
    cohort = forget_references(
        make_stack_cohort(
            coordinators=[coordinator], cases_wanted=2, methods=("short", "gaussian")
        )
    )
    study = make_study(
        cohort,
        coordinator=coordinator,
        readers=[reader],
        methods=("short", "gaussian"),
        sessions=1,
        repeated="",
        question_set="image-quality",
        opened=False,
    )
    assert not [one for one in preflight(study) if "reference" in one.message]
    study.arms.filter(code="short").update(role="reference")
    assert "no arm can be it" in " ".join(one.message for one in preflight(study))
    with pytest.raises(Refused, match="no arm can be it"):
        reading.study_open(study=study, by=coordinator)
    study.arms.all().delete()
    assert "no two arms" in " ".join(one.message for one in preflight(study))
    coordinator.groups.add(Group.objects.get(name="coordinators"))
    client.force_login(coordinator)
    page = client.get(f"/studies/new/?cohort={cohort.pk}")
    assert "No arm is the reference" in page.content.decode()
