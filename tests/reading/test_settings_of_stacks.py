"""A study of whole stacks: what it can be set to, its own questions, and its file."""

import pytest

from readerstudy.imaging.errors import Refused
from readerstudy.reading import services
from readerstudy.reading.models import Read
from readerstudy.reading.preflight.checks import preflight
from readerstudy.reading.preflight.plan import hints
from readerstudy.reading.protocol.file import protocol_document, protocol_yaml
from readerstudy.reading.verification.schedule import schedule_verify
from tests.factory import METHODS

from .conftest import ANSWERS, TRUTH, answer, reader_of

OWN = [
    {"key": "vessels", "words": "Vessels", "kind": "likert"}
    | {"answers": [{"value": n, "words": str(n)} for n in (1, 2, 3)]},
    {"key": "nodule", "words": "A nodule?", "kind": "confidence"},
    {"key": "said", "words": "Anything else", "kind": "text"},
]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"question_set": "striatum-grade-1-4"}, "“striatum-grade-1-4” is not one of"),
        ({"window_rule": "fixed"}, "“fixed” is not one of: presets"),
        ({"windows": [{"key": "a"}]}, "A window has a key, a title"),
        ({"value_low": 5.0, "value_high": 5.0}, "the first one smaller"),
        ({"metric_low": 5.0}, "the first one smaller"),
        ({"gate": "kappa", "gate_minimum": 1}, "grades of each side"),
        ({"stability_limits": {"x": 1.0}}, "no measure of stability “x”"),
        ({"stability_limits": {"deformation": -1.0}}, "0 or more"),
        ({"given_standard": [{"case": "H001", "image": 1}]}, "can be given"),
    ],
)
def test_what_a_study_of_stacks_cannot_have_is_refused_in_words(
    make_stack_study, settings, said
):
    with pytest.raises(Refused) as refused:
        make_stack_study(**{"question_set": "image-quality", **settings})
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"guesses": "at-end"}, "Nobody can be asked what a pair of images was."),
        ({"value_low": None, "value_high": None}, "no range of values"),
        ({"windows": []}, "no window in which a read begins"),
        (
            {"question_set": "finding-confidence", "reference_standard": "own"}
            | {"given_standard": []},
            "has to be given",
        ),
        (
            {
                "question_set": "finding-confidence",
                "given_standard": [
                    {"case": f"H{n:03}", "image": 1} for n in range(1, 5)
                ],
            },
            "no ROC curve",
        ),
    ],
)
def test_what_stands_against_opening_is_said_in_words(make_stack_study, settings, said):
    study = make_stack_study(opened=False, **settings)
    assert said in " ".join(finding.message for finding in preflight(study))


def test_stacks_that_no_browser_could_hold_are_refused(make_stack_study, monkeypatch):
    monkeypatch.setattr("readerstudy.reading.preflight.types.MOST_PIXELS", 46_079)
    study = make_stack_study(opened=False)
    [finding] = preflight(study)
    assert "6 slices of 96 × 80 pixels are 46080, at most 46079" in finding.message


def test_units_are_not_mixed_in_one_study(make_stack_study, stacks):
    study = make_stack_study(opened=False)
    stacks.cases.first().series.update(unit="counts")
    assert "several units: HU, counts" in " ".join(
        finding.message for finding in preflight(study)
    )


def test_a_study_of_dat_spect_takes_no_windows_and_no_choice(make_draft):
    with pytest.raises(Refused, match="Only studies of whole stacks have it"):
        make_draft(value_low=0.0, value_high=1.0)
    with pytest.raises(Refused, match="“forced-choice” is not one of"):
        make_draft(question_set="forced-choice")
    grades = [{"value": n, "words": str(n)} for n in (1, 2)]
    grade = {"key": "grade", "words": "Grade", "kind": "grade", "answers": grades}
    make_draft(own_questions=[grade])
    with pytest.raises(Refused, match="Three slices take one question"):
        make_draft(own_questions=[grade, {**grade, "key": "second"}], slug="two")


def test_every_method_is_read_in_a_study_of_single_images(make_stack_study):
    study = make_stack_study("image-quality")
    read = Read.objects.filter(reader=reader_of(study))
    assert set(read.values_list("arm__method", flat=True)) == set(METHODS)
    assert not read.exclude(second_arm=None).exists()


def test_a_study_asks_its_own_questions(make_stack_study):
    study = make_stack_study("own", own_questions=OWN, **TRUTH)
    assert study.protocol["questions"]["key"] == "own"
    assert [one["kind"] for one in study.protocol["questions"]["questions"]] == [
        "likert",
        "confidence",
        "text",
    ]
    answers = {"vessels": {"image": 2}, "nodule": {"image": 0}}
    answer(reader_of(study), answers)
    assert schedule_verify(study).passed


@pytest.mark.parametrize("asked", [*ANSWERS, "own"])
def test_a_file_says_all_of_a_study_of_stacks(make_stack_study, cast, asked):
    own = {"own_questions": OWN, **TRUTH} if asked == "own" else {}
    study = make_stack_study(asked, metric_low=-0.5, metric_high=1e-3, **own)
    text = protocol_yaml(study).replace("slug: stacks", "slug: next")
    draft = services.protocol_load(content=text.encode(), by=cast.coordinator).study
    told = protocol_document(draft)
    assert told == protocol_document(study) | {"slug": "next"}
    assert draft.presentation == study.presentation
    if asked == "image-quality":
        wrong = text.replace("presentation: single", "presentation: pairs")
        with pytest.raises(Refused, match="follows from the questions"):
            services.protocol_load(content=wrong.encode(), by=cast.coordinator)
        wrong = text.replace("type: image-to-image", "type: dat-spect")
        with pytest.raises(Refused, match="cohort is of the type “image-to-image”"):
            services.protocol_load(content=wrong.encode(), by=cast.coordinator)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"key": "A b"}, "Question 1, key"),
        ({"kind": "number"}, "kind: one of grade, likert"),
        ({"kind": "grade"}, "take no question “grade”"),
        ({"kind": "choice", "answers": []}, "beside a choice stands no question"),
        ({"words": ""}, "words: 1 to 200"),
        ({"answers": [{"value": 1, "words": "one"}]}, "2 to 10 of them"),
        ({"answers": [{"value": 1, "words": "a"}] * 2}, "two answers have one value"),
        ({"answers": [{"value": -1, "words": "a"}] * 2}, "a whole number, and words"),
        ({"answers": "many"}, "answers: a list"),
        ({"colour": 1}, "there is no field “colour”"),
        ({"key": "nodule"}, "Two questions have the key “nodule”"),
        ({"kind": "confidence"}, "takes no answers"),
    ],
)
def test_what_is_wrong_with_an_own_question_is_said(make_stack_study, change, said):
    own = [{**OWN[0], **change}, *OWN[1:]]
    with pytest.raises(Refused) as refused:
        make_stack_study("own", own_questions=own, opened=False)
    assert str(refused.value).startswith("own_questions: ")
    assert said in str(refused.value)


def test_words_of_a_study_that_name_an_arm_are_hinted_at(make_stack_study, stacks):
    own = [{**OWN[0], "words": "Is gaussian better?"}]
    window = {"key": "a", "title": "H002", "low": 0, "high": 80}
    study = make_stack_study("own", own_questions=own, windows=[window], opened=False)
    told = " ".join(hint.message for hint in hints(study, list(stacks.cases.all())))
    assert "“gaussian” in it names an arm or a case" in told
    assert "“H002” in it names" in told
