"""No text for people goes past the translators: every one of them is marked.

Rough on purpose: each test reads the sources for the ways in which a text has
slipped through, or could.
"""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django import forms
from django.apps import apps
from django.db.models import Model
from django.utils.functional import Promise

import readerstudy.cases.forms.corrections
import readerstudy.cases.forms.pacs
import readerstudy.cases.forms.sending
import readerstudy.cases.forms.table
import readerstudy.reading.forms.amendment
import readerstudy.reading.forms.conduct
import readerstudy.reading.forms.settings
import readerstudy.reading.forms.study  # noqa: F401 - its forms are looked at
from readerstudy.cases.wording import OF_PREPROCESSING, PLACE
from tests.test_architecture import ALL

pytestmark = pytest.mark.pure

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SCRIPTS = sorted((ROOT / "static" / "js").glob("*.js"))
OURS = ("audit", "cases", "inference", "reading", "stats")
SPOKEN = ("alt", "title", "aria-label", "placeholder", "value", "label", "content")
# what is the same in every language: units, formulas, names, HTML's own words
NAMES = {
    *("OpenAPI", "Swagger", "Redoc"),
    *("max", "kappa", "SHA", "CSV", "Enter", "Esc", "width", "device", "initial"),
    *("scale", "light", "dark", "px", "mm", "post", "UTC", "MB", "AUC"),
    *("Cool", "ImageJ", "ONNX", "safetensors", "GFLOP", "dB"),
    *("PSNR", "SSIM", "MAE", "NRMSE", "ICC", "PABAK", "BCa", "SVG", "PNG"),
    *("Bowker", "Stuart", "Maxwell"),
}
WORD = re.compile(r"[A-Za-z]{2,}")
TAGS = re.compile(
    r"{% comment %}.*?{% endcomment %}|{#.*?#}"
    r"|{% block (?:body_class|scheme|color_scheme) %}\w*(?: \w+)*{% endblock %}"
    r"|{% blocktrans(?:late)?\b.*?{% endblocktrans(?:late)? %}|{{.*?}}|{%.*?%}",
    re.DOTALL,
)


class Bare(HTMLParser):
    """Words of a template that no tag of Django's gives."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.quiet = 0

    def handle_starttag(
        self, tag: str, attributes: list[tuple[str, str | None]]
    ) -> None:
        self.quiet += tag in ("script", "style", "code")
        spoken = dict(attributes)
        hidden = tag == "meta" or spoken.get("type") in ("hidden", "radio", "checkbox")
        for name in SPOKEN:
            is_code = name == "value" and tag in ("option", "button", "input")
            if spoken.get(name) and not (hidden or is_code):
                self.words += WORD.findall(spoken[name] or "")

    def handle_endtag(self, tag: str) -> None:
        self.quiet -= tag in ("script", "style", "code")

    def handle_data(self, data: str) -> None:
        if not self.quiet:
            # a block may hold attributes of the tag around it
            self.words += WORD.findall(re.sub(r'[\w-]+="[^"]*"', " ", data))


def bare_words(template: str) -> set[str]:
    parser = Bare()
    parser.feed(TAGS.sub(" ", template))
    return set(parser.words) - NAMES


@pytest.mark.pure
@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_template_has_no_bare_text(path: Path) -> None:
    assert bare_words(path.read_text()) == set()


@pytest.mark.pure
def test_bare_text_would_be_seen() -> None:
    page = (
        '<p title="Save it">{% translate "Saved" %} now {{ name }}</p>'
        "<code>x</code>{% blocktranslate %}Told{% endblocktranslate %}"
    )
    assert bare_words(page) == {"Save", "it", "now"}


# A string of a script that reads like words for people: two words with a space, of
# which the first begins with a capital; selectors, types and URLs do not look so.
TOLD_BY_SCRIPT = re.compile(r"""(["'`])([A-Z][a-z]+(?: [A-Za-z{}$.'’]+)+[.!?…]?)\1""")


@pytest.mark.pure
@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: p.name)
def test_a_script_takes_its_texts_from_the_page(path: Path) -> None:
    code = re.sub(r"^\s*//.*$", "", path.read_text(), flags=re.MULTILINE)
    said = [found[1] for found in TOLD_BY_SCRIPT.findall(code)]
    # thrown, never shown: what a console may be told
    assert [text for text in said if f'Error("{text}' not in code] == []


@pytest.mark.pure
def test_a_scripts_text_would_be_seen() -> None:
    assert TOLD_BY_SCRIPT.search('note.textContent = "Please try again.";')
    assert not TOLD_BY_SCRIPT.search('document.querySelector("label span")')


LABELLED_BY_TEMPLATE = {"ArmForm"}  # a row of a table


def forms_of_ours() -> list[type[forms.BaseForm]]:
    def below(kind: type) -> Iterator[type]:
        for one in kind.__subclasses__():
            yield one
            yield from below(one)

    mine = ("readerstudy.", "inference.", "stats.")
    return sorted(
        {one for one in below(forms.BaseForm) if one.__module__.startswith(mine)},
        key=lambda one: one.__qualname__,
    )


@pytest.mark.parametrize("form", forms_of_ours(), ids=lambda form: form.__name__)
def test_a_form_says_nothing_that_is_not_marked(form: type[forms.BaseForm]) -> None:
    assert list(unmarked(form)) == []


def unmarked(form: type[forms.BaseForm]) -> Iterator[str]:
    for name, field in form.base_fields.items():
        if isinstance(field.widget, forms.HiddenInput):
            continue
        # None: Django makes one of the field's name, in English
        if not is_marked(field.label) and form.__name__ not in LABELLED_BY_TEMPLATE:
            yield f"label of {name}"
        if field.help_text and not is_marked(field.help_text):
            yield f"help of {name}"
        for value, words in getattr(field.widget, "choices", ()):
            if value and words and not is_marked(words):
                yield f"{name}: choice {words}"


def is_marked(words: object) -> bool:
    """Whether the words wait for the language of who reads them; numbers need not."""
    if isinstance(words, Promise):
        return True
    return words is not None and set(WORD.findall(str(words))) <= NAMES


def models_of_ours() -> list[type[Model]]:
    return [model for app in OURS for model in apps.get_app_config(app).get_models()]


@pytest.mark.parametrize("model", models_of_ours(), ids=lambda m: m.__name__)
def test_the_choices_of_a_model_are_marked(model: type[Model]) -> None:
    for field in model._meta.get_fields():
        for value, words in getattr(field, "choices", None) or ():
            is_name = {*WORD.findall(str(words))} <= NAMES
            assert is_marked(words) or is_name, f"{field.name}: {value}"


def plain_refusals(path: Path) -> list[int]:
    """Lines that raise a sentence as it stands in the source."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        if node.func.id in ("Refused", "ValidationError") and node.args:
            given = node.args[0]
            is_plain = isinstance(given, ast.Constant) or (
                isinstance(given, ast.JoinedStr)
                and any(
                    WORD.search(str(p.value))
                    for p in given.values
                    if isinstance(p, ast.Constant)
                )
            )
            if is_plain:
                found.append(node.lineno)
    return found


# commands alone say these, in English, as all of a command's words
ONLY_IN_COMMANDS = (
    "readerstudy.reading.leaks",
    "readerstudy.demo",
    "readerstudy.operations.backup",
    "readerstudy.simulation.ct.lowering",
    "inference.simulated_sweeps",
)
PREPROCESSING = "readerstudy.imaging.preprocessing"  # marked elsewhere


@pytest.mark.pure
def test_what_refuses_can_be_translated() -> None:
    plain = {
        name: plain_refusals(path)
        for name, path in ALL.items()
        if ".management." not in name
        and not name.startswith((*ONLY_IN_COMMANDS, PREPROCESSING))
    }
    assert {name: lines for name, lines in plain.items() if lines} == {}


@pytest.mark.pure
def test_what_preprocessing_refuses_with_is_marked_word_for_word() -> None:
    """Places aside; its code is not touched for a translation's sake."""
    said = set()
    for node in ast.walk(ast.parse(ALL[PREPROCESSING].read_text())):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            given = node.exc.args[0]
            parts = given.values if isinstance(given, ast.JoinedStr) else [given]
            words = (p.value if isinstance(p, ast.Constant) else "…" for p in parts)
            said.add("".join(map(str, words)))
    assert said == {PLACE.sub("…", sentence) for sentence in OF_PREPROCESSING}
