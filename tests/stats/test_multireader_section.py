"""Arms compared over readers, on the report page and in its files."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command
from django.template.loader import render_to_string

from readerstudy.reading.models import Arm, Read, Score, Study
from stats import selectors
from stats.outcomes import NotEstimable, Reason
from stats.reporting.analysis_plan import analysis_plan
from stats.reporting.building import report_build
from stats.reporting.multireader_section import MultiReader, multireader_section
from stats.reporting.primary import primary_comparison
from stats.templatetags.report_numbers import interval

from .conducted import give_plan
from .conftest import lines
from .studies import decline, make_cohort, make_study


def section_of(study: Study) -> MultiReader:
    return multireader_section(
        study,
        analysis_plan(study.protocol),
        selectors.readings(study),
        list(selectors.study_readers(study)),
    )


def shown(section: MultiReader) -> str:
    """What the page says of it."""
    text = render_to_string("stats/_multireader.html", {"multireader": section})
    return " ".join(text.split())


@pytest.mark.django_db
def test_the_plans_comparison_is_the_primary_one_number_for_number(
    study: Study,
) -> None:
    """Also where sides are missing: both are of the same sides in both arms."""
    give_plan(study)
    read = Read.objects.filter(
        reader__code="B", arm__code="unet", repeat=0, session__study=study
    ).first()
    assert read is not None
    decline(read, "left")
    primary = primary_comparison(
        study,
        analysis_plan(study.protocol),
        selectors.readings(study),
        list(selectors.study_readers(study)),
    ).same
    assert primary is not None
    section = section_of(study)
    assert section.control is not None and section.control.code == "short"
    assert section.control_planned and section.margin == 0.1
    (line,) = section.comparisons
    assert line.arm.code == "unet"
    mean, planned = line.found.mean, primary.difference
    assert mean.difference == pytest.approx(planned.difference, rel=1e-12)
    assert mean.standard_error == pytest.approx(planned.standard_error, rel=1e-12)
    assert mean.interval.low == pytest.approx(planned.interval.low, rel=1e-12)
    assert mean.pairs == primary.pairs[0] == 35
    assert line.found.margins is not None
    assert line.found.margins.not_inferior == primary.is_not_inferior


@pytest.mark.django_db
def test_without_a_plan_the_arm_that_is_read_twice_is_the_control(
    study: Study,
) -> None:
    section = section_of(study)
    assert section.control is not None and section.control.code == "unet"
    assert not section.control_planned
    assert [line.arm.code for line in section.comparisons] == ["short"]
    text = shown(section)
    assert "this is the arm that is read twice" in text
    assert "The plan names no margin" in text


@pytest.mark.django_db
def test_without_any_control_the_page_says_that_no_comparison_is_planned(
    study: Study,
) -> None:
    Arm.objects.filter(study=study).update(repeated=False)
    section = section_of(study)
    assert section.control is None and section.comparisons == ()
    assert "No comparison of arms is planned" in shown(section)
    assert section.others.control is None and section.others.lines


@pytest.mark.django_db
def test_the_page_names_margin_verdicts_and_how_little_three_readers_say(
    study: Study,
) -> None:
    give_plan(study, margin="0.3")
    text = shown(section_of(study))
    assert "lies within ±0.300" in text
    assert "a sensitivity analysis" in text and "3 readers say little" in text
    assert "over the only comparison" in text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("cases", "readers", "methods", "reason"),
    [
        (1, 3, ("reference", "short", "unet"), Reason.ONE_PATIENT),
        (4, 1, ("reference", "short", "unet"), Reason.ONE_READER),
        (4, 2, ("reference", "unet"), Reason.ONE_ARM),
        (4, 2, ("reference",), Reason.ONE_ARM),
        (4, 0, ("reference", "short", "unet"), Reason.ONE_READER),
    ],
)
def test_a_small_study_says_what_it_cannot_say(
    cases: int, readers: int, methods: tuple[str, ...], reason: Reason
) -> None:
    cohort = make_cohort("Few", cases=cases, methods=methods)
    study = make_study(cohort, methods=methods, readers=readers)
    section = section_of(study)
    assert section.others.found == NotEstimable(reason)
    assert len(section.means) == len(methods) - 1
    assert "Arms compared over all readers" in shown(section)


@pytest.mark.django_db
def test_sides_that_were_never_read_leave_the_analysis_for_other_readers(
    study: Study,
) -> None:
    lost = Read.objects.filter(
        reader__code="A", arm__code="short", session__study=study
    ).first()
    assert lost is not None
    Score.objects.filter(answer__read=lost).delete()
    Read.objects.filter(pk=lost.pk).update(submitted_at=None)
    others = section_of(study).others
    assert (others.items, others.items_left_out) == (10, 2)
    assert "2 sides without all grades are left out" in shown(section_of(study))


@pytest.mark.django_db
def test_an_arm_that_nobody_read_is_not_estimable_and_drags_nothing_along(
    study: Study,
) -> None:
    give_plan(study)
    reads = Read.objects.filter(arm__code="unet", session__study=study)
    Score.objects.filter(answer__read__in=reads).delete()
    reads.update(submitted_at=None)
    section = section_of(study)
    by_arm = {line.arm.code: line.kappa for line in section.means}
    assert by_arm["unet"].mean == NotEstimable(Reason.READER_MISSING)
    assert isinstance(by_arm["short"].mean, float)
    assert section.comparisons[0].found.p_holm == NotEstimable(Reason.READER_MISSING)
    assert section.others.found == NotEstimable(Reason.NO_COMPLETE_PATIENT)
    assert "no patient has a value in every arm" in shown(section)


@pytest.mark.django_db
def test_the_files_hold_every_arm_comparison_and_analysis(
    conducted: Study, tmp_path: Path
) -> None:
    call_command("export_study", conducted.slug, out=tmp_path / "out")
    section = section_of(conducted)
    means = lines(tmp_path / "out" / "mean_kappa.csv")
    assert [line["arm"] for line in means] == ["short", "unet"]
    assert float(means[0]["mean_kappa"]) == section.means[0].kappa.mean
    compared = lines(tmp_path / "out" / "comparisons.csv")
    assert [line["reader"] for line in compared] == ["", "A", "B", "C"]
    found = section.comparisons[0].found
    whole = compared[0]
    assert (whole["arm"], whole["control"], whole["n_comparisons"]) == (
        "unet",
        "short",
        "1",
    )
    assert float(whole["p"]) == float(whole["p_holm"]) == found.mean.p
    assert float(whole["p_swapped"]) == found.swaps.p
    assert whole["swaps_exact"] == "TRUE" and whole["swaps_seed"] == ""
    assert compared[1]["p_holm"] == "" and compared[1]["n_readers"] == "1"
    rows = lines(tmp_path / "out" / "obuchowski_rockette.csv")
    assert len(rows) == 3 * (1 + 2 + 1)
    assert {row["what"] for row in rows} == {"all arms", "mean", "difference"}
    first = section.others.found.analyses[0]
    assert float(rows[0]["statistic"]) == first.statistic
    difference = next(row for row in rows if row["what"] == "difference")
    assert (difference["arm"], difference["control"]) == ("unet", "short")
    assert float(difference["estimate"]) == pytest.approx(found.mean.difference)


def test_the_report_page_has_the_section(page: Callable[[], str]) -> None:
    assert 'id="arms-compared"' in page()


def test_table_2_has_the_interval_of_each_mean(
    page: Callable[[], str], study: Study
) -> None:
    text = page()
    table = text.split('id="agreement"')[1].split("</table>")[0]
    rows = [row for row in table.split("<tr")[2:] if row]
    means = report_build(study=study).multireader.means
    assert len(rows) == len(means)
    for row, line in zip(rows, means, strict=True):
        assert interval(line.kappa.interval, 2) in row.rsplit("<td", 1)[1]
