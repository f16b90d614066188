"""The report computes what the protocol said beforehand, and says when it did not."""

from pathlib import Path

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from readerstudy.imaging.errors import Refused
from readerstudy.reading.models import (
    IMAGE_METRICS,
    Amendment,
    Arm,
    Read,
    Score,
    Study,
)
from stats.agreement.kappa import WEIGHTINGS
from stats.outcomes import Interval, NotEstimable, Reason
from stats.reporting.analysis_plan import INTERVALS, METRICS, WEIGHTINGS_BY_NAME
from stats.reporting.building import report_build
from stats.services import image_quality_measure

from .conducted import PLAN, give_plan
from .conftest import freeze_again, lines
from .studies import OPENED
from .test_report import pairs

URL = "/studies/read-study/report/"


@pytest.fixture
def page_of(client: Client, statistician: User):
    client.force_login(statistician)

    def page(url: str = URL) -> str:
        freeze_again("read-study")
        response = client.get(url)
        assert response.status_code == 200, response.content.decode()
        return " ".join(response.content.decode().split())

    return page


def test_every_name_that_a_plan_may_hold_is_served() -> None:
    assert set(METRICS) == set(IMAGE_METRICS)
    assert set(WEIGHTINGS_BY_NAME) == set(Study.KappaWeights.values) == set(WEIGHTINGS)
    assert set(INTERVALS) == set(Study.KappaInterval.values)


def test_a_report_follows_the_plan(study: Study) -> None:
    from sklearn.metrics import cohen_kappa_score

    give_plan(study)
    image_quality_measure(study=study)
    report = report_build(study=study)
    assert report.control.code == "short"  # not unet, which is read twice
    assert report.control_is_planned
    assert [(t.metric.key, t.metric.data_range) for t in report.quality] == [
        ("ssim", 1),
        ("psnr", 255),
    ]
    first, second = pairs("A", "unet")
    assert report.kappa[1].readers[0].both.kappa == pytest.approx(
        cohen_kappa_score(first, second, labels=[1, 2, 3, 4], weights="linear")
    )
    assert report.intra_reader[0].both.weighting == "linear"


def test_the_primary_comparison_is_the_difference_of_mean_kappas(
    study: Study,
) -> None:
    give_plan(study)
    report = report_build(study=study)
    short, unet = report.kappa
    primary = report.primary
    assert (primary.primary.code, primary.control.code) == ("unet", "short")
    assert primary.margin == 0.1
    assert primary.same.difference.first == pytest.approx(unet.mean)
    assert primary.same.difference.difference == pytest.approx(unet.mean - short.mean)
    interval = primary.same.difference.interval
    assert isinstance(interval, Interval)
    assert interval.degrees_of_freedom == 5
    assert primary.same.is_not_inferior is bool(interval.low > -0.1)


def test_two_cases_of_one_patient_are_one_cluster_of_the_difference(
    study: Study,
) -> None:
    give_plan(study)
    first, second = study.cohort.cases.order_by("code")[:2]
    type(second).objects.filter(pk=second.pk).update(
        patient_digest=first.patient_digest
    )
    difference = report_build(study=study).primary.same.difference
    assert difference.patients == 5
    assert difference.interval.degrees_of_freedom == 4


def test_the_page_prints_the_plan_and_the_verdict(study: Study, page_of) -> None:
    give_plan(study, margin="1.9")
    page = page_of()
    assert "Table 2. Linearly weighted kappa against “Arm reference”" in page
    assert "Not inferior by the margin:" in page
    assert "−1.900" in page
    assert "No analysis plan in the protocol" not in page
    assert page.count('<small class="primary-mark">') == 2
    give_plan(study, margin="0")
    Score.objects.filter(answer__read__arm__code="unet", side="right").update(value=1)
    page = page_of()
    assert "Not shown:" in page
    assert "does not show that the arm is inferior" in page


def test_a_primary_comparison_that_cannot_be_made_says_why(
    study: Study, page_of
) -> None:
    give_plan(study)
    Score.objects.filter(
        answer__read__reader__code="B",
        answer__read__arm__code__in=["reference", "unet"],
    ).update(value=4)
    primary = report_build(study=study).primary
    nothing = NotEstimable(Reason.READER_MISSING)
    assert primary.same.difference.difference == primary.same.is_not_inferior == nothing
    page = page_of()
    assert "Not inferior by the margin:" not in page
    assert "Not shown:" not in page
    assert "it is not estimable for every reader" in page


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"primary_arm": ""}, ["the primary arm"]),
        ({"control_arm": "", "margin": None}, ["the control arm", "the margin"]),
        ({"primary_arm": "removed"}, ["the primary arm"]),
    ],
)
def test_what_a_plan_leaves_open_is_named_and_not_guessed(
    study: Study, page_of, changes: dict[str, object], missing: list[str]
) -> None:
    give_plan(study, **changes)
    assert report_build(study=study).primary.same is None
    page = page_of()
    for words in ("the primary arm", "the control arm", "the margin"):
        assert (f"<em>{words}</em>" in page) == (words in missing)


def test_a_protocol_from_before_plans_is_said_to_have_none(
    study: Study, page_of
) -> None:
    assert "analysis" not in study.protocol
    page = page_of()
    assert "No analysis plan in the protocol" in page
    assert "Table 2. Quadratic weighted kappa" in page
    assert "there is no primary comparison" not in page.lower()


def test_another_control_than_the_plan_s_is_said_to_be_another(
    study: Study, page_of
) -> None:
    give_plan(study)
    words = "This is not the analysis plan's control, which is “short”."
    assert words not in page_of()
    assert words in page_of(f"{URL}?control=unet")
    primary = report_build(study=study, control="unet").primary
    assert primary.control.code == "short"


def test_a_verdict_on_reads_that_are_not_all_there_says_so(
    study: Study, page_of
) -> None:
    give_plan(study, margin="1.9")
    said = "2 sides are missing: they were not read in all three."
    assert said not in page_of()
    of_a = Read.objects.filter(reader__code="A", arm__code="unet")
    of_a.filter(case__code="C001").update(submitted_at=None)
    page = page_of()
    assert "Not inferior by the margin:" in page
    assert said in page
    primary = report_build(study=study).primary
    assert primary.same.pairs == (34, 34)
    assert primary.own.pairs == (34, 36)
    assert primary.missing == 2
    assert "for comparison: each arm with all its sides" in page


def test_a_verdict_says_so_too_where_both_arms_lack_the_same(
    study: Study, page_of
) -> None:
    """Both arms' kappas are then of the same sides, but not of all."""
    give_plan(study, margin="1.9")
    of_a = Read.objects.filter(reader__code="A", case__code="C001", repeat=0)
    of_a.filter(arm__code="reference").update(submitted_at=None)
    primary = report_build(study=study).primary
    assert primary.own is None
    assert (primary.same.pairs, primary.missing) == ((34, 34), 2)
    assert "2 sides are missing: they were not read in all three." in page_of()


def test_a_verdict_keeps_silent_of_reads_that_it_is_not_of(
    study: Study, page_of
) -> None:
    give_plan(study, margin="1.9")
    again = Read.objects.filter(reader__code="A", case__code="C001", repeat=1)
    assert again.update(submitted_at=None) == 1
    assert report_build(study=study).primary.missing == 0
    assert "The verdict rests on the sides" not in page_of()


def amend_plan(study: Study, by: User, setting: str, key: str, *values: object) -> None:
    before, after = values
    Amendment.objects.create(
        study=study,
        number=study.amendments.count() + 1,
        reason="Said better.",
        changes={setting: [before, after]},
        protocol={**study.protocol, "analysis": {**PLAN, key: after}},
        protocol_sha256="ab" * 32,
        at=OPENED,
        by=by,
    )


def test_the_plan_is_the_last_amendment_s(study: Study, coordinator: User) -> None:
    give_plan(study)
    amend_plan(study, coordinator, "kappa_weights", "weights", "linear", "quadratic")
    assert report_build(study=study).plan.weighting == "quadratic"


CHANGED = "Not planned beforehand: amendment 1 changed the plan"
THIS_TABLE = "The plan of this table was amended after the study was opened."


def test_a_plan_changed_after_opening_is_said_where_its_numbers_stand(
    study: Study, coordinator: User, page_of, tmp_path: Path
) -> None:
    give_plan(study)
    assert CHANGED not in page_of()
    amend_plan(study, coordinator, "kappa_margin", "margin", "0.1", "0.9")
    page = page_of()
    assert CHANGED in page
    assert "(2026-03-02 09:00 UTC). <code>kappa_margin</code>: 0.1 → 0.9." in page
    assert THIS_TABLE not in page  # no table depends on the margin
    call_command("export_study", study.slug, out=tmp_path)
    assert "CHANGED after opening, by amendment 1" in (
        (tmp_path / "README.txt").read_text()
    )
    [line] = lines(tmp_path / "primary_comparison.csv")
    assert line["plan_amendments"] == "1"


def test_a_table_says_that_its_own_plan_was_changed(
    study: Study, coordinator: User, page_of
) -> None:
    give_plan(study)
    amend_plan(study, coordinator, "kappa_weights", "weights", "linear", "quadratic")
    assert page_of().count(THIS_TABLE) == 1
    amend_plan(study, coordinator, "control_arm", "control_arm", "short", "unet")
    assert page_of().count(THIS_TABLE) == 2


def test_an_amendment_of_conduct_is_no_change_of_plan(
    study: Study, coordinator: User, page_of
) -> None:
    give_plan(study)
    amend_plan(study, coordinator, "washout_days", "margin", 28, "0.1")
    assert CHANGED not in page_of()


def test_many_intervals_are_said_not_to_be_corrected(study: Study, page_of) -> None:
    page = page_of()
    assert "not corrected for how many arms and readers" in page
    image_quality_measure(study=study)
    assert "by Holm over the arms, not over the metrics" in page_of()


def test_a_plan_without_image_quality_leaves_its_table_out(
    study: Study, page_of
) -> None:
    give_plan(study, image_metrics=[])
    page = page_of()
    assert "Table 1." not in page
    assert "Table 2." in page


def test_a_name_that_cannot_be_computed_is_refused_in_words(study: Study) -> None:
    give_plan(study, image_metrics=["lpips"])
    with pytest.raises(Refused, match="asks for “lpips”, which cannot be computed"):
        report_build(study=study)


def test_the_control_may_be_the_reference_by_mistake(study: Study) -> None:
    """Nothing is compared with itself: as if it were not named."""
    give_plan(study, control_arm="reference")
    report = report_build(study=study)
    assert report.primary.control is None
    assert report.control.code == "unet"
    assert not report.control_is_planned


def test_mean_kappa_of_no_arm_is_no_comparison(study: Study) -> None:
    give_plan(study)
    Arm.objects.filter(study=study, code="unet").update(code="other")
    assert report_build(study=study).primary.primary is None
    assert np.isfinite(report_build(study=study).kappa[0].mean)
