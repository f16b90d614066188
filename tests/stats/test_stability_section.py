"""The report's section on stability: numbers, limits of the protocol, pictures."""

import hashlib
import json

import pytest
from django.urls import reverse

from readerstudy.cases.models import StabilityCase
from readerstudy.imaging.stability_measures import MEASURES
from stats.freezing import changed_since, report_freeze, stability_is_newer
from stats.pdf.building import report_pdf
from stats.reporting.building import report_build
from stats.reporting.keeping import report_json, report_read
from stats.reporting.stability_section import stability_section
from stats.services import image_quality_measure
from tests.stability import number, save_stability

from .conftest import lines

pytestmark = pytest.mark.django_db
BEYOND = ("deformation", "mirror-error")


@pytest.fixture
def looked_at(study):
    save_stability(study.cohort, "short")
    save_stability(study.cohort, "unet", beyond=BEYOND)
    return study


@pytest.fixture
def report(looked_at):
    image_quality_measure(study=looked_at)
    return report_build(study=looked_at)


def set_limits(study, **limits):
    study.protocol = {**study.protocol, "analysis": {"stability_limits": limits}}
    type(study).objects.filter(pk=study.pk).update(protocol=study.protocol)


def test_every_arm_stands_against_the_usual_limits(report):
    short, unet = report.stability.verdicts
    assert (short.arm.arm.method, short.beyond) == ("short", ())
    assert {one.key for one in unet.beyond} == set(BEYOND)
    assert unet.arm.cases == unet.arm.shared == 6
    assert not report.stability.limits_are_planned


def test_a_limit_of_the_protocol_takes_the_place_of_the_usual_one(looked_at):
    usual = MEASURES["deformation"].limit
    set_limits(
        looked_at,
        deformation=str(10 * usual),
        **{"repeat-noise": "0.001"},
    )
    section = stability_section(looked_at)
    short, unet = section.verdicts
    assert {one.key for one in short.beyond} == {"repeat-noise"}
    assert {one.key for one in unet.beyond} == {"repeat-noise", "mirror-error"}
    assert section.limits_are_planned
    planned = [one.measure.key for one in section.measures if one.measure.planned]
    assert sorted(planned) == ["deformation", "repeat-noise"]


def test_an_arm_that_was_not_looked_at_is_named(study):
    save_stability(study.cohort, "unet")
    section = stability_section(study)
    assert [one.method for one in section.missing] == ["short"]


def test_a_report_of_a_study_that_nobody_looked_at_has_no_such_section(study):
    assert stability_section(study) is None


def test_the_page_tells_numbers_verdicts_and_pictures(looked_at, page):
    told = page()
    assert "Stability of the arms" in told
    assert "Displacement of edges, 95th percentile" in told
    assert told.count('class="beyond"') == 2
    for name in ("dose", "severity", "hallucination", "omission", "displacement"):
        assert f'id="figure-stability_{name}"' in told
    assert (
        reverse(
            "stats:stability-picture", args=["read-study", "unet", "C001", "omission"]
        )
        in told
    )


def test_a_worst_case_is_shown_with_its_map(looked_at, client, statistician):
    client.force_login(statistician)
    address = reverse(
        "stats:stability-picture", args=[looked_at.slug, "unet", "C001", "omission"]
    )
    picture = client.get(address)
    assert picture.headers["Content-Type"] == "image/png"
    assert picture.content.startswith(b"\x89PNG")
    assert client.get(address.replace("omission", "nonsense")).status_code == 404


@pytest.mark.parametrize("name", ["stability_dose", "stability_omission"])
def test_a_figure_is_a_file_with_its_data(looked_at, client, statistician, name, page):
    page()
    client.force_login(statistician)
    svg = client.get(reverse("stats:figure", args=[looked_at.slug, name, "svg"]))
    csv = client.get(reverse("stats:figure", args=[looked_at.slug, name, "csv"]))
    assert b"<svg" in svg.content
    assert csv.content.decode().startswith("arm,")


def test_the_export_has_every_number_with_its_limit(looked_at, tmp_path):
    from django.core.management import call_command

    call_command("export_study", looked_at.slug, out=tmp_path / "out")
    rows = lines(tmp_path / "out" / "stability.csv")
    assert len(rows) == 2 * len(MEASURES)
    one = next(
        row for row in rows if (row["arm"], row["measure"]) == ("unet", "deformation")
    )
    assert float(one["value"]) == number("deformation", beyond=True)
    assert (one["verdict"], one["unit"], one["limit_planned"]) == (
        "beyond",
        "mm",
        "FALSE",
    )
    unknown = next(row for row in rows if row["measure"] == "data-deviance")
    assert (unknown["value"], unknown["verdict"]) == ("", "")
    assert unknown["not_estimable"] == "the method cannot be run here"
    cases = lines(tmp_path / "out" / "stability_cases.csv")
    assert len(cases) == 2 * 6 * len(MEASURES)
    assert {row["read"] for row in cases} == {"TRUE"}
    sums = (tmp_path / "out" / "SHA256SUMS").read_text()
    digest = hashlib.sha256((tmp_path / "out" / "stability.csv").read_bytes())
    assert f"{digest.hexdigest()}  stability.csv" in sums


def test_a_frozen_report_comes_back_with_its_stability(report):
    again = report_read(report_json(report))
    assert again.stability == report.stability
    told = json.loads(report_json(report))["stability"]["arms"]
    assert all(len(one["found_sha256"]) == 64 for one in told)


def test_what_is_found_otherwise_after_freezing_is_told(looked_at):
    image_quality_measure(study=looked_at)
    frozen = report_freeze(study=looked_at)
    assert changed_since(frozen) == ()
    save_stability(looked_at.cohort, "unet", peak=9.0)
    assert changed_since(frozen) == ("stability",)


def test_what_is_found_only_after_freezing_changes_nothing_but_is_told(study):
    image_quality_measure(study=study)
    frozen = report_freeze(study=study)
    save_stability(study.cohort, "unet")
    assert changed_since(frozen) == ()
    assert stability_is_newer(frozen)
    again = report_freeze(study=study, reason="The suite has looked at an arm.")
    assert not stability_is_newer(again)


def test_numbers_of_another_run_are_no_cases_of_a_frozen_report(looked_at, tmp_path):
    from stats.exporting.stability_files import stability_of_cases

    image_quality_measure(study=looked_at)
    frozen = report_read(report_freeze(study=looked_at).content)
    save_stability(looked_at.cohort, "unet", peak=9.0)
    arms = {line["arm"] for line in stability_of_cases(looked_at, frozen)}
    assert arms == {"short"}


def test_a_map_that_was_altered_is_not_shown(looked_at, client, statistician):
    row = StabilityCase.objects.filter(stability__method="unet").first()
    row.maps.storage.delete(row.maps.name)
    client.force_login(statistician)
    address = reverse(
        "stats:stability-picture",
        args=[looked_at.slug, "unet", row.case.code, "omission"],
    )
    assert client.get(address).status_code == 409


def test_the_section_is_set_on_paper_with_its_figures(looked_at):
    image_quality_measure(study=looked_at)
    frozen = report_freeze(study=looked_at)
    made = report_pdf(frozen, language="en")
    assert made.startswith(b"%PDF")


def test_no_reader_sees_what_the_suite_found(looked_at, client):
    reader = looked_at.memberships.filter(role="reader").first().user
    client.force_login(reader)
    cohort = looked_at.cohort_id
    for address in (
        reverse("inference:stability-list", args=[cohort]),
        reverse("inference:stability-detail", args=[cohort, "unet"]),
        reverse(
            "stats:stability-picture", args=[looked_at.slug, "unet", "C001", "omission"]
        ),
    ):
        assert client.get(address).status_code == 404
