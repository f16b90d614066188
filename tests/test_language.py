"""Every page in Japanese: the catalogue is whole, and no English is left on a page."""

import ast
import gettext
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from inference.models import Weights
from readerstudy.cases.models import Case, Cohort, Upload
from readerstudy.reading import services
from readerstudy.reading.models import Arm, CodeBreak, Reopening, Study
from tests.cast import Cast, reader_membership
from tests.catalogue import Entry, placeholders, read_catalogue
from tests.factory import unblind
from tests.pages import make_pages
from tests.reading.test_study_conduct import tell_everything

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = Path("locale/ja/LC_MESSAGES/django.po")
PACKAGES = ("readerstudy", "inference", "stats", "templates", "locale")
JAPANESE = {"Accept-Language": "ja"}


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    return read_catalogue(ROOT / CATALOGUE)


@pytest.mark.pure
def test_every_text_is_translated_for_good(entries: list[Entry]) -> None:
    assert len(entries) > 300
    missing = [entry.key for entry in entries if not all(entry.translations)]
    assert missing == []
    assert [entry.key for entry in entries if "fuzzy" in entry.flags] == []


@pytest.mark.pure
def test_a_translation_has_the_places_of_its_original(entries: list[Entry]) -> None:
    for entry in entries:
        # the last original is of many; where there is one form, it serves for all
        many = placeholders(entry.originals[-1])
        for translation in entry.translations:
            assert placeholders(translation) == many, entry.key


@pytest.mark.pure
def test_the_compiled_catalogue_is_the_readable_one(entries: list[Entry]) -> None:
    """Machines that run the site have no msgfmt, so both are kept."""
    with (ROOT / CATALOGUE).with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    compiled = {
        key[0] if isinstance(key, tuple) else key: text
        for key, text in compiled.items()
        if key
    }
    assert compiled == {entry.key: entry.translations[0] for entry in entries}


@pytest.mark.pure
@pytest.mark.skipif(
    not (shutil.which("xgettext") or os.environ.get("REQUIRE_ALL")),
    reason="gettext was not found on this machine",
)
def test_the_catalogue_has_every_marked_text(
    tmp_path: Path, entries: list[Entry]
) -> None:
    """What `make messages` would collect is what is there."""
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package,
            tmp_path / package,
            ignore=shutil.ignore_patterns("__pycache__", "*.safetensors"),
        )
    for file in ("manage.py", "Makefile"):
        shutil.copy(ROOT / file, tmp_path / file)
    recipe = re.search(r"makemessages .*", (tmp_path / "Makefile").read_text())
    assert recipe
    subprocess.run(
        [sys.executable, "manage.py", *recipe[0].split()],
        cwd=tmp_path,
        env={**os.environ, "VAR_DIR": str(tmp_path / "var")},
        check=True,
        capture_output=True,
    )
    found = read_catalogue(tmp_path / CATALOGUE)
    assert {entry.key for entry in found} == {entry.key for entry in entries}


@pytest.mark.pure
def test_no_text_is_marked_within_an_f_string() -> None:
    """xgettext does not look into them: such a text would stay English."""
    marked = [
        f"{path.relative_to(ROOT)}: {call.args[0].value}"
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        for string in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(string, ast.JoinedStr)
        for call in ast.walk(string)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in ("_", "gettext", "ngettext")
        and isinstance(call.args[0], ast.Constant)
    ]
    assert marked == []


class Words(HTMLParser):
    """All that a page says: its text, and what its attributes say aloud.

    What is marked as another language, and codes, are not counted.
    """

    SPOKEN = ("alt", "title", "aria-label", "placeholder")
    SILENT = ("script", "style", "code", "textarea")
    VOID = ("img", "input", "meta", "link", "br")

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.silent: list[str] = []  # open elements, from the first silent one on

    def handle_starttag(
        self, tag: str, attributes: list[tuple[str, str | None]]
    ) -> None:
        foreign = ("lang", "en") in attributes
        if (self.silent or foreign or tag in self.SILENT) and tag not in self.VOID:
            self.silent.append(tag)
        for name, value in attributes:
            told = name in self.SPOKEN or name in DATA_TEXTS
            if value and told and not self.silent:
                self.said.append(value)

    def handle_endtag(self, tag: str) -> None:
        if self.silent:
            assert self.silent.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.said.append(data)


# attributes by which templates give scripts their texts
DATA_TEXTS = {
    name
    for path in (ROOT / "templates").rglob("*.html")
    for name in re.findall(r'(data-[a-z-]+)="{% (?:block)?translate ', path.read_text())
}
# Latin words that Japanese pages write as they are: names, terms, units.
LATIN = {
    *("English", "DICOM", "CSV", "Excel", "zip", "SHA", "UTC", "URL", "JavaScript"),
    *("SSIM", "PSNR", "Friedman", "Dunn", "Holm", "Fisher", "Fleiss", "Cohen", "and"),
    *("Everitt", "Wang", "SE", "Net", "safetensors", "manage", "py", "choose_filters"),
    *(
        "Enter",
        "Esc",
        "dcm",
        "mm",
        "MB",
        "GB",
        "dB",
        "px",
        "verify_audit",
        "anchor",
        "HASH",
    ),
    *("YAML", "yaml", "ImageJ", "Cool", "GSDF", "Bang"),
    *("ONNX", "torch", "Keras", "pickle", "CC", "BY", "GFLOP"),
    *("Attention", "TransUNET", "NAFNet", "DRUNet"),
    # those who a method is named after, its letters, and files
    *("Altman", "Bland", "Bowker", "Conger", "DeRouen", "Gwet", "Hodges", "Kottner"),
    *("Krippendorff", "Kruskal", "Lehmann", "Light", "Mancl", "Maxwell", "Obuchowski"),
    *("Pratt", "Rockette", "Satterthwaite", "Stuart", "Tejani", "Wallis", "Wilcoxon"),
    *("Wilson", "Zou", "et", "al", "doi", "jclinepi", "ryai", "worst_cases", "csv"),
    *("AC", "BCa", "CR", "ICC", "MAE", "NRMSE", "PABAK", "CLAIM", "GRRAS"),
    *("PDF", "PNG", "SVG", "report", "json", "docs", "statistics", "md"),
    *("deidentification", "django", "numpy", "pydantic", "python", "scipy"),
    *("statsmodels",),
}
Look = Callable[..., set[str]]  # who, address, status → English words
WORD = re.compile(r"[A-Za-z_]{2,}")


def english_on(page: str, data: set[str]) -> set[str]:
    """Latin words on a page that are neither terms nor data."""
    parser = Words()
    parser.feed(page)
    text = re.sub(r"{[a-z]+}", " ", "\n".join(parser.said))  # a script fills these
    for value in sorted(data, key=len, reverse=True):
        text = text.replace(value, " ")
    return set(WORD.findall(text)) - LATIN


def what_people_wrote() -> set[str]:
    """Names and titles in the database, which no catalogue translates."""
    cards = Weights.objects.values_list(
        "card__data__description",
        "card__recipe__name",
        "card__loss",
        "card__licence",
        "card__origin",
    )
    return {
        *(value for card in cards for value in card if value),
        *Weights.objects.values_list("title", flat=True),
        *Weights.objects.values_list("network", flat=True),
        *Cohort.objects.values_list("name", flat=True),
        *Upload.objects.values_list("name", flat=True),
        *Study.objects.values_list("title", flat=True),
        *Study.objects.values_list("slug", flat=True),
        *User.objects.values_list("username", flat=True),
        *Arm.objects.values_list("title", flat=True),
        *Arm.objects.values_list("method", flat=True),
        *Case.objects.values_list("code", flat=True),
        *Reopening.objects.values_list("reason", flat=True),
        *CodeBreak.objects.values_list("reason", flat=True),
    }


@pytest.fixture
def english_at(db: None) -> Look:
    def look(user: User | None, path: str, status: int = 200) -> set[str]:
        client = Client(raise_request_exception=False, headers=JAPANESE)
        if user:
            client.force_login(user)
        response = client.get(path, follow=True)
        assert response.status_code == status, path
        page = response.content.decode()
        assert 'lang="ja"' in page
        hashes = set(re.findall(r"\b[0-9a-f]{12,64}\b", page))
        return english_on(page, what_people_wrote() | hashes)

    return look


def test_visitors_and_the_lost_read_japanese(english_at: Look, cast: Cast) -> None:
    assert english_at(None, reverse("login")) == set()
    assert english_at(cast.reader, "/nonsense/", 404) == set()
    assert english_at(cast.reader, reverse("cases:cohort-list"), 403) == set()


@pytest.mark.sqlite  # no database has words of its own
def test_every_page_of_the_site_is_japanese(english_at: Look, cast: Cast) -> None:
    """What is opened by a key is in the page from the start, so it is seen as well."""
    Case.objects.filter(cohort=cast.cohort, code="C001").update(split="test")
    found = {}
    for shown in make_pages(cast):
        if english := english_at(shown.who, shown.path, shown.status):
            found[shown.name] = sorted(english)
    assert not found, "\n".join(f"{n}: {w}" for n, w in found.items())


def test_who_watches_a_study_reads_japanese(english_at: Look, cast: Cast) -> None:
    tell_everything(cast, reader_membership(cast.study, cast.reader))
    for person in (cast.coordinator, cast.statistician):
        for page in ("study-conduct", "study-log"):
            address = reverse(f"reading:{page}", args=[cast.study.slug])
            assert english_at(person, address) == set(), address
    services.study_close(study=cast.study, by=cast.coordinator)
    services.unblinding_approve(study=cast.study, by=cast.statistician)
    study = reverse("reading:study-detail", args=[cast.study.slug])
    assert english_at(cast.coordinator, study) == set()


def test_the_report_is_japanese(english_at: Look, cast: Cast) -> None:
    report = reverse("stats:report", args=[cast.study.slug])
    assert english_at(cast.statistician, report, 409) == set()
    unblind(cast.study)
    for address in (report, f"{report}?control=gaussian&blocks=slice"):
        assert english_at(cast.statistician, address) == set(), address


def test_the_words_of_the_grades_are_the_agreed_ones(cast: Cast) -> None:
    client = Client(headers=JAPANESE)
    client.force_login(cast.reader)
    address = reverse("reading:read-next", args=[cast.study.slug])
    page = client.get(address).content.decode()
    for value, words in enumerate(
        ("被殻・尾状核高度低下", "被殻高度低下", "被殻軽度低下", "正常"), start=1
    ):
        assert page.count(f"<b>{value}</b><span>{words}</span>") == 2  # both sides


def test_refusals_are_in_the_language_of_who_is_refused(cast: Cast) -> None:
    client = Client(headers=JAPANESE)
    client.force_login(cast.coordinator)
    address = reverse("reading:unblinding-approve", args=[cast.study.slug])
    page = client.post(address, follow=True).content.decode()
    assert "盲検解除できるのは、終了した読影試験のみです。" in page


def test_the_test_would_see_english() -> None:
    page = '<p title="Save it">保存</p><p>Saved C001 as CSV</p><script>let x</script>'
    assert english_on(page, {"C001"}) == {"Save", "it", "Saved", "as"}
