"""A study of whole stacks: opened, asked every kind of question, and verified."""

from dataclasses import replace
from math import prod

import pytest
from django.core.management import call_command
from django.db.models import Avg

from readerstudy.blinding import seeds
from readerstudy.imaging.errors import Refused
from readerstudy.reading import selectors, services
from readerstudy.reading.leaks.asking import study_judge, study_observe
from readerstudy.reading.leaks.copying import study_copy
from readerstudy.reading.models import Read, Score
from readerstudy.reading.questions import QUESTION_SETS, check_answers
from readerstudy.reading.selectors.conduct import code_breaks
from readerstudy.reading.verification.schedule import schedule_verify
from tests.factory import METHODS, make_stack_cohort, make_study

from .conftest import ANSWERS, FRAME, address, answer, reader_of


@pytest.mark.parametrize("asked", ANSWERS)
def test_an_answer_of_every_kind_is_stored_once_and_verified(make_stack_study, asked):
    study = make_stack_study(asked)
    reader = reader_of(study)
    read = answer(reader, ANSWERS[asked])
    stored = Score.objects.filter(answer__read=read).order_by("pk")
    assert {score.question for score in stored} == set(ANSWERS[asked])
    assert {score.side for score in stored} == {"image"}
    # the same again is the same once, and another answer is none
    services.read_submit(
        token=read.token, reader=reader, answers=ANSWERS[asked], key=read.token
    )
    assert Score.objects.count() == len(stored)
    other = {**ANSWERS[asked]}
    other[stored[0].question] = {"image": 2}
    with pytest.raises(Refused):
        services.read_submit(token=read.token, reader=reader, answers=other, key="x")
    found = schedule_verify(study)
    assert found.passed, found.details
    assert found.answers == 1


def test_marks_and_words_are_kept_as_they_were_given(make_stack_study):
    study = make_stack_study("anatomical-fidelity")
    said = {**ANSWERS["anatomical-fidelity"], "remark": {"image": " two dots "}}
    read = answer(reader_of(study), said)
    fidelity, remark = Score.objects.filter(answer__read=read).order_by("question")
    assert (fidelity.value, remark.value) == (4, None)
    assert fidelity.marks == [
        {"slice": 2, "row": 41, "column": 11},
        {"slice": 3, "row": 40, "column": 12},
    ]
    assert remark.text == "two dots"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"marks": []}, "not those of the audit log"),
        ({"marks": [{"slice": 9, "row": 0, "column": 0}]}, "not one grade"),
        ({"value": 6}, "not one grade"),
    ],
)
def test_an_answer_that_somebody_changed_is_found(make_stack_study, change, named):
    study = make_stack_study("anatomical-fidelity")
    answer(reader_of(study), ANSWERS["anatomical-fidelity"])
    Score.objects.update(**change)
    found = schedule_verify(study)
    assert not found.passed
    told = [what for what, count in found.differences.items() if count]
    assert any(named in what for what in told), told


def test_the_frame_is_that_of_the_largest_case(cast):
    cohort = make_stack_cohort(
        shapes=[(6, 96, 80), (4, 80, 90)], coordinators=[cast.coordinator]
    )
    study = make_study(
        cohort,
        coordinator=cast.coordinator,
        readers=[cast.reader],
        slug="unlike",
        question_set="image-quality",
    )
    assert study.frame == [6, 96, 90]
    assert study.protocol["display"]["frame"] == [6, 96, 90]
    assert (study.value_low, study.value_high) == (-1024, 3071)
    assert [one["key"] for one in study.windows] == [
        "brain",
        "soft-tissue",
        "lung",
        "bone",
    ]


def test_a_pair_shows_two_arms_of_one_case_and_each_image_is_pinned(make_stack_study):
    study = make_stack_study()
    assert study.presentation == "pairs"
    reads = Read.objects.filter(reader__study=study)
    # three arms are three pairs, of four cases, for two readers
    assert reads.count() == 3 * 4 * 2
    images = {
        (case["code"], arm): sha256
        for case in study.protocol["cases"]
        for arm, sha256 in case["images"].items()
    }
    for read in reads:
        assert read.second_arm is not None
        assert read.arm != read.second_arm
        assert read.image_sha256 == images[read.case.code, read.arm.code]
        assert read.second_sha256 == images[read.case.code, read.second_arm.code]
    assert study.protocol["schedule"] == "cells-1 sides-1"


@pytest.mark.parametrize("change", ["sides", "image", "alone"])
def test_a_pair_that_somebody_changed_is_found(make_stack_study, change):
    study = make_stack_study()
    read = Read.objects.filter(reader__study=study).first()
    if change == "sides":
        read.arm, read.second_arm = read.second_arm, read.arm
        read.image_sha256, read.second_sha256 = read.second_sha256, read.image_sha256
    elif change == "image":
        read.second_sha256 = read.image_sha256
    else:
        read.second_arm, read.second_sha256 = None, ""
    read.save()
    assert not schedule_verify(study).passed


def test_the_command_tells_of_a_study_of_pairs_what_it_found(make_stack_study, capsys):
    make_stack_study()
    call_command("verify_schedule", "stacks")
    assert "All 24 reads are as drawn." in capsys.readouterr().out


def test_an_answer_is_opened_again_and_both_versions_stay(make_stack_study):
    study = make_stack_study("image-quality", answer_changes="session")
    reader = reader_of(study)
    read = answer(reader, ANSWERS["image-quality"])
    services.read_undo(reader=reader)
    again = {**ANSWERS["image-quality"], "remark": {"image": ""}}
    answer(reader, again)
    first, second = read.answers.order_by("version")
    assert first.scores.filter(question="remark").exists()
    assert not second.scores.filter(question="remark").exists()
    [session] = selectors.changeable_answers(reader).sessions
    assert session.answers[0].values[1] == (None, "motion")
    assert session.answers[0].values[-1] == ("", "–")
    assert schedule_verify(study).passed


def test_answers_that_no_question_takes_are_refused():
    quality, fidelity = (
        QUESTION_SETS["image-quality"],
        QUESTION_SETS["anatomical-fidelity"],
    )
    whole = ANSWERS["image-quality"]
    for answers, said in (
        ({**whole, "noise": {"image": 6}}, "6 is not one of the answers"),
        ({**whole, "noise": {"image": True}}, "True is not one"),
        ({**whole, "noise": {}}, "“Noise” must be answered"),
        ({**whole, "noise": {"right": 1}}, "not for the whole image"),
        ({**whole, "noise": {"image": " "}}, "say why this cannot be"),
        ({**whole, "noise": {"image": {"value": 1, "marks": [{}]}}}, "takes no marks"),
        ({**whole, "remark": {"image": 3}}, "takes words"),
        ({**whole, "remark": {"image": "x" * 2001}}, "too long"),
        ({**whole, "other": {"image": 1}}, "do not belong"),
    ):
        with pytest.raises(Refused, match=said):
            check_answers(quality, answers)
    for marks, said in (
        ([{"slice": 6, "row": 0, "column": 0}], "outside the image"),
        ([{"slice": 0, "row": 0}], "a slice, a row and a column"),
        ([{"slice": 0, "row": 0, "column": -1}], "outside the image"),
        ([{"slice": True, "row": 0, "column": 0}], "outside the image"),
        ([{"slice": 0, "row": 0, "column": 0}] * 21, "at most 20"),
        ("x", "at most 20"),
    ):
        answers = {"fidelity": {"image": {"value": 3, "marks": marks}}}
        with pytest.raises(Refused, match=said):
            check_answers(fidelity, answers, frame=FRAME)


@pytest.mark.parametrize("value", [0, 100, 37])
def test_confidence_is_any_whole_number_up_to_100(value):
    asked = QUESTION_SETS["finding-confidence"]
    [said] = check_answers(asked, {"confidence": {"image": value}})
    assert said.value == value
    for beyond in (-1, 101, 50.0):
        with pytest.raises(Refused, match="not one of the answers"):
            check_answers(asked, {"confidence": {"image": beyond}})


@pytest.mark.parametrize("asked", ANSWERS)
def test_a_readers_program_is_told_the_kind_and_answers_it(
    make_stack_study, at, cast, asked
):
    make_stack_study(asked)
    client = at(cast.reader)
    base = "/api/v1/reading/stacks/"
    told = client.get(f"{base}asked/").json()
    assert {one["key"] for one in told["questions"]} >= set(ANSWERS[asked])
    assert all(one["sides"] == ["image"] for one in told["questions"])
    assert told["stack"]["images"] == (2 if asked == "forced-choice" else 1)
    due = client.post(f"{base}next/").json()
    body = {"token": due["token"], "key": "k", "answers": ANSWERS[asked]}
    said = client.post(f"{base}answers/", body, content_type="application/json")
    assert said.status_code == 200, said.content
    assert (said.json()["state"], said.json()["number"]) == ("read", 2)
    assert Score.objects.filter(answer__key="k").exists()
    wrong = {"token": said.json()["token"], "key": "l", "answers": {"x": {"image": 1}}}
    refused = client.post(f"{base}answers/", wrong, content_type="application/json")
    assert refused.status_code in (400, 409)


def test_the_page_of_a_study_says_how_its_stacks_are_shown(make_stack_study, at, cast):
    make_stack_study(
        stability_limits={"deformation": 2.5}, metric_low=-160.0, metric_high=240.0
    )
    page = at(cast.coordinator).get(address("study-detail", "stacks")).content.decode()
    for told in (
        "two images of a case side by side",
        "soft tissue -160 … 240",
        "-1024",
        "deformation 2.5",
    ):
        assert told in page
    assert "Window rule" not in page
    assert "Margin of kappa" not in page


def test_a_broken_code_tells_both_arms_of_a_pair(make_stack_study, at, cast):
    study = make_stack_study()
    read = answer(reader_of(study), ANSWERS["forced-choice"])
    services.code_break(
        study=study,
        reader="A",
        session=1,
        number=1,
        reason="A patient.",
        by=cast.coordinator,
    )
    [broken] = code_breaks(study, disclosed=True)
    assert broken.arm == f"left: {read.arm.title}, right: {read.second_arm.title}"
    assert code_breaks(study, disclosed=False)[0].arm == ""


@pytest.mark.parametrize("asked", ANSWERS)
def test_simulated_readers_answer_every_kind_from_the_pixels_alone(
    make_stack_study, asked, monkeypatch
):
    # what a simulated reader says of a read depends on its place
    monkeypatch.setattr(seeds, "new_seed", lambda: "5" * 64)
    study = make_stack_study(asked)
    call_command("simulate_readers", "stacks", "--seed", "5", verbosity=0)
    reads = Read.objects.filter(reader__study=study)
    assert not reads.filter(submitted_at=None).exists()
    assert schedule_verify(study).passed
    if asked == "image-quality":
        # the reference has the least grain, and the simulated readers see that
        mean = {
            method: Score.objects.filter(
                question="noise", answer__read__arm__method=method
            ).aggregate(mean=Avg("value"))["mean"]
            for method in METHODS
        }
        assert mean["reference"] > mean["short"] > mean["gaussian"]
    if asked == "forced-choice":
        scores = Score.objects.filter(question="preference").exclude(value=3)
        better = [
            s.answer.read.arm if s.value == 1 else s.answer.read.second_arm
            for s in scores
        ]
        won = [arm.method for arm in better]
        assert won.count("reference") > won.count("short") > won.count("gaussian")


def test_the_leak_oracle_reads_pairs_and_finds_what_tells_the_left_one(
    make_stack_study,
):
    study = make_stack_study(sessions=1, repeated="")
    with study_copy(study) as twin:
        seen = study_observe(twin)
    assert len(seen) == 24
    assert {one.values["lengths/pixels/body"] for one in seen} == {4 * prod(FRAME)}
    assert not Score.objects.exists()
    left = dict(
        Read.objects.filter(reader__study=study).values_list("token", "arm__position")
    )
    told = [
        replace(one, values={**one.values, "lengths/planted": float(left[one.token])})
        for one in seen
    ]
    judgement = study_judge(study, told, draws=99, confidence=0.9)
    assert "lengths" in {finding.family for finding in judgement.leaks}
