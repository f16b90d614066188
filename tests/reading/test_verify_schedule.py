"""Anyone can check that the plan was drawn and not chosen, without unblinding."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from readerstudy.blinding import seeds
from readerstudy.blinding.tokens import new_token
from readerstudy.reading.models import (
    Amendment,
    ArmGuess,
    Read,
    Session,
    Study,
    TrainingItem,
)
from readerstudy.reading.protocol.frozen import protocol_sha256
from readerstudy.reading.services import study_close
from readerstudy.reading.services.amendments import protocol_amend
from tests.cast import Cast, reader_membership
from tests.eventful import KEY, REASON, amend, let_everything_happen, make_whole

UNBLINDED = Study.State.UNBLINDED


def verify(study: Study) -> tuple[str, bool]:
    """Everything that the command says, and whether it passed."""
    out = StringIO()
    try:
        call_command("verify_schedule", study.slug, stdout=out)
    except CommandError as error:
        return f"{out.getvalue()}{error}", False
    return out.getvalue(), True


def swap_cases(study: Study) -> tuple[Read, Read]:
    """Exchange the cases of two reads, as only who has the database could."""
    first = Read.objects.filter(reader__study=study, repeat=0).order_by("pk")[0]
    same = Read.objects.filter(reader=first.reader, arm=first.arm, repeat=0)
    second = same.exclude(case=first.case).order_by("pk")[0]
    free = study.cohort.cases.create(code="C999", patient_digest="x", central_slice=30)
    Read.objects.filter(pk=first.pk).update(case=free)
    Read.objects.filter(pk=second.pk).update(case=first.case)
    Read.objects.filter(pk=first.pk).update(case=second.case)
    return first, second


def test_an_untouched_plan_matches_in_every_state(cast: Cast) -> None:
    said, passed = verify(cast.study)
    assert passed
    assert f"All {Read.objects.filter(reader__study=cast.study).count()} reads" in said
    study_close(study=cast.study, by=cast.coordinator)
    assert verify(cast.study)[1]


def test_two_exchanged_reads_are_found(cast: Cast) -> None:
    swap_cases(cast.study)
    said, passed = verify(cast.study)
    assert not passed
    assert "2 reads are not as drawn" in said


def test_a_removed_read_is_found(cast: Cast) -> None:
    Read.objects.filter(reader__study=cast.study).last().delete()
    said, passed = verify(cast.study)
    assert not passed
    assert "1 reads are not as drawn" in said


def test_another_seed_is_found(cast: Cast) -> None:
    Study.objects.filter(pk=cast.study.pk).update(seed=seeds.new_seed())
    said, passed = verify(cast.study)
    assert not passed
    assert "Seed: DOES NOT match" in said
    assert "Frozen protocol: matches" in said


def test_another_seed_with_its_own_commitment_is_found_in_the_reads(cast: Cast) -> None:
    seed = seeds.new_seed()
    Study.objects.filter(pk=cast.study.pk).update(
        seed=seed, seed_sha256=seeds.commitment(seed)
    )
    said, passed = verify(cast.study)
    assert not passed
    assert "reads are not as drawn" in said


def test_a_changed_protocol_is_found(cast: Cast) -> None:
    protocol = {**cast.study.protocol, "washout_days": 1}
    Study.objects.filter(pk=cast.study.pk).update(protocol=protocol)
    said, passed = verify(cast.study)
    assert not passed
    assert "Frozen protocol: DOES NOT match" in said


def test_a_moved_session_boundary_is_found(cast: Cast) -> None:
    session = Session.objects.filter(study=cast.study).first()
    Session.objects.filter(pk=session.pk).update(size=session.size - 1)
    said, passed = verify(cast.study)
    assert not passed
    assert "1 sessions are not as drawn" in said


def test_another_image_for_a_read_is_found(cast: Cast) -> None:
    read = Read.objects.filter(reader__study=cast.study).first()
    Read.objects.filter(pk=read.pk).update(image_sha256="0" * 64)
    said, passed = verify(cast.study)
    assert not passed
    assert "1 reads show another image than the protocol's" in said


@pytest.fixture
def whole(cast: Cast) -> Study:
    """An open study that trains its readers and asks them to guess arms."""
    readers = [cast.reader, cast.second_reader]
    return make_whole(
        cast.cohort, coordinator=cast.coordinator, readers=readers, slug="whole"
    )


def test_a_study_in_which_everything_happened_still_matches(
    cast: Cast, whole: Study
) -> None:
    let_everything_happen(
        whole, reader_membership(whole, cast.reader), cast.coordinator
    )
    said, passed = verify(whole)
    assert passed, said
    guesses = ArmGuess.objects.filter(read__reader__study=whole)
    assert guesses.count() == 2 * 4  # 40 % of 8 reads, rounded up, of two readers
    assert "All 8 arm guesses are as drawn." in said
    amendment = whole.amendments.get()
    assert f"Amendment 1: matches SHA-256 {amendment.protocol_sha256}" in said


def test_a_read_asked_about_against_the_draw_is_found(whole: Study) -> None:
    read = Read.objects.filter(reader__study=whole, arm_guess=None).first()
    ArmGuess.objects.create(read=read, token=new_token())
    said, passed = verify(whole)
    assert not passed
    assert "1 reads are asked about, or not, against the draw" in said


def test_a_guess_moved_to_another_read_is_found_twice(whole: Study) -> None:
    guess = ArmGuess.objects.filter(read__reader__study=whole).first()
    free = Read.objects.filter(reader=guess.read.reader, arm_guess=None).first()
    ArmGuess.objects.filter(pk=guess.pk).update(read=free)
    assert "2 reads are asked about, or not, against" in verify(whole)[0]


def test_a_guess_in_a_study_that_asks_for_none_is_found(cast: Cast) -> None:
    read = Read.objects.filter(reader__study=cast.study).first()
    ArmGuess.objects.create(read=read, token=new_token())
    assert "1 reads are asked about, or not, against" in verify(cast.study)[0]


def test_a_case_that_is_trained_on_and_read_is_found(whole: Study) -> None:
    read = Read.objects.filter(reader__study=whole).first()
    TrainingItem.objects.filter(study=whole, position=1).update(case=read.case)
    said, passed = verify(whole)
    assert not passed
    assert "1 cases are both trained on and read" in said
    assert not [word for word in forbidden(whole) if word in said]


def test_another_training_key_is_found(whole: Study) -> None:
    other = {"grade": {**KEY["grade"], "left": 2}}
    TrainingItem.objects.filter(study=whole, position=1).update(key=other)
    said, passed = verify(whole)
    assert not passed
    assert "1 sections of the protocol are not what the study does" in said


def test_another_training_image_is_found(whole: Study) -> None:
    TrainingItem.objects.filter(study=whole, position=1).update(image_sha256="0" * 64)
    said, passed = verify(whole)
    assert not passed
    assert "1 sections of the protocol are not what the study does" in said


@pytest.mark.parametrize(
    "setting",
    [
        {"washout_days": 1},
        {"title": "Another"},
        {"least_slice_side": 1},
        {"resampling_allowed": True},
        {"answer_changes": "never"},
        {"guess_percent": 41},
        {"kappa_weights": "linear"},
    ],
    ids=str,
)
def test_a_setting_changed_without_an_amendment_is_found(
    whole: Study, setting: dict[str, object]
) -> None:
    assert verify(whole)[1]
    Study.objects.filter(pk=whole.pk).update(**setting)
    said, passed = verify(whole)
    assert not passed
    assert "1 sections of the protocol are not what the study does" in said


def test_an_amended_protocol_that_was_changed_is_found(
    cast: Cast, whole: Study
) -> None:
    amend(whole, cast.coordinator)
    amendment = whole.amendments.get()
    protocol = {**amendment.protocol, "spacing": 9}
    Amendment.objects.filter(pk=amendment.pk).update(protocol=protocol)
    said, passed = verify(whole)
    assert not passed
    assert "Amendment 1: DOES NOT match" in said
    assert "Frozen protocol: matches" in said


def test_an_amendment_of_what_none_may_change_is_found(
    cast: Cast, whole: Study
) -> None:
    """Though it has a hash of its own and the study does as it says."""
    amend(whole, cast.coordinator)
    amendment = whole.amendments.get()
    for section, value in (("spacing", 9), ("guesses", None), ("cases", [])):
        protocol = {**amendment.protocol, section: value}
        Amendment.objects.filter(pk=amendment.pk).update(
            protocol=protocol, protocol_sha256=protocol_sha256(protocol)
        )
        said, passed = verify(whole)
        assert not passed
        assert "Amendment 1: matches" in said
        assert "1 amendments are out of order or change what none may" in said


def test_a_missing_amendment_is_found(cast: Cast, whole: Study) -> None:
    for days in (30, 31, 32):
        protocol_amend(
            study=whole, by=cast.coordinator, reason=REASON, washout_days=days
        )
    assert verify(whole)[1]
    whole.amendments.get(number=2).delete()
    said, passed = verify(whole)
    assert not passed
    assert "1 amendments are out of order" in said


def test_another_reason_for_an_amendment_is_found(cast: Cast, whole: Study) -> None:
    amend(whole, cast.coordinator)
    whole.amendments.update(reason="We always said so.")
    assert "1 amendments are out of order" in verify(whole)[0]


NEW_IN_VERSION_2 = ("conduct", "training", "guesses", "analysis")


def as_of_version_1(study: Study) -> None:
    """A study that was opened before protocols said these things."""
    kept = {k: v for k, v in study.protocol.items() if k not in NEW_IN_VERSION_2}
    kept["version"] = 1
    kept["cohort"] = {"name": study.cohort.name, "split": ""}
    kept["display"] = {
        "slices": 3,
        "window": "image-max",
        "lut": {"name": "cool", "sha256": "0" * 64},
        "interpolation": "bicubic, of the scalar, clamped",
    }
    Study.objects.filter(pk=study.pk).update(
        protocol=kept, protocol_sha256=protocol_sha256(kept)
    )
    study.refresh_from_db()


def test_a_study_opened_under_the_first_version_still_verifies(cast: Cast) -> None:
    as_of_version_1(cast.study)
    said, passed = verify(cast.study)
    assert passed, said
    assert "arm guesses" not in said
    settings = {"washout_days": 30, "gate": "", "kappa_weights": "linear"}
    protocol_amend(study=cast.study, by=cast.coordinator, reason="A feast.", **settings)
    said, passed = verify(cast.study)
    assert passed, said
    assert "Amendment 1: matches" in said
    Read.objects.filter(reader__study=cast.study).last().delete()
    assert not verify(cast.study)[1]


def forbidden(study: Study) -> set[str]:
    cases = study.cohort.cases.values_list("code", flat=True)
    arms = study.arms.values_list("code", "title", "method")
    return {study.seed, *cases, *(word for arm in arms for word in arm)}


@pytest.mark.parametrize("tampered", [False, True])
def test_before_unblinding_only_counts_are_told(cast: Cast, tampered: bool) -> None:
    if tampered:
        swap_cases(cast.study)
        Read.objects.filter(reader__study=cast.study).last().delete()
    said, passed = verify(cast.study)
    assert passed is not tampered
    assert not [word for word in forbidden(cast.study) if word in said]


def test_after_unblinding_the_differences_are_named(cast: Cast) -> None:
    first, _ = swap_cases(cast.study)
    Study.objects.filter(pk=cast.study.pk).update(state=UNBLINDED)
    said, _ = verify(cast.study)
    assert f"reader {first.reader.code}, position {first.position}: drawn" in said
    assert f"case {first.case.code}" in said


def test_a_draft_and_a_missing_study_are_refused_in_words(make_draft) -> None:
    said, passed = verify(make_draft(slug="not-yet"))
    assert not passed
    assert "no plan is drawn yet" in said
    assert "There is no study “nowhere”" in verify(Study(slug="nowhere"))[0]


def test_the_seed_is_published_at_unblinding_and_not_before(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.coordinator)
    address = reverse("reading:study-detail", args=[cast.study.slug])
    for state, told in (("open", False), ("closed", False), ("unblinded", True)):
        Study.objects.filter(pk=cast.study.pk).update(state=state)
        page = client.get(address).content.decode()
        assert cast.study.seed_sha256 in page
        assert (cast.study.seed in page) is told
        assert ("verify_schedule" in page) is told


OWN = [
    {"key": "grade", "words": "Uptake", "kind": "grade"}
    | {"answers": [{"value": 1, "words": "lost"}, {"value": 2, "words": "normal"}]}
]
TURNED = [{"value": 1, "words": "normal"}, {"value": 2, "words": "lost"}]


@pytest.mark.parametrize(
    "change",
    [
        {"own_questions": [{**OWN[0], "words": "Loss"}]},
        {"own_questions": [{**OWN[0], "answers": TURNED}]},
        {"own_questions": [{"key": "?"}]},
        {"own_questions": [], "question_set": "striatum-grade-1-4"},
    ],
)
def test_other_questions_than_the_protocols_are_found(make_open, change):
    study = make_open(slug="own", own_questions=OWN)
    assert verify(study)[1]
    Study.objects.filter(pk=study.pk).update(**change)
    said, passed = verify(Study.objects.get(pk=study.pk))
    assert not passed
    assert "1 sections of the protocol are not what the study does" in said
