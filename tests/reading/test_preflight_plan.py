"""What the preflight asks of display, cases, training, guesses and analysis plan."""

from decimal import Decimal
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from readerstudy.cases.models import Case, Rendition
from readerstudy.imaging.errors import Refused
from readerstudy.reading import services
from readerstudy.reading.models import Study
from readerstudy.reading.preflight.checks import Finding, preflight
from readerstudy.reading.preflight.plan import hints
from readerstudy.reading.protocol.frozen import study_cases
from tests.cast import reader_membership
from tests.factory import TRAINING, training_set
from tests.stacks import make_stack_study

from .conftest import address

GATE = {"gate": "kappa", "gate_minimum": Decimal("0.6")}


def found(study):
    return [finding.message for finding in preflight(study)]


def altered(study, **columns):
    """As a database from before may have it: past every service."""
    Study.objects.filter(pk=study.pk).update(**columns)
    return Study.objects.get(pk=study.pk)


def test_a_study_without_statistician_could_never_be_unblinded(make_draft, cast):
    study = make_draft()
    study.memberships.filter(role="statistician").delete()
    said = "There is no statistician; a study is unblinded by two people."
    assert preflight(study) == [Finding(said, "study")]
    with pytest.raises(Refused, match="no statistician"):
        services.study_open(study=study, by=cast.coordinator)


def test_who_cannot_log_in_neither_reads_nor_unblinds(make_draft, cast):
    study = make_draft(readers=(cast.second_reader,))
    assert preflight(study) == []
    User.objects.filter(pk=cast.second_reader.pk).update(is_active=False)
    said = "The account of the reader second-reader is disabled."
    assert preflight(study) == [Finding(said, "study")]
    study.memberships.filter(role="reader").update(simulated=True)
    assert preflight(study) == []  # computed readings need no account
    statisticians = study.memberships.filter(role="statistician")
    User.objects.filter(pk__in=statisticians.values("user")).update(is_active=False)
    [finding] = preflight(study)
    assert finding.message.startswith("The account of every statistician is disabled")


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"window_rule": "auto"}, "Unknown window rule: auto."),
        ({"lut": "hot"}, "Unknown colour table: hot."),
        ({"interpolation": "cubic"}, "Unknown interpolation: cubic."),
        ({"question_set": "x"}, "Unknown questions: x."),
        ({"case_codes": ["C001", "C002", "C009"]}, "no case of these codes: C009."),
    ],
)
def test_what_the_program_does_not_know_is_found(make_draft, columns, said):
    [message] = found(altered(make_draft(), **columns))
    assert said in message


def test_one_patient_alone_gives_no_interval(make_draft, cast):
    assert found(make_draft(slug="two", case_codes=["C001", "C002"])) == []
    Case.objects.filter(cohort=cast.cohort).update(patient_digest="the same")
    [message] = found(make_draft(case_codes=["C001", "C002"]))
    assert message.startswith("All cases are of one patient")
    for code in ("C001", "C002"):  # by what their short scans bear
        Case.objects.filter(cohort=cast.cohort, code=code).update(
            patient_digest=code, second_patient_digest="the same"
        )
    [message] = found(make_draft(slug="ids", case_codes=["C001", "C002"]))
    assert message.startswith("All cases are of one patient")


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ({"primary_arm": "gaussian"}, "the primary arm, “gaussian”, is no arm"),
        ({"control_arm": "gaussian"}, "the control arm, “gaussian”, is no arm"),
        (
            {"primary_arm": "reference"},
            "the primary arm, “reference”, is the reference",
        ),
        (
            {"control_arm": "reference"},
            "the control arm, “reference”, is the reference",
        ),
        (
            {"primary_arm": "short", "control_arm": "short"},
            "the primary arm is its own control",
        ),
        (
            {"primary_arm": "short", "kappa_margin": Decimal("0.1")},
            "a margin needs a primary arm and a control arm",
        ),
        (
            {"control_arm": "short", "kappa_margin": Decimal("0.1")},
            "a margin needs a primary arm and a control arm",
        ),
    ],
)
def test_an_analysis_plan_that_cannot_be_carried_out_is_found(make_draft, plan, said):
    [finding] = preflight(make_draft(**plan))
    assert said in finding.message
    assert finding.cure == "study"


def test_a_whole_analysis_plan_has_nothing_against_it(make_draft):
    plan = {"primary_arm": "short", "control_arm": "gaussian"}
    study = make_draft(**plan, kappa_margin=Decimal("0.05"))
    services.arm_add(study=study, method="gaussian", title="Filter")
    assert found(study) == []


def test_a_training_set_with_its_gate_has_nothing_against_it(make_draft):
    assert found(make_draft(training=TRAINING, **GATE)) == []


def test_a_gate_without_training_set_is_found(make_draft):
    assert found(make_draft(**GATE)) == ["There is a gate, but no training set."]


def test_a_gate_that_nobody_could_pass_is_found(make_draft):
    flat = training_set(("C001", "reference", 3, 3), ("C001", "short", 3, 3))
    [message] = found(make_draft(training=flat, **GATE))
    assert message.startswith("The training key holds one grade only")
    within = {"gate": "within-one", "gate_minimum": Decimal("1")}
    assert found(make_draft(slug="within", training=flat, **within)) == []


def test_a_training_image_that_is_missing_is_named(make_draft, cast):
    study = make_draft(training=TRAINING)
    Rendition.objects.filter(
        case__cohort=cast.cohort, case__code="C001", method="gaussian"
    ).delete()
    [finding] = preflight(study)
    assert finding.message == (
        "Images of the training set are not made yet: C001 gaussian."
    )
    assert finding.cure == "cohort"


def test_a_training_image_that_is_damaged_is_named(make_draft, cast):
    study = make_draft(training=TRAINING)
    image = Rendition.objects.get(
        case__cohort=cast.cohort, case__code="C001", method="gaussian"
    )
    Path(image.values.path).write_bytes(b"damaged")
    assert found(study) == [
        "Images of the training set are damaged or lost: C001 gaussian."
    ]


@pytest.mark.parametrize("by", ["patient_digest", "second_patient_digest"])
def test_readers_are_not_trained_on_a_patient_whom_they_are_to_grade(
    make_draft, cast, by
):
    study = make_draft(training=TRAINING)
    cases = Case.objects.filter(cohort=cast.cohort)
    digest = cases.get(code="C001").patient_digest
    cases.filter(code="C003").update(**{by: digest})
    [message] = found(study)
    assert message.startswith("Patients of the training set are read in the study")
    assert message.endswith("Training cases: C001.")


def test_a_hint_stands_against_nothing(make_draft, cast):
    study = make_draft(guesses="at-end", guess_percent=20)
    said = [hint.message for hint in hints(study, study_cases(study))]
    # 8 reads of a reader: 4 cases in two arms
    assert "Each reader is asked for 2 arm guesses only" in said[0]
    assert "names no primary arm" in said[1]
    assert found(study) == []
    many = make_draft(slug="many", primary_arm="short")
    assert hints(many, study_cases(many)) == []


def test_a_reader_trained_elsewhere_on_a_patient_of_the_study_is_named(
    make_draft, make_open, cast
):
    trained = make_open(
        slug="trained", readers=(cast.second_reader,), training=TRAINING
    )
    draft = make_draft(readers=(cast.second_reader,), primary_arm="short")
    assert hints(draft, study_cases(draft)) == []
    reader = reader_membership(trained, cast.second_reader)
    services.attempt_start(reader=reader)
    read = services.training_next(reader=reader)
    answers = {"grade": {"right": 3, "left": 2}}
    services.training_submit(token=read.token, reader=reader, answers=answers)
    [hint] = hints(draft, study_cases(draft))
    assert "training of another study" in hint.message
    assert hint.message.endswith("are graded: second-reader.")
    others = make_draft(
        slug="others",
        readers=(cast.second_reader,),
        primary_arm="short",
        case_codes=["C002", "C003"],
    )
    assert hints(others, study_cases(others)) == []
    cases = cast.cohort.cases
    digest = cases.get(code="C001").patient_digest
    cases.filter(code="C003").update(second_patient_digest=digest)
    [hint] = hints(others, study_cases(others))
    assert hint.message.endswith("are graded: second-reader.")
    cases.filter(code="C001").update(
        patient_digest="another", second_patient_digest=digest
    )
    cases.filter(code="C003").update(patient_digest=digest, second_patient_digest="")
    [hint] = hints(others, study_cases(others))
    assert hint.message.endswith("are graded: second-reader.")


def test_a_title_that_tells_readers_an_arm_is_worth_a_second_thought(make_draft):
    study = make_draft(primary_arm="short")
    Study.objects.filter(pk=study.pk).update(title="Is the SHORT scan enough?")
    study.refresh_from_db()
    [hint] = hints(study, study_cases(study))
    assert "Short” in it names an arm" in hint.message
    assert found(study) == []


def test_the_page_of_a_draft_tells_hints_apart_from_hindrances(make_draft, cast, at):
    study = make_draft()
    page = at(cast.coordinator).get(address("study-detail", study.slug))
    assert "Worth a second thought" in page.content.decode()
    assert page.context["findings"] == []
    opened = at(cast.coordinator).get(address("study-detail", cast.study.slug))
    assert "Worth a second thought" not in opened.content.decode()


@pytest.mark.parametrize("repeated", ["", "gaussian", "both"])
def test_an_arm_whose_pairs_would_not_be_read_again_is_hinted_at(cast, repeated):
    study = make_stack_study(
        cast, question_set="forced-choice", repeated=repeated, opened=False
    )
    if repeated == "both":
        study.arms.exclude(method="reference").update(repeated=True)
    said = [hint.message for hint in hints(study, study_cases(study))]
    wanted = (
        "A pair is read twice only where both of its arms are; “Arm gaussian” is the "
        "only one."
    )
    assert (wanted in said) is (repeated == "gaussian")
