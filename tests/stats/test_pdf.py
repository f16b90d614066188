"""The report on paper: what the page says, set as it was typed."""

import re
import zlib
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from readerstudy.reading.models import Study
from stats.figures.registry import figure_files
from stats.freezing import report_freeze
from stats.models import FrozenDocument
from stats.pdf import building as pdf_building
from stats.pdf import document, report_pdf
from stats.pdf.blocks import blocks_of
from stats.reporting.report import Report

URL = "/studies/read-study/report/report.pdf"
NASTY = "#evil()[*x*] <b>$1$ \\ @y // 日本 &amp; \U0001f600"
STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.S)


def inside(pdf: bytes) -> bytes:
    """The file with its streams unpacked."""
    found = [pdf]
    for stream in STREAM.findall(pdf):
        try:
            found.append(zlib.decompress(stream))
        except zlib.error:
            continue
    return b"\n".join(found)


def holds(pdf: bytes, text: str) -> bool:
    """As title, bookmark or alternative text, which PDF keeps as UTF-16 or plain."""
    coded = "FEFF" + text.encode("utf-16-be").hex().upper()
    return coded.encode() in pdf or f"({text})".encode() in pdf


def shown(pdf: bytes) -> set[str]:
    """Every letter that some font of the file was embedded for."""
    codes = re.findall(rb"<[0-9A-F]{4}> <([0-9A-F]{4})>", pdf)
    return {chr(int(code, 16)) for code in codes}


@pytest.fixture
def without_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """They take seconds, and are looked at elsewhere."""
    monkeypatch.setattr(pdf_building, "figure_files", lambda *_: {})


def test_a_figure_is_there_with_its_words(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    def few(report: Report, _: None, language: str) -> dict[str, bytes]:
        return figure_files(report, ["kappa"], language)

    monkeypatch.setattr(pdf_building, "figure_files", few)
    made = inside(report_pdf(report_freeze(study=study), language="en"))
    assert b"pdfuaid" in made  # it says that it is accessible, and typst checked it
    assert b"/Lang(en)" in made
    assert made.count(b"/Alt<FEFF") + made.count(b"/Alt(") >= 1


def test_what_somebody_typed_is_no_markup(study: Study, without_figures: None) -> None:
    Study.objects.filter(pk=study.pk).update(title=NASTY)
    study.refresh_from_db()
    made = inside(report_pdf(report_freeze(study=study), language="en"))
    assert holds(made, f"Report: {NASTY}")
    assert set("#$@") <= shown(made)
    assert b"pdfuaid" not in made  # no font here has that face


def test_it_is_in_japanese_with_its_letters(
    study: Study, without_figures: None
) -> None:
    frozen = report_freeze(study=study)
    made = inside(report_pdf(frozen, language="ja"))
    assert b"/Lang(ja)" in made
    assert set("画質読影") <= shown(made)
    assert b"IPAexGothic" in made
    assert b"pdfuaid" in made


def test_the_same_report_gives_the_same_bytes(
    study: Study, without_figures: None
) -> None:
    frozen = report_freeze(study=study)
    first = report_pdf(frozen, language="en")
    assert report_pdf(frozen, language="en") == first


def test_it_is_kept_as_it_was_first_given_out(
    client: Client,
    study: Study,
    coordinator: User,
    without_figures: None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    client.force_login(coordinator)
    assert client.get(URL).status_code == 302  # nothing is frozen yet
    frozen = report_freeze(study=study)
    first = client.get(URL)
    assert first.headers["Content-Type"] == "application/pdf"
    assert "read-study-report-1.pdf" in first.headers["Content-Disposition"]
    monkeypatch.setattr(pdf_building, "LATIN", "DejaVu Sans Mono")  # a later program
    assert client.get(URL).content == first.content == document(frozen, language="en")
    assert FrozenDocument.objects.count() == 1
    call_command("report_pdf", "read-study", tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes() == first.content
    assert client.get(f"{URL}?version=2").status_code == 404
    assert client.get(f"{URL}?version=-1").status_code == 404


@pytest.mark.pure
def test_blocks_are_what_a_page_says() -> None:
    html = """
      <section id="top"><h2>Head &amp; tail</h2><form>not <b>printed</b></form>
      <p class="small muted">A  <b>bold</b>\n word<br>below <code>c*</code></p>
      <p>See <a href="#top">there</a></p>
      <div class="notice warning"><p>Mind.</p></div>
      <dl><div class="wide"><dt>Term</dt><dd>Fact<details><summary>More</summary>
        <table><tbody><tr><td>in it</td></tr></tbody></table></details></dd></div></dl>
      <table><thead><tr><th scope="col">Arm</th><th class="number">κ</th></tr></thead>
      <tbody><tr class="control"><th scope="row">x</th><td class="number">0.5<br>
        <small>0.4 to 0.6</small></td></tr></tbody></table>
      <figure id="figure-one"><img alt="what is seen" src="/x"><figcaption>Words
        <span class="no-print">SVG</span></figcaption></figure>
      <ul><li>first</li><li>second</li></ul><p class="no-print">not this</p></section>
    """
    (
        place,
        head,
        text,
        link,
        notice,
        facts,
        more,
        inner,
        table,
        named,
        figure,
        listed,
    ) = blocks_of(html)
    assert head == {
        "kind": "heading",
        "level": 1,
        "runs": [{"t": "Head & tail", "s": ""}],
    }
    assert text["small"] and [run["t"] for run in text["runs"]] == [
        *("A ", "bold", " word", "\n", "below ", "c*")
    ]
    assert text["runs"][1]["s"].endswith("b")
    assert (place["name"], named["name"]) == ("top", "figure-one")
    assert link["runs"] == [{"t": "See ", "s": ""}, {"t": "there", "s": "", "l": "top"}]
    assert notice["blocks"][0]["runs"][0]["t"] == "Mind."
    assert facts["pairs"][0]["text"] == [{"t": "Fact", "s": ""}]
    assert (more["kind"], inner["kind"]) == ("text", "table")
    (cells,) = table["body"]
    assert [run["t"] for run in cells[1]["runs"]] == ["0.5", "\n", "0.4 to 0.6"]
    assert cells[1]["number"] and cells[1]["marked"]
    assert not table["head"][0][0]["number"]
    assert (figure["name"], figure["alt"]) == ("one", "what is seen")
    assert figure["caption"] == [{"t": "Words", "s": ""}]
    assert [item[0]["t"] for item in listed["items"]] == ["first", "second"]
    assert "not" not in str(head) + str(text["runs"])
