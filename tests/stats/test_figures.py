"""What is drawn is what the numbers are, told in words, and the same every time."""

import re
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from xml.etree import ElementTree

import pytest
from django.utils import translation

from readerstudy.reading.models import Answer, Read, Score, Study
from stats.figures.marks import lowest
from stats.figures.picture import Picture
from stats.figures.registry import figure_files, figures
from stats.figures.rendering import render
from stats.figures.style import LIGHT, blend, on, ramp, wrapped
from stats.outcomes import estimated
from stats.reporting.building import report_build
from stats.reporting.report import Report
from stats.services import image_quality_measure

from .studies import make_cohort, make_study

EVERY = {
    *("psnr_255", "ssim_1", "example_typical", "example_hardest", "example_worst"),
    *("bland_altman", "kappa", "kappa_differences", "confusion", "grades"),
    *("grade_shift", "reading_times", "blinding", "reads_over_time"),
}
QUALITY = ("psnr", "ssim")


@pytest.fixture
def report(conducted: Study) -> Report:
    """Of a study with a plan, guesses and reading times."""
    Answer.objects.filter(read__session__study=conducted).update(spent_ms=9000)
    image_quality_measure(study=conducted)
    conducted.refresh_from_db()
    return report_build(study=conducted)


def drawn(picture: Picture) -> Any:
    """Its axes, drawn on paper that nobody sees."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=picture.size, layout="constrained")
    picture.draw(figure, LIGHT)
    return figure.axes


def test_every_figure_is_told_in_words_and_is_the_same_file_each_time(
    report: Report,
) -> None:
    found = figures(report)
    assert found.keys() == EVERY
    for name, picture in found.items():
        assert name == picture.name
        assert re.fullmatch(r"[a-z0-9_]+", name)
        assert picture.title
        assert re.search(r"\d", picture.caption)  # how many
        assert re.search(r"\d", picture.alt)  # and what is seen, in numbers
        assert len(picture.alt) < 2000
        header, rows = picture.table.header, picture.table.rows
        assert rows
        assert all(len(row) == len(header) for row in rows)
        first = render(picture)
        assert first == render(figures(report)[name])
        assert len(first) < 200_000
        assert b"<dc:date>" not in first
    with ThreadPoolExecutor(4) as pool:  # as a server's threads would
        files = list(pool.map(render, [found["kappa"], found["grades"]] * 3))
    assert files[:2] * 2 == files[2:]


def test_captions_say_what_a_bold_name_means(report: Report) -> None:
    told = {
        (name, words)
        for name, picture in figures(report).items()
        for words in re.findall(r"In bold: ([^.]+)\.", picture.caption)
    }
    assert told == {
        *((name, "the control arm") for name in EVERY if name.startswith(QUALITY)),
        *((name, "the primary arm") for name in ("kappa", "kappa_differences")),
        ("blinding", "the reference"),
    }
    titles = [picture.title for picture in figures(report).values()]
    assert len(set(titles)) == len(titles)


def test_what_is_drawn_is_what_its_table_says(report: Report) -> None:
    found = figures(report)
    marks = [
        float(line.get_xdata()[0])
        for line in drawn(found["kappa"])[0].lines
        if line.get_linestyle() == "None"
    ]
    kappas = [row[2] for row in found["kappa"].table.rows if row[2] is not None]
    assert marks == kappas
    assert kappas[:3] == [
        estimated(one.both.kappa)
        for one in report.kappa[0].readers
        if estimated(one.both.kappa) is not None
    ]

    dots = [
        float(x)
        for line in drawn(found["psnr_255"])[0].lines
        if line.get_marker() == "o"
        for x in line.get_xdata()
    ]
    rows = found["psnr_255"].table.rows
    assert dots == [row[2] for row in rows if row[1] == "patient"]

    for name in ("grades", "grade_shift"):
        widths = [abs(bar.get_width()) for bar in drawn(found[name])[0].patches]
        shares = [row[3] for row in found[name].table.rows]
        if name == "grade_shift":  # the same grade has no bar; rows have a band
            widths = [width for width in widths if width < 1]
            shares = [row[3] for row in found[name].table.rows if row[1] != 0]
        assert sorted(widths) == pytest.approx(sorted(s for s in shares if s))

    counts = [
        int(text.get_text())
        for axes in drawn(found["confusion"])
        for text in axes.texts
    ]
    assert counts == [row[3] for row in found["confusion"].table.rows]


def test_what_is_not_estimable_is_named_with_its_reason(study: Study) -> None:
    second = Score.objects.filter(answer__read__reader__code="B")
    second.update(value=4)
    unread = Read.objects.filter(session__study=study, arm__code="short")
    Score.objects.filter(answer__read__in=unread).delete()
    unread.update(submitted_at=None)
    found = figures(report_build(study=study))
    kappa = found["kappa"]
    assert "reader B: not estimable (both readings use a single grade)" in kappa.alt
    constant = [row for row in kappa.table.rows if row[:2] == ("Arm unet", "B")]
    assert constant[0][2:] == (None, None, None, "both readings use a single grade")
    texts = [text.get_text() for text in drawn(kappa)[0].texts]
    assert "reader B: not estimable (both readings use a single grade)" in texts
    assert "Arm short: no grade" in found["grades"].alt
    assert "blinding" not in found  # nobody was asked
    assert "reading_times" not in found
    for picture in found.values():
        assert render(picture, theme="dark", form="png").startswith(b"\x89PNG")


def test_a_study_of_one_patient_and_one_reader_has_figures_too(db: None) -> None:
    cohort = make_cohort("One", cases=1, methods=("reference", "unet"))
    study = make_study(
        cohort, methods=("reference", "unet"), repeated="", readers=1, slug="one"
    )
    study.arms.filter(code="unet").update(title="五分撮像をU-Netで復元した長い名前の群")
    image_quality_measure(study=study)
    report = report_build(study=study)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # as a missing glyph would give
        files = figure_files(report, None, "ja")
    assert {"psnr_255", "confusion", "grades", "reads_over_time"} <= files.keys()
    assert all(ElementTree.fromstring(one) is not None for one in files.values())
    assert figure_files(report, ["grades", "blinding"], "en").keys() == {"grades"}
    assert translation.get_language() == "en"


@pytest.mark.pure
def test_long_titles_are_broken_and_shortened_not_cut() -> None:
    assert wrapped("U-Net") == "U-Net"
    assert wrapped("one two three", width=7) == "one two\nthree"
    assert wrapped("長い名前の群", width=6) == "長い名\n前の群"
    assert wrapped("a b c d e f", width=1, lines=2) == "a\nb …"


@pytest.mark.pure
def test_colours_between_two_and_texts_that_are_read_on_them() -> None:
    assert blend(("#000000", "#ffffff"), 0.5) == "#808080"
    assert ramp(("#000000", "#ffffff"), 3) == ("#000000", "#808080", "#ffffff")
    assert (on("#08306b"), on("#e2edf8")) == ("#ffffff", "#000000")


@pytest.mark.pure
def test_an_axis_begins_below_every_value() -> None:
    assert lowest([0.4, 0.9]) == 0.0
    assert lowest([-0.05]) == -0.2
    assert lowest([-0.41]) == -0.6


@pytest.mark.pure
def test_starting_a_server_does_not_load_the_plotting_library() -> None:
    code = (
        "import django, sys; django.setup(); import stats.views.figures;"
        "sys.exit('matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
