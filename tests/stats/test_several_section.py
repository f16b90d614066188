"""Agreement among readers on the report and in the files."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from pydantic import TypeAdapter

from readerstudy.reading.models import Answer, Arm, Read, Score, Study
from stats import selectors
from stats.agreement.kappa import weighted_kappa
from stats.outcomes import Interval, NotEstimable, Reason
from stats.reasons import REASON_WORDS
from stats.reporting.analysis_plan import analysis_plan
from stats.reporting.building import report_build
from stats.reporting.several_section import SeveralReaders, several_section

from .conftest import METHODS, lines
from .studies import decline, make_cohort, make_study


def section(study: Study) -> SeveralReaders:
    plan = analysis_plan(study.protocol)
    readers = list(selectors.study_readers(study))
    return several_section(study, plan, selectors.readings(study), readers)


def test_every_arm_and_reader_has_a_line(study: Study) -> None:
    found = section(study)
    assert [one.arm.code for one in found.among] == ["reference", "short", "unet"]
    assert [(one.arm.code, one.reader) for one in found.with_standard] == [
        (arm, reader) for arm in ("short", "unet") for reader in "ABC"
    ]
    assert [(one.arm.code, one.reader) for one in found.again] == [
        ("unet", reader) for reader in "ABC"
    ]
    for one in found.with_standard:
        assert one.pairs.items == 12
        assert one.pairs.patients == 6
        assert sum(map(sum, one.pairs.table)) == 12


def test_its_kappa_and_interval_are_those_of_the_report(study: Study) -> None:
    from stats.reporting.agreement_tables import kappa_lines

    readers = list(selectors.study_readers(study))
    readings = selectors.readings(study)
    by_line = {
        (line.arm.code, one.reader): one.both
        for line in kappa_lines(study, readings, readers, weighting="quadratic")
        for one in line.readers
    }
    for one in section(study).with_standard:
        expected = by_line[one.arm.code, one.reader]
        assert one.bootstrap.kappa == pytest.approx(expected.kappa, abs=1e-12)
        assert one.interval == pytest.approx(expected.interval) or (
            one.interval.low == pytest.approx(expected.interval.low, abs=1e-12)
        )
        assert one.pairs.table == expected.table


def test_it_comes_back_from_json_as_it_went(study: Study) -> None:
    found = section(study)
    adapter = TypeAdapter(SeveralReaders)
    assert adapter.validate_json(adapter.dump_json(found)) == found


def test_one_reader_has_nobody_to_agree_with(db: None) -> None:
    cohort = make_cohort("Few", cases=3, methods=METHODS)
    study = make_study(cohort, methods=METHODS, readers=1)
    for line in section(study).among:
        for one in line.coefficients:
            assert one.estimate == NotEstimable(Reason.ONE_READER)


def test_a_study_of_one_patient_has_tables_but_no_intervals(db: None) -> None:
    cohort = make_cohort("Single", cases=1, methods=METHODS)
    study = make_study(cohort, methods=METHODS, repeated="")
    found = section(study)
    assert found.again == ()
    for one in found.with_standard:
        assert one.pairs.items == 2
        assert one.pairs.exact.interval == NotEstimable(Reason.ONE_PATIENT)
        assert one.bootstrap.kappa == NotEstimable(Reason.ONE_PATIENT)


def test_a_number_without_an_interval_says_why_it_has_none(db: None) -> None:
    cohort = make_cohort("Single", cases=1, methods=METHODS)
    study = make_study(cohort, methods=METHODS, repeated="")
    found = section(study)
    html = render_to_string("stats/_several.html", {"several": found})
    row = html.split("PABAK</th>")[1].split("<tr>")[2]
    assert row.count("not estimable") == 4  # same, within one, PABAK, bias index
    assert row.count(str(REASON_WORDS[Reason.ONE_PATIENT])) == 4


def test_sides_that_could_not_be_assessed_are_left_out(study: Study) -> None:
    read = Read.objects.filter(reader__code="A", arm__code="short", repeat=0)[0]
    decline(read, "left")
    found = section(study)
    assert found.with_standard[0].pairs.items == 11
    among = {one.name: one for one in found.among[1].coefficients}
    assert (among["fleiss"].items, among["fleiss"].left_out) == (11, 1)
    assert (among["light"].items, among["light"].left_out) == (12, 0)


def test_a_shift_is_the_same_number_wherever_it_is_told(study: Study) -> None:
    """Also where a patient has one side only, who counts as much as the others."""
    again = Read.objects.filter(reader__code="A", repeat=1).order_by("case")
    of_some = Score.objects.filter(answer__read__in=list(again[1:4]))
    of_some.filter(side="left").update(value=4)
    of_some.filter(side="right").update(value=1)
    decline(again[2], "left")
    here = section(study).again[0]
    repeats = report_build(study=study).bias.repeats
    there = next(one for one in repeats if one.reader)
    assert here.reader == there.reader == "A"
    assert there.shift.pairs == here.pairs.items == 11
    assert here.shift.value == pytest.approx(there.shift.mean.mean, abs=1e-12)
    assert isinstance(here.shift.interval, Interval)
    assert here.shift.interval == there.shift.mean.interval


def test_a_study_without_another_arm_has_the_reference_s_readers_only(
    db: None,
) -> None:
    cohort = make_cohort("Alone", cases=3, methods=["reference"])
    found = section(make_study(cohort, methods=["reference"], repeated=""))
    assert [one.arm.code for one in found.among] == ["reference"]
    assert found.with_standard == found.again == ()


def test_the_page_tells_method_n_and_interval(page: Callable[[], str]) -> None:
    text = page()
    assert "Agreement among these readers" in text
    assert "First readings of 3 readers, both sides of 6 patients." in text
    assert "10000 resamples of the 6 patients (seed 1)" in text
    assert "delete-one-patient jackknife" in text


def test_the_page_of_one_reader_says_so(db: None) -> None:
    cohort = make_cohort("Few", cases=3, methods=METHODS)
    study = make_study(cohort, methods=METHODS, readers=1)
    text = render_to_string("stats/_several.html", {"several": section(study)})
    assert "There is only one reader, so there is no agreement" in text
    assert "Each reader with the standard" in text


def test_the_files_hold_the_numbers_of_the_section(folder: Path, study: Study) -> None:
    found = section(study)
    among = lines(folder / "several_readers.csv")
    assert len(among) == 3 * 9
    assert float(among[2]["estimate"]) == found.among[0].coefficients[2].estimate
    assert among[0]["f_interval_low"] == ""
    assert float(among[7]["f_interval_low"]) > 0
    tables = lines(folder / "confusion.csv")
    assert len(tables) == (6 + 3) * 16
    assert sum(int(line["n_sides"]) for line in tables) == (6 + 3) * 12
    pairs = lines(folder / "reader_agreement.csv")
    assert len(pairs) == (6 + 3) * 4
    assert {line["shift"] for line in pairs if line["comparison"] == "standard"} == {""}
    assert float(pairs[0]["exact"]) == found.with_standard[0].pairs.exact.value
    resampled = lines(folder / "kappa_bootstrap.csv")
    assert len(resampled) == 6 + 3
    bca = found.with_standard[0].bootstrap.bca
    assert (float(resampled[0]["bca_low"]), float(resampled[0]["bca_high"])) == (
        bca.low,
        bca.high,
    )
    assert resampled[0]["replicates"] == "10000"


def test_the_confusion_file_gives_kappa_again(folder: Path) -> None:
    tables = lines(folder / "confusion.csv")
    kappas = {
        (line["arm"], line["reader"]): float(line["kappa"])
        for line in lines(folder / "kappa_bootstrap.csv")
        if line["comparison"] == "standard"
    }
    for (arm, reader), kappa in kappas.items():
        first: list[int] = []
        second: list[int] = []
        for line in tables:
            named = (line["arm"], line["reader"], line["comparison"])
            if named == (arm, reader, "standard"):
                first += [int(line["first"])] * int(line["n_sides"])
                second += [int(line["second"])] * int(line["n_sides"])
        again = weighted_kappa(
            first,
            second,
            categories=(1, 2, 3, 4),
            patients=range(len(first)),
            weighting="quadratic",
        )
        assert again.kappa == pytest.approx(kappa, abs=1e-12)


def test_arms_that_nobody_read_are_named_without_numbers(study: Study) -> None:
    reads = Read.objects.filter(arm__code="short")
    Score.objects.filter(answer__read__in=reads).delete()
    Answer.objects.filter(read__in=reads).delete()
    reads.update(submitted_at=None)
    assert Arm.objects.filter(study=study, code="short").exists()
    found = section(study)
    reasons = {one.pairs.exact.value for one in found.with_standard[:3]}
    assert reasons == {NotEstimable(Reason.NO_READS)}
    assert found.among[1].coefficients[0].estimate == NotEstimable(Reason.NO_READS)
