"""Everything wrong in a protocol's file is told at once, each with its place."""

from copy import deepcopy
from typing import Any

import pytest
from django.utils import translation

from readerstudy.audit.models import AuditEvent
from readerstudy.imaging.errors import Refused
from readerstudy.reading import services
from readerstudy.reading.models import Membership, Study
from readerstudy.reading.protocol.plain_yaml import yaml_write
from tests.cast import make_user

ARM = {"code": "a", "title": "A", "method": "short", "role": "comparison"}
IMAGE = {"case": "C001", "method": "short", "key": {"grade": {"right": 3, "left": 2}}}
WHOLE: dict[str, Any] = {
    "format": 1,
    "slug": "written",
    "title": "Written",
    "cohort": {"name": "Phantoms", "split": "", "codes": ["C001"]},
    "arms": [ARM, {**ARM, "code": "b", "role": "reference"}],
    "questions": "striatum-grade-1-4",
    "display": {"slices": 3},
    "training": {"gate": None, "images": [IMAGE]},
    "guesses": {"when": "never"},
    "analysis": {"primary_arm": "a"},
    "people": {"readers": ["dr-mori"]},
}


@pytest.fixture(autouse=True)
def people(cast):
    make_user("dr-mori")


def refusal(content: Any, cast) -> list[str]:
    """What is said of the file; nothing at all has changed then."""
    before = (Study.objects.count(), Membership.objects.count())
    last = AuditEvent.objects.count()
    text = content if isinstance(content, str) else yaml_write(content)
    with pytest.raises(Refused) as refused:
        services.protocol_load(content=text.encode(), by=cast.coordinator)
    assert (Study.objects.count(), Membership.objects.count()) == before
    assert AuditEvent.objects.count() == last
    return str(refused.value).splitlines()


def with_value(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    document = deepcopy(WHOLE)
    inner: Any = document
    for key in path[:-1]:
        inner = inner[key]
    if value is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return document


def test_the_file_that_the_others_differ_from_is_right(cast):
    content = yaml_write(WHOLE).encode()
    assert services.protocol_load(content=content, by=cast.coordinator).made


NEEDED = "This field is required."
FIELDS = "Fields with names are expected here."
LIST = "A list is expected here: lines that begin with “- ”."
TEXT = "Text is expected; put it in quotes."
SLUG = "A short name is expected: letters, digits, hyphens and underscores"


# place, what stands there (... for nothing), what is said of it first
WRONG: list[tuple[tuple[Any, ...], Any, str]] = [
    (("format",), ..., f"format: {NEEDED}"),
    (("format",), 2, "format: This program reads format 1."),
    (("slug",), ..., f"slug: {NEEDED}"),
    (("slug",), "a b", f"slug: {SLUG}"),
    (("slug",), True, f"slug: {SLUG}"),
    (("slug",), "x" * 51, "slug: It may have at most 50 char"),
    (("title",), ..., f"title: {NEEDED}"),
    (("title",), " ", "title: This field may not be blank."),
    (("title",), None, "title: This field may not be null."),
    (("title",), True, f"title: {TEXT}"),
    (("title",), ["x"], f"title: {TEXT}"),
    (("title",), "x" * 201, "title: It may have at most 200 char"),
    (("cohort",), ..., f"cohort: {NEEDED}"),
    (("cohort",), None, "cohort: This field may not be null."),
    (("cohort",), "Phantoms", f"cohort: {FIELDS}"),
    (("cohort", "name"), ..., f"cohort.name: {NEEDED}"),
    (("cohort", "name"), "Elsewhere", "cohort.name: You coordinate no cohort of"),
    (("cohort", "name"), 3, "cohort.name: You coordinate no cohort of this name."),
    (("cohort", "split"), "tests", "cohort.split: “tests” is not one of: "),
    (("cohort", "codes"), "C001", f"cohort.codes: {LIST}"),
    (("cohort", "codes"), ["C001", "C009"], "cohort.codes[1]: The cohort has no "),
    (("cohort", "codes"), ["C001", "C001"], "cohort.codes: C001 is there twice."),
    (("cohort", "code"), [], "cohort.code: There is no such field; “codes” is one."),
    (("arms",), {"a": 1}, f"arms: {LIST}"),
    (("arms",), [ARM] * 101, "arms: It may have at most 100 entries"),
    (("arms", 1), "b", f"arms[1]: {FIELDS}"),
    (("arms", 1), None, "arms[1]: This field may not be null."),
    (("arms", 1, "role"), "referense", "arms[1].role: “referense” is not one of: "),
    (("arms", 0, "role"), "reference", "arms[1].role: A study has one reference"),
    (("arms", 1, "code"), "a", "arms[1].code: a is there twice."),
    (("arms", 1, "code"), "é", f"arms[1].code: {SLUG}"),
    (("arms", 1, "title"), ..., f"arms[1].title: {NEEDED}"),
    (("arms", 1, "method"), "x" * 101, "arms[1].method: It may have at most"),
    (("arms", 1, "repeated"), "maybe", "arms[1].repeated: Must be a valid boolean"),
    (("arms", 1, "colour"), "red", "arms[1].colour: There is no such field."),
    (("questions",), "x", "questions: “x” is not one of: striatum-grade-1-4, "),
    (("display", "slices"), 5, "display.slices: This program shows 3 slices."),
    (("display", "window"), "auto", "display.window: “auto” is not one of: "),
    (("display", "lut"), "hot", "display.lut: “hot” is not one of: cool"),
    (("display", "interpolation"), "no", "display.interpolation: “no” is not one"),
    (
        ("display", "least_slice_side"),
        0,
        "display.least_slice_side: It must be at least ",
    ),
    (("sessions",), "two", "sessions: A valid integer is required."),
    (("sessions",), None, "sessions: This field may not be null."),
    (("sessions",), True, "sessions: A valid integer is required."),
    (("sessions",), "1.5", "sessions: A valid integer is required."),
    (("sessions",), 101, "sessions: It must be at most 10"),
    (("spacing",), -1, "spacing: It must be at least 0."),
    (("washout",), 3, "washout: There is no such field; “washout_days” is one."),
    (("conduct",), 3, f"conduct: {FIELDS}"),
    (("conduct",), {"asks_conditions": 2}, "conduct.asks_conditions: Must be a "),
    (("training", "gate"), {}, f"training.gate.measure: {NEEDED}"),
    (
        ("training", "gate"),
        {"measure": "kappa"},
        f"training.gate.minimum: {NEEDED}",
    ),
    (
        ("training", "gate"),
        {"measure": "kappa", "minimum": "1.01"},
        "training.gate.minimum: It must be at most 1.",
    ),
    (
        ("training", "gate"),
        {"measure": "kappa", "minimum": ".nan"},
        "training.gate.minimum: A valid number is required.",
    ),
    (("training", "images", 0), 3, f"training.images[0]: {FIELDS}"),
    (
        ("training", "images", 0, "case"),
        "C009",
        "training.images[0].case: The cohort has no case C009.",
    ),
    (
        ("training", "images"),
        [IMAGE, IMAGE],
        "training.images[1]: C001 short is there twice.",
    ),
    (
        ("training", "images", 0, "key"),
        {"grade": {"right": 5, "left": 2}},
        "training.images[0]: 5 is not one of the answers.",
    ),
    (
        ("training", "images", 0, "key"),
        {"grade": {"right": True, "left": 2}},
        "training.images[0].key.grade.right: A valid integer is required.",
    ),
    (
        ("training", "images", 0, "key"),
        {"grade": {"right": 3}},
        "training.images[0]: Both sides must be answered.",
    ),
    (
        ("training", "images", 0, "key"),
        {"shade": {"right": 3, "left": 3}},
        "training.images[0]: The answers do not belong to this study's questions.",
    ),
    (
        ("training", "images", 0, "key"),
        {"grade": 3},
        f"training.images[0].key.grade: {FIELDS}",
    ),
    (("guesses", "when"), "no", "guesses.when: “no” is not one of: never, after-"),
    (("guesses", "percent"), 0, "guesses.percent: It must be at least "),
    (
        ("analysis", "primary_arm"),
        "u",
        "analysis.primary_arm: No arm has this code",
    ),
    (
        ("analysis", "control_arm"),
        "u",
        "analysis.control_arm: No arm has this code",
    ),
    (("analysis", "margin"), "0.0001", "analysis.margin: It may have at most"),
    (("analysis", "margin"), 0, "analysis.margin: It must be at least"),
    (
        ("analysis", "margin"),
        "wide",
        "analysis.margin: A valid number is required.",
    ),
    (("analysis", "weights"), "cubic", "analysis.weights: “cubic” is not one of: "),
    (
        ("analysis", "image_metrics"),
        [],
        "analysis.image_metrics: This list may not",
    ),
    (
        ("analysis", "image_metrics"),
        ["x"],
        "analysis.image_metrics[0]: “x” is not ",
    ),
    (
        ("analysis", "image_metrics"),
        ["ssim-1", "ssim-1"],
        "analysis.image_metrics: ssim-1 is there twice.",
    ),
    (("people", "readers"), "dr-mori", f"people.readers: {LIST}"),
    (
        ("people", "readers"),
        ["nobody"],
        "people.readers[0]: There is no account na",
    ),
    (
        ("people", "readers"),
        ["dr-mori", "dr-mori"],
        "people.readers[1]: dr-mori already has a role in this study.",
    ),
    (
        ("people", "statisticians"),
        ["dr-mori"],
        "people.statisticians[0]: dr-mori already has a role in this study.",
    ),
    (
        ("people", "readers"),
        ["coordinator"],
        "people.readers[0]: coordinator already has a role in this study.",
    ),
    (
        ("people", "coordinators"),
        ["reader"],
        "reader reads another study of the same cohort blinded",
    ),
]


def test_a_wrong_value_is_named_by_its_place(cast):
    for path, value, said in WRONG:
        first = refusal(with_value(path, value), cast)[0]
        assert first.startswith(said), (path, value)


def test_all_that_is_wrong_is_told_at_once(cast):
    lines = refusal(
        """
        format: 2
        slug: phantom-study
        title: no
        cohort: {name: Nowhere}
        sesions: 3
        sessions: 0
        arms: [{code: a, title: A, method: a, role: referense}, x]
        display: {slices: 5, window: auto}
        training: {gate: {measure: kappa}, images: [{case: C001, method: short}]}
        analysis: {primary_arm: u, margin: 0.12345}
        people: {readers: [nobody]}
        """,
        cast,
    )
    assert [line.partition(":")[0] for line in lines] == [
        "format",
        "slug",
        "cohort.name",
        "arms[0].role",
        "arms[1]",
        "display.slices",
        "display.window",
        "sessions",
        "training.gate.minimum",
        "training.images[0].key",
        "analysis.primary_arm",
        "analysis.margin",
        "people.readers[0]",
        "sesions",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "The file is empty."),
        ("# nothing", "The file is empty."),
        ("- a", FIELDS),
        ("3", FIELDS),
        (
            "a: [",
            "Line 1, column 5: expected the node content, but found '<stream end>'",
        ),
    ],
)
def test_a_file_that_is_no_protocol_is_refused(cast, text, said):
    assert refusal(text, cast) == [said]


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("2026-11-21", "2026-11-21"),
        ("no", "no"),
        ("12", "12"),
        ("007", "007"),
        ("1.50", "1.50"),
        ("1:30", "1:30"),
        ("' x '", " x "),
    ],
)
def test_a_title_that_looks_like_something_else_is_still_that_title(
    cast, written, stored
):
    text = f"{{format: 1, slug: '9', title: {written}, cohort: {{name: Phantoms}}}}"
    services.protocol_load(content=text.encode(), by=cast.coordinator)
    assert Study.objects.get(slug="9").title == stored


def test_a_short_name_of_digits_needs_no_quotes(cast):
    text = "{format: 1, slug: 123, title: x, cohort: {name: Phantoms}}"
    services.protocol_load(content=text.encode(), by=cast.coordinator)
    assert Study.objects.filter(slug="123").exists()


def test_yes_and_no_are_answers_where_one_is_asked_for(cast):
    arms = [{**ARM, "repeated": "yes"}, {**ARM, "code": "b", "repeated": "no"}]
    content = yaml_write({**WHOLE, "arms": arms}).encode()
    study = services.protocol_load(content=content, by=cast.coordinator).study
    assert list(study.arms.values_list("repeated", flat=True)) == [True, False]


def test_a_refusal_speaks_japanese_to_whom_it_is_given(cast):
    with translation.override("ja"):
        [line] = refusal(with_value(("sessions",), None), cast)
    assert line.startswith("sessions: ")
    assert "may not be null" not in line


@pytest.mark.parametrize(
    ("right", "written", "place"),
    [
        ("questions", "question", "question"),
        ("arms", "Arms", "Arms"),
        ("readers", "reader", "people.reader"),
        ("method", "metod", "arms[0].metod"),
    ],
)
def test_a_misspelt_field_is_told_how_it_is_spelt(cast, right, written, place):
    content = yaml_write(WHOLE).replace(f"{right}:", f"{written}:", 1)
    said = f"{place}: There is no such field; “{right}” is one."
    assert said in refusal(content, cast)


def test_a_thousand_problems_are_told_in_a_screenful(cast):
    many = "".join(f"field-{number}: 1\n" for number in range(1000))
    lines = refusal(f"{yaml_write(WHOLE)}{many}", cast)
    assert len(lines) == 51
    assert lines[0] == "field-0: There is no such field."
    assert lines[-1] == "… and more."
    lines = refusal(with_value(("cohort", "codes"), ["none"] * 20_000), cast)
    assert len(lines) == 51


def test_a_list_that_is_far_too_long_is_refused_as_one(cast):
    lines = refusal(with_value(("arms",), [{}] * 20_000), cast)
    assert lines[0] == "arms: It may have at most 100 entries."
    assert len(lines) == 2  # and the primary arm is none of them


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (("people", "readers"), "people.readers[0]: There is no account named "),
        (("guesses", "when"), "guesses.when: “"),
    ],
)
def test_a_very_long_word_is_not_repeated_whole(cast, path, said):
    word = "x" * 100_000
    value = [word] if path[-1] == "readers" else word
    [line] = refusal(with_value(path, value), cast)
    assert line.startswith(said)
    assert len(line) < 150
