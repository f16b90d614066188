"""A protocol as a YAML file: the same content both ways."""

from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readerstudy.audit.models import AuditEvent
from readerstudy.imaging.stability_measures import MEASURES
from readerstudy.reading import services
from readerstudy.reading.models import IMAGE_METRICS, Study
from readerstudy.reading.preflight.checks import preflight
from readerstudy.reading.protocol.file import protocol_document, protocol_yaml
from readerstudy.reading.protocol.plain_yaml import yaml_read, yaml_write
from readerstudy.reading.services.settings import SETTINGS
from tests.cast import Cast, make_user
from tests.factory import TRAINING, make_cohort

from .test_plain_yaml import TEXT, TRICKY

EXAMPLE = Path(__file__).resolve().parents[2] / "docs/protocol-example.yaml"
SMALLEST = {
    "format": 1,
    "slug": "small",
    "title": "Small",
    "cohort": {"name": "Phantoms"},
}
CODES = ["C001", "C002", "C003", "C004"]
PEOPLE = ["abe", "mori", "sato", "ueda"]


def load(document: Any, cast: Cast, **options: Any) -> services.Loaded:
    text = document if isinstance(document, str) else yaml_write(document)
    return services.protocol_load(content=text.encode(), by=cast.coordinator, **options)


def settings_of(study: Study) -> dict[str, Any]:
    study = Study.objects.get(pk=study.pk)
    return {name: getattr(study, name) for name in SETTINGS}


def whole_draft(cast: Cast, **others: Any) -> Study:
    """With something in every section that is not the default."""
    arms = [
        services.ArmChoice("short", "5 minutes: no. 1", "comparison", False, "five"),
        services.ArmChoice("reference", "標準", "reference", False, "long"),
        services.ArmChoice("gaussian", "2026-11-21", "comparison", True, "no"),
    ]
    return services.study_create(
        **{
            "slug": "whole",
            "title": "no",
            "cohort": cast.cohort,
            "coordinator": cast.coordinator,
            "arms": arms,
            "training": TRAINING,
            "readers": [cast.second_reader, cast.reader],
            "statisticians": [cast.statistician],
            "coordinators": [cast.stranger],
            "case_codes": ["C004", "C002"],
            "resampling_allowed": True,
            "window_rule": "fixed",
            "interpolation": "nearest",
            "window_adjustable": True,
            "least_slice_side": 111,
            "sessions": 2,
            "washout_days": 3,
            "spacing": 1,
            "answer_changes": "study",
            "break_after_minutes": 12,
            "long_pause_minutes": 13,
            "asks_conditions": False,
            "gate": "within-one",
            "gate_minimum": Decimal("0.90"),
            "guesses": "at-end",
            "guess_percent": 33,
            "primary_arm": "five",
            "control_arm": "no",
            "kappa_margin": Decimal("0.050"),
            "kappa_weights": "linear",
            "image_metrics": ["ssim-1", "psnr-255"],
            "reference_standard": "given",
            "given_standard": [{"case": "C002", "right": 4, "left": 1}],
            **others,
        }
    )


def test_a_study_made_of_anothers_file_has_the_same_settings(cast):
    study = whole_draft(cast)
    again = load(protocol_yaml(study).replace("slug: whole", "slug: again"), cast)
    assert again.made
    assert settings_of(again.study) == settings_of(study)
    one, other = protocol_document(study), protocol_document(again.study)
    assert (one.pop("slug"), other.pop("slug")) == ("whole", "again")
    assert one == other
    codes = again.study.memberships.filter(role="reader").order_by("code")
    assert [m.user.username for m in codes] == ["second-reader", "reader"]


def test_a_draft_that_is_loaded_again_is_as_it_was(cast):
    study = whole_draft(cast)
    written = protocol_yaml(study)
    loaded = load(written, cast)
    assert (loaded.study, loaded.made) == (study, False)
    assert protocol_yaml(Study.objects.get(pk=study.pk)) == written


def test_a_file_may_say_little_and_the_rest_has_its_defaults(cast):
    whole_draft(cast, slug="small")
    study = load(SMALLEST, cast).study
    fresh = Study(title="Small")
    assert settings_of(study) == {name: getattr(fresh, name) for name in SETTINGS}
    assert not study.arms.exists()
    assert not study.training.exists()
    assert [m.user for m in study.memberships.all()] == [cast.coordinator]


def test_an_empty_section_says_nothing(cast):
    sections = ("arms", "display", "conduct", "training", "guesses", "analysis")
    empty = dict.fromkeys((*sections, "people"))
    study = load({**SMALLEST, **empty}, cast).study
    assert settings_of(study) == settings_of(load(SMALLEST, cast).study)


def test_an_open_study_gives_its_settings_as_amended(cast):
    services.protocol_amend(
        study=cast.study,
        by=cast.coordinator,
        reason="Shorter.",
        washout_days=5,
        primary_arm="short",
    )
    written = protocol_yaml(Study.objects.get(pk=cast.study.pk))
    document = yaml_read(written.encode())
    assert document["washout_days"] == 5
    assert document["analysis"]["primary_arm"] == "short"
    amendment = cast.study.amendments.get()
    assert written.splitlines()[:2] == [
        f"# Frozen when the study was opened: SHA-256 {cast.study.protocol_sha256}",
        f"# Amendment 1: SHA-256 {amendment.protocol_sha256}",
    ]
    # what is frozen is told, whatever became of the rows
    Study.objects.filter(pk=cast.study.pk).update(washout_days=99, title="Forged")
    forged = protocol_document(Study.objects.get(pk=cast.study.pk))
    assert (forged["washout_days"], forged["title"]) == (5, cast.study.title)


def test_a_file_for_others_names_nobody(cast):
    written = protocol_yaml(cast.study, people=False)
    assert "people" not in yaml_read(written.encode())
    for member in cast.study.memberships.all():
        assert member.user.username not in written.replace("second-reader", "")


def test_a_protocol_of_an_older_version_is_exported_with_defaults(cast):
    old = {k: cast.study.protocol[k] for k in ("questions", "title", "sessions")}
    old["display"] = {"window": "fixed"}
    Study.objects.filter(pk=cast.study.pk).update(protocol=old)
    document = protocol_document(Study.objects.get(pk=cast.study.pk))
    assert document["display"]["window"] == "fixed"
    assert document["display"]["lut"] == "cool"
    assert document["analysis"]["weights"] == "quadratic"
    assert document["questions"] == "striatum-grade-1-4"
    written = protocol_yaml(Study.objects.get(pk=cast.study.pk))
    assert "defaults: conduct, training, guesses, analysis\n" in written
    assert "of an older version" not in protocol_yaml(cast.study)


def test_the_twenty_seventh_reader_is_loaded_after_the_twenty_sixth(cast):
    names = [f"r-{number:02}" for number in range(28)]
    for name in names:
        make_user(name)
    loaded = load({**SMALLEST, "people": {"readers": names}}, cast)
    assert protocol_document(loaded.study)["people"]["readers"] == names


def test_the_example_is_a_study_that_could_open(cast):
    """Only names of this site stand in the way of docs/protocol-example.yaml."""
    text = EXAMPLE.read_text()
    document = yaml_read(text.encode())
    cohort = make_cohort(
        document["cohort"]["name"],
        cases_wanted=60,
        coordinators=[cast.coordinator],
        methods=[arm["method"] for arm in document["arms"]],
    )
    for names in document["people"].values():
        for name in names:
            if name != "coordinator":
                make_user(f"{name}")
    study = load(text, cast).study
    assert study.cohort == cohort
    assert preflight(study) == []
    # every field is in it, and what it says comes out again
    again = yaml_read(protocol_yaml(study).encode())
    assert again == document


def test_the_example_says_which_values_are_the_defaults(cast):
    """All but those of which a comment tells another one."""
    document = yaml_read(EXAMPLE.read_bytes())
    default = protocol_document(load(SMALLEST, cast).study)
    told_otherwise = {"sessions", "guesses.when", "training.gate"}
    told_otherwise |= {"analysis.primary_arm", "analysis.control_arm"}
    told_otherwise |= {"analysis.margin", "training.images"}
    for section in ("questions", "sessions", "washout_days", "spacing"):
        assert (document[section] == default[section]) != (section in told_otherwise)
    for section in ("display", "conduct", "training", "guesses", "analysis"):
        for key, value in document[section].items():
            is_default = value == default[section][key]
            assert is_default != (f"{section}.{key}" in told_otherwise), key


NAMES = (TEXT | TRICKY).filter(lambda text: text.strip())
LIMITS = st.integers(0, 1000).map(lambda number: str(Decimal(number) / 100))
SLUGS = st.from_regex(r"[A-Za-z0-9_-]{1,10}", fullmatch=True)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    trained = draw(st.lists(st.sampled_from(CODES), unique=True, max_size=2))
    codes = draw(st.lists(SLUGS, unique=True, max_size=4))
    reference = draw(st.sampled_from([None, *codes]))
    arm = st.sampled_from(["", *codes])
    places = draw(st.permutations(PEOPLE))
    cuts = sorted(draw(st.tuples(*[st.integers(0, len(PEOPLE))] * 2)))
    hundredths = st.integers(0, 100).map(lambda number: str(Decimal(number) / 100))
    thousandths = st.integers(1, 1000).map(lambda number: str(Decimal(number) / 1000))
    gate = st.fixed_dictionaries(
        {"measure": st.sampled_from(["kappa", "within-one"]), "minimum": hundredths}
    )
    grade = st.integers(1, 4)
    return {
        "format": 1,
        "slug": "written",
        "title": draw(NAMES),
        "cohort": {
            "name": "Phantoms",
            "type": "dat-spect",
            "split": draw(st.sampled_from(["", "test"])),
            "codes": draw(st.lists(st.sampled_from(CODES), unique=True)),
            "resampling_allowed": draw(st.booleans()),
        },
        "arms": [
            {
                "code": code,
                "title": draw(NAMES),
                "method": draw(NAMES),
                "role": "reference" if code == reference else "comparison",
                "repeated": draw(st.booleans()),
            }
            for code in codes
        ],
        "questions": "striatum-grade-1-4",
        "display": {
            "slices": 3,
            "window": draw(st.sampled_from(["image-max", "fixed"])),
            "lut": "cool",
            "interpolation": draw(st.sampled_from(["bicubic", "nearest"])),
            "window_adjustable": draw(st.booleans()),
            "least_slice_side": draw(st.integers(1, 2000)),
        },
        "sessions": draw(st.integers(1, 100)),
        "washout_days": draw(st.integers(0, 3650)),
        "spacing": draw(st.integers(0, 10_000)),
        "conduct": {
            "answer_changes": draw(st.sampled_from(["never", "session", "study"])),
            "break_after_minutes": draw(st.integers(0, 1440)),
            "long_pause_minutes": draw(st.integers(1, 1440)),
            "asks_conditions": draw(st.booleans()),
        },
        "training": {
            "gate": draw(st.none() | gate),
            "images": [
                {
                    "case": case,
                    "method": draw(NAMES),
                    "key": {"grade": {"right": draw(grade), "left": draw(grade)}},
                }
                for case in trained
            ],
        },
        "guesses": {
            "when": draw(st.sampled_from(["never", "after-grade", "at-end"])),
            "percent": draw(st.integers(1, 100)),
        },
        "analysis": {
            "primary_arm": draw(arm),
            "control_arm": draw(arm),
            "margin": draw(st.none() | thousandths),
            "weights": draw(st.sampled_from(["quadratic", "linear", "unweighted"])),
            "interval": "clustered-delta",
            "image_metrics": draw(
                st.lists(st.sampled_from(IMAGE_METRICS), unique=True, min_size=1)
            ),
            "stability_limits": draw(
                st.dictionaries(st.sampled_from(list(MEASURES)), LIMITS, max_size=3)
            ),
            "standard": draw(st.sampled_from(["own", "median", "majority", "given"])),
            "given": [
                {"case": case, "right": draw(grade), "left": draw(grade)}
                for case in draw(st.lists(st.sampled_from(CODES), unique=True))
            ],
        },
        "people": {
            "readers": places[: cuts[0]],
            "statisticians": places[cuts[0] : cuts[1]],
            "coordinators": ["coordinator", *sorted(places[cuts[1] :])],
        },
    }


def plain(document: dict[str, Any]) -> dict[str, Any]:
    """Numbers as numbers, and people in an order that does not matter in a row."""
    document = deepcopy(document)
    gate, analysis = document["training"]["gate"], document["analysis"]
    if gate is not None:
        gate["minimum"] = Decimal(gate["minimum"])
    if analysis["margin"] is not None:
        analysis["margin"] = Decimal(analysis["margin"])
    limits = analysis["stability_limits"]
    analysis["stability_limits"] = {k: Decimal(v) for k, v in limits.items()}
    document["people"]["coordinators"].sort()
    return document


@pytest.fixture
def people(cast):
    for name in PEOPLE:
        make_user(name)


@given(document=documents())
@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_what_a_file_says_comes_out_of_the_study_again(cast, people, document):
    """One draft is written anew by file after file; none leaves a trace in the next."""
    study = load(document, cast).study
    assert plain(protocol_document(study)) == plain(document)
    written = protocol_yaml(study)
    kept = settings_of(study)
    study = load(written, cast).study
    assert protocol_yaml(study) == written
    assert settings_of(study) == kept


def test_loading_is_recorded_as_any_draft_is(cast):
    last = AuditEvent.objects.count()
    load(protocol_yaml(whole_draft(cast)).replace("slug: whole", "slug: again"), cast)
    load({**SMALLEST, "slug": "again"}, cast)
    events = AuditEvent.objects.filter(sequence__gt=last, study="again")
    assert list(events.values_list("action", flat=True)) == [
        *["study.create", *["member.add"] * 5],
        *["study.update", *["member.remove"] * 4],
    ]
    made, changed = events.filter(action__startswith="study.")
    assert made.after == changed.before
    assert made.actor_name == changed.actor_name == "coordinator"
    assert "C002" not in str(list(events.values("before", "after")))
