"""A side that cannot be assessed has no grade: left out everywhere, and counted."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command

from readerstudy.reading.models import Read, Score, Study
from stats.agreement.kappa import weighted_kappa
from stats.exporting.bundle import export_to_folder
from stats.outcomes import NotEstimable, Reason
from stats.readings import Reading, graded_in_all
from stats.reporting.assessability import Sides
from stats.reporting.building import report_build

from .conducted import give_plan
from .conftest import lines
from .studies import answer_again, decline
from .test_report import pairs

Of = Callable[..., Read]


@pytest.fixture
def read_of(study: Study) -> Of:
    def find(reader: str, arm: str, case: str = "C001", repeat: int = 0) -> Read:
        return Read.objects.get(
            reader__code=reader, arm__code=arm, case__code=case, repeat=repeat
        )

    return find


@pytest.mark.pure
def test_a_place_is_left_out_if_read_everywhere_and_missing_if_not() -> None:
    a, b, c, d = ((1, "right"), (1, "left"), (2, "right"), (2, "left"))
    first = Reading({a: 1, b: 2, c: 3}, frozenset({d}))
    second = Reading({a: 4, d: 4}, frozenset({b}))
    assert graded_in_all([first, second]) == ([a], 2)  # b and d; c was never read
    assert graded_in_all([first, second], side="right") == ([a], 0)
    assert graded_in_all([first, second], side="left") == ([], 2)


@pytest.mark.pure
def test_kappa_of_nothing_that_could_be_assessed_says_so() -> None:
    found = weighted_kappa(
        [], [], categories=(1, 2), patients=[], weighting="quadratic", left_out=3
    )
    assert found.kappa == found.exact == NotEstimable(Reason.NONE_ASSESSED)
    assert (found.items, found.left_out) == (0, 3)


def test_its_pair_is_in_no_kappa_whichever_reading_it_was(
    study: Study, read_of: Of
) -> None:
    from sklearn.metrics import cohen_kappa_score

    decline(read_of("A", "reference", "C001"), "right")
    decline(read_of("A", "short", "C002"), "right", "left")
    one = report_build(study=study).kappa[0].readers[0]
    first, second = (
        [grade for grade in grades if grade is not None]
        for grades in zip(
            *(
                pair
                for pair in zip(*pairs("A", "short"), strict=True)
                if None not in pair
            ),
            strict=True,
        )
    )
    assert (one.both.items, one.both.left_out) == (len(first), 3) == (9, 3)
    assert (one.right.items, one.right.left_out) == (4, 2)
    assert (one.left.items, one.left.left_out) == (5, 1)
    assert one.both.kappa == pytest.approx(
        cohen_kappa_score(first, second, labels=[1, 2, 3, 4], weights="quadratic")
    )
    other = report_build(study=study).kappa[0].readers[1]
    assert (other.both.items, other.both.left_out) == (12, 0)


def test_nor_in_the_agreement_of_two_readings(study: Study, read_of: Of) -> None:
    decline(read_of("B", "unet", repeat=0), "left")
    decline(read_of("B", "unet", repeat=1), "left", "right")
    line = report_build(study=study).intra_reader[1]
    assert (line.reader, line.both.items, line.both.left_out) == ("B", 10, 2)


def test_nor_among_grades_and_differences(study: Study, read_of: Of) -> None:
    before = report_build(study=study).grades
    decline(read_of("C", "short"), "left")
    after = report_build(study=study).grades
    assert [line.declined for line in after] == [0, 1, 0]
    assert [sum(line.counts) for line in after] == [36, 35, 36]
    assert [(line.pairs, line.left_out) for line in after] == [
        (36, 0),
        (35, 1),
        (36, 0),
    ]
    assert after[2] == before[2]


def test_the_latest_version_decides_either_way(study: Study, read_of: Of) -> None:
    read = read_of("A", "short")
    answer_again(read, left="Motion.")
    assert report_build(study=study).sides == Sides(1, 144)
    answer_again(read, left=3)
    assert report_build(study=study).sides == Sides(0, 144)
    answer_again(read, left="Motion, after all.", right="The same.")
    report = report_build(study=study)
    assert report.sides == Sides(2, 144)
    assert report.kappa[0].readers[0].both.left_out == 2


def test_sides_that_were_never_read_are_missing_and_not_declined(
    study: Study, read_of: Of
) -> None:
    read = read_of("A", "short")
    Read.objects.filter(pk=read.pk).update(submitted_at=None)
    report = report_build(study=study)
    assert report.sides == Sides(0, 142)
    assert (
        report.kappa[0].readers[0].both.items,
        report.kappa[0].readers[0].both.left_out,
    ) == (10, 0)


def test_the_report_counts_them_by_arm_and_reader(
    study: Study, read_of: Of, page: Callable[[], str]
) -> None:
    said = page()
    assert "<small>sides not assessable: none</small>" in said
    assert "Sides that could not be assessed" not in said
    decline(read_of("A", "short"), "left", "right")
    decline(read_of("B", "unet", repeat=1), "left")
    report = report_build(study=study)
    found = {(one.arm.code, one.repeat): one for one in report.assessability}
    assert [s.declined for s in found["short", 0].readers] == [2, 0, 0]
    assert [s.declined for s in found["unet", 1].readers] == [0, 1, 0]
    assert found["short", 0].all == Sides(2, 36)
    said = page()
    assert "sides not assessable: 3 of 144</a>" in said
    assert '<td class="number">2 of 12</td>' in said
    assert "0.0 % in “Arm reference”, 5.6 % in “Arm short”" in said
    assert '10 pairs</small><br><small class="muted">2 left out</small>' in said


def test_equal_shares_are_no_warning(study: Study, read_of: Of, page) -> None:
    for arm in ("reference", "short", "unet"):
        decline(read_of("A", arm), "left")
    assert report_build(study=study).unassessable_shares is None
    said = page()
    assert "Sides that could not be assessed" in said
    assert "differs between arms" not in said


def test_the_primary_comparison_is_of_the_same_sides_in_both_arms(
    study: Study, read_of: Of, page: Callable[[], str]
) -> None:
    give_plan(study, margin="1.9")
    assert report_build(study=study).primary.own is None
    decline(read_of("A", "unet", "C001"), "left", "right")
    primary = report_build(study=study).primary
    assert (primary.same.pairs, primary.own.pairs) == ((34, 34), (34, 36))
    assert primary.left_out == 2
    # as if these sides had not been in the control arm either
    decline(read_of("A", "short", "C001"), "left", "right")
    both = report_build(study=study).primary
    assert both.own is None
    assert both.same == primary.same
    assert both.left_out == 2
    said = page()
    assert (
        "2 sides are left out: they could not be assessed in at least one of the three."
    ) in said
    assert "not read in all three" not in said
    assert "With all sides that each arm has" not in said


def test_a_reader_who_could_assess_nothing_leaves_no_mean(study: Study) -> None:
    Score.objects.filter(
        answer__read__reader__code="B", answer__read__arm__code="short"
    ).update(value=None, unassessable="Too dark.")
    line = report_build(study=study).kappa[0]
    assert line.readers[1].both.kappa == NotEstimable(Reason.NONE_ASSESSED)
    assert line.mean == NotEstimable(Reason.READER_MISSING)


def test_the_files_tell_a_declined_side_from_one_that_was_not_read(
    study: Study, read_of: Of, tmp_path: Path
) -> None:
    declined, unread = read_of("A", "short"), read_of("A", "short", "C002")
    decline(declined, "left", why="=1+1, cut off")
    unread.answers.get().scores.all().delete()
    unread.answers.all().delete()
    Read.objects.filter(pk=unread.pk).update(submitted_at=None, first_shown_at=None)
    export_to_folder(study=study, folder=tmp_path)
    found = {
        (line["case"], line["side"]): line
        for line in lines(tmp_path / "reads.csv")
        if (line["reader"], line["arm"]) == ("A", "short")
    }
    left, right = found["C001", "left"], found["C001", "right"]
    assert (left["state"], left["grade"]) == ("not assessable", "")
    assert left["not_assessable"] == "'=1+1, cut off"  # runs in no spreadsheet
    assert (right["state"], right["not_assessable"]) == ("read", "")
    for side in ("left", "right"):
        line = found["C002", side]
        assert (line["state"], line["grade"]) == ("not read", "")
        assert line["not_assessable"] == line["shown_at"] == ""
    kappa = [
        line
        for line in lines(tmp_path / "kappa.csv")
        if (line["arm"], line["reader"], line["side"]) == ("short", "A", "both")
    ]
    assert {(one["n_sides"], one["n_not_assessable"]) for one in kappa} == {("9", "1")}
    readme = (tmp_path / "README.txt").read_text()
    assert "(column not_assessable): 1 of 142." in readme


def test_the_snippet_of_the_documents_gives_the_kappa_of_the_report(
    study: Study, read_of: Of, tmp_path: Path
) -> None:
    import pandas
    from sklearn.metrics import cohen_kappa_score

    decline(read_of("A", "reference", "C003"), "left")
    decline(read_of("A", "short", "C005"), "left", "right")
    export_to_folder(study=study, folder=tmp_path)
    reads = pandas.read_csv(tmp_path / "reads.csv")
    first = reads[(reads["repeat"] == 0) & (reads["reader"] == "A")]
    wide = first.pivot(index=["patient", "case", "side"], columns="arm", values="grade")
    both = wide[["reference", "short"]].dropna().astype(int)
    found = report_build(study=study).kappa[0].readers[0].both
    assert (len(both), found.items, found.left_out) == (9, 9, 3)
    assert found.kappa == pytest.approx(
        cohen_kappa_score(
            both["reference"],
            both["short"],
            labels=[1, 2, 3, 4],
            weights="quadratic",
        )
    )


def test_the_readme_says_that_there_are_none(folder: Path) -> None:
    assert "(column not_assessable): none." in (folder / "README.txt").read_text()


def test_the_file_of_the_primary_comparison_has_both_ways(
    study: Study, read_of: Of, tmp_path: Path
) -> None:
    give_plan(study)
    decline(read_of("A", "unet", "C001"), "left")
    call_command("export_study", study.slug, out=tmp_path)
    same, own = lines(tmp_path / "primary_comparison.csv")
    assert (same["sides"], own["sides"]) == ("same", "own")
    assert (same["n_sides_primary"], same["n_sides_control"]) == ("35", "35")
    assert (own["n_sides_primary"], own["n_sides_control"]) == ("35", "36")
    assert (same["n_not_assessable"], own["n_not_assessable"]) == ("1", "")
    assert (same["n_not_read"], own["n_not_read"]) == ("0", "")


def test_every_planned_side_is_compared_or_left_out_or_missing(
    study: Study, read_of: Of, tmp_path: Path
) -> None:
    """Left out where it was read in all three; missing where it was not, declined or
    not."""
    give_plan(study)
    decline(read_of("A", "unet", "C001"), "left")
    decline(read_of("B", "reference", "C002"), "left", "right")
    unread = read_of("B", "short", "C002")
    Read.objects.filter(pk=unread.pk).update(submitted_at=None)
    primary = report_build(study=study).primary
    assert (primary.same.pairs[0], primary.left_out, primary.missing) == (33, 1, 2)
    call_command("export_study", study.slug, out=tmp_path)
    same = lines(tmp_path / "primary_comparison.csv")[0]
    counts = [same[f"n_{name}"] for name in ("not_assessable", "not_read")]
    assert counts == ["1", "2"]
