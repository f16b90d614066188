"""The report page, figures, pictures and PDF of image-to-image studies."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from readerstudy.cases.models import Cohort
from readerstudy.reading.models import Membership, Study
from stats.figures.registry import figures
from stats.figures.rendering import render
from stats.freezing import report_work
from stats.pdf.building import report_pdf
from stats.reporting.building import report_build
from stats.services import image_quality_measure
from stats.templatetags.report_numbers import percent_interval

from .stacks import (
    Says,
    is_sure,
    make_heads,
    make_read_study,
    prefers,
    rates,
    trusts,
    truth,
)

KINDS: dict[str, Says] = {
    "image-quality": rates,
    "forced-choice": prefers,
    "finding-confidence": is_sure,
    "anatomical-fidelity": trusts,
}


@pytest.fixture
def heads(db: None) -> Cohort:
    return make_heads()


@pytest.fixture
def reported(heads: Cohort, client: Client) -> Callable[[str], str]:
    """The page of a study that asked this, as its statistician sees it."""

    def show(question_set: str) -> str:
        study = _study(heads, question_set)
        user = User.objects.create_user("statistician")
        Membership.objects.create(study=study, user=user, role="statistician")
        client.force_login(user)
        assert report_work(study=study)
        response = client.get("/studies/stack-study/report/")
        assert response.status_code == 200
        return " ".join(response.content.decode().split())

    return show


def _study(heads: Cohort, question_set: str) -> Study:
    return make_read_study(
        heads,
        KINDS[question_set],
        question_set=question_set,
        pairs=question_set == "forced-choice",
        given=truth(heads) if question_set == "finding-confidence" else (),
    )


SAID = {
    "image-quality": (
        "Ratings of image quality against “Arm reference”",
        'id="ratings"',
        "BCa: interval of the same mean",
    ),
    "forced-choice": ("Which image is better?", 'id="preferences"'),
    "finding-confidence": ("areas under the ROC curve", 'id="confidence"'),
    "anatomical-fidelity": ("Anatomical fidelity", 'id="fidelity"'),
}


@pytest.mark.parametrize("question_set", KINDS)
def test_the_page_tells_what_was_asked_and_nothing_of_grades(
    reported: Callable[[str], str], question_set: str
) -> None:
    page = reported(question_set)
    for words in SAID[question_set]:
        assert words in page
    others = {one[1] for key, one in SAID.items() if key != question_set}
    assert not [one for one in others if one in page]
    assert "kappa" not in page.split('id="claim"')[0].split('class="report-page"')[1]
    assert "HU" in page and 'id="stacks"' in page
    assert 'id="striatum"' not in page and 'id="agreement"' not in page


def test_a_checklist_points_at_sections_that_the_page_has(
    reported: Callable[[str], str],
) -> None:
    page = reported("forced-choice")
    pointed = set(re.findall('href="#([^"]+)"', page.split('id="claim"')[1]))
    assert "preferences" in pointed
    assert pointed <= set(re.findall(' id="([^"]+)"', page))


def test_a_reader_s_interval_follows_a_patient_with_two_cases(
    heads: Cohort, reported: Callable[[str], str]
) -> None:
    one, other = heads.cases.filter(code__in=("H002", "H004"))
    heads.cases.filter(pk=other.pk).update(patient_digest=one.patient_digest)
    table = reported("anatomical-fidelity").split('id="fidelity"')[1].split("<h4>")[0]
    study = Study.objects.get(slug="stack-study")
    fidelity = report_build(study=study).fidelity
    assert fidelity is not None
    reader = fidelity.questions[0].arms[-1].readers[0].changed
    assert percent_interval(reader.clustered) in table
    assert percent_interval(reader.wilson) not in table


@pytest.mark.parametrize("question_set", ["forced-choice", "anatomical-fidelity"])
def test_of_a_test_that_there_is_not_the_reason_is_told_once(
    heads: Cohort, reported: Callable[[str], str], question_set: str
) -> None:
    """One case is one patient, of whom nobody can test anything."""
    heads.cases.update(patient_digest=heads.cases.first().patient_digest)
    page = re.sub(r"<[^>]+>", "", reported(question_set))
    told = page.split("All arms alike")[1].split(".")[0].strip()
    assert told == ": not estimable (there is only one patient)"


def test_words_of_a_reader_are_words_and_no_markup(
    reported: Callable[[str], str],
) -> None:
    page = reported("image-quality")
    assert "=Streaks at the &lt;b&gt;skull base&lt;/b&gt;." in page
    assert "<b>skull base</b>" not in page


def test_a_slice_is_shown_beside_the_reference_with_what_was_marked(
    reported: Callable[[str], str], client: Client
) -> None:
    page = reported("anatomical-fidelity")
    address = "/studies/stack-study/report/images/gaussian/H002/"
    marked = "?marks=fidelity&amp;slice=2"
    assert f"{address.rstrip('/')}" in page and marked in page
    where = next(
        part.split('"')[0]
        for part in page.split('href="')
        if marked in part.split('"')[0]
    ).replace("&amp;", "&")
    with_rings = client.get(where)
    assert with_rings["Content-Type"] == "image/png"
    without = client.get(where.split("?")[0] + "?slice=2")
    assert with_rings.content != without.content
    beyond = client.get(where.split("?")[0] + "?slice=99")
    assert beyond.status_code == 409 and b"no such slice" in beyond.content
    assert client.get(where.split("?")[0] + "?slice=-1").status_code == 404


@pytest.mark.parametrize("question_set", KINDS)
def test_each_figure_is_drawn_with_its_words_and_numbers(
    heads: Cohort, question_set: str
) -> None:
    study = _study(heads, question_set)
    image_quality_measure(study=study)
    found = figures(report_build(study=study))
    assert {"psnr", "ssim", "mae", "mean_error", "example_worst"} < set(found)
    wanted = {
        "image-quality": {"ratings_noise", "vgc_acceptability"},
        "forced-choice": {"abilities_preference", "choices_preference"},
        "finding-confidence": {"roc_confidence", "roc_readers_confidence"},
        "anatomical-fidelity": {"fidelity_fidelity", "marks_fidelity"},
    }[question_set]
    assert wanted < set(found)
    for name in wanted | {"example_worst", "mean_error"}:
        picture = found[name]
        assert picture.title and picture.caption and picture.alt
        assert all(len(row) == len(picture.table.header) for row in picture.table.rows)
        assert render(picture).startswith(b"<?xml")
    assert render(found[min(wanted)], theme="dark", form="png")[:4] == b"\x89PNG"


def test_the_pdf_holds_the_sections(heads: Cohort, tmp_path: Path) -> None:
    study = _study(heads, "forced-choice")
    frozen = report_work(study=study)
    for language in ("en", "ja"):
        assert report_pdf(frozen, language=language).startswith(b"%PDF")
