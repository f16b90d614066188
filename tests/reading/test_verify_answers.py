"""Anyone can check that the answers are whole, and those that were given."""

from datetime import timedelta

import pytest

from readerstudy.audit.models import AuditEvent
from readerstudy.reading.models import (
    Answer,
    ArmGuess,
    Membership,
    Read,
    Reopening,
    Score,
    Study,
)
from readerstudy.reading.services import (
    Observed,
    guess_next,
    guess_submit,
    read_submit,
)
from readerstudy.reading.verification.schedule import schedule_verify

from .conftest import answer_next, current, revisit
from .test_verify_schedule import forbidden, verify

VERSIONS = "reads have other versions of their answer than they were asked for"
GRADES = "answers are not one grade or reason for every question and side"
WINDOWS = "answers have a window that the protocol does not let readers choose"
EVENTS = "answers are not those of the audit log"
GUESSES = "arm guesses are not those of the audit log"


@pytest.fixture
def reader(until_study_closes: Membership) -> Membership:
    """Has answered three reads, one of them twice, with all that can be said."""
    reader = until_study_closes
    answer_next(reader)
    read_submit(
        token=current(reader).token,
        reader=reader,
        answers={"grade": {"right": "Cut off at the edge.", "left": 4}},
        key="said",
        comment="A second lesion?",
        observed=Observed(first_ms=900, spent_ms=4200, away_ms=0, held_ms=0),
    )
    answer_next(reader)
    revisit(reader, 1)
    answer_next(reader, right=1, key="again")
    return reader


@pytest.fixture
def study(reader: Membership) -> Study:
    return Study.objects.get(pk=reader.study_id)


@pytest.fixture
def answers(study: Study):
    return Answer.objects.filter(read__reader__study=study)


def found(study: Study) -> dict[str, int]:
    """What differs, and how often."""
    study.refresh_from_db()
    differences = schedule_verify(study).differences
    return {what: count for what, count in differences.items() if count}


def test_answers_as_they_were_given_are_whole_and_in_the_log(study: Study) -> None:
    said, passed = verify(study)
    assert passed, said
    assert "All 4 answers are whole and those of the audit log." in said


def test_a_window_that_the_protocol_allows_is_none_too_many(make_open, cast) -> None:
    study = make_open(slug="windows", window_adjustable=True)
    reader = study.memberships.get(role="reader")
    read_submit(
        token=current(reader).token,
        reader=reader,
        answers={"grade": {"right": 3, "left": 4}},
        key="k",
        observed=Observed(window=(10, 200)),
    )
    assert Answer.objects.get(read__reader=reader).window_low == 10
    assert found(study) == {}
    Answer.objects.filter(read__reader=reader).update(window_low=11)
    assert found(study) == {EVENTS: 1}


def test_a_missing_version_is_found(study: Study, answers) -> None:
    latest = answers.get(version=2)
    latest.scores.all().delete()
    latest.delete()
    assert found(study) == {VERSIONS: 1, EVENTS: 1}


def test_a_gap_between_versions_is_found(study: Study, answers) -> None:
    answers.filter(version=2).update(version=3)
    assert found(study)[VERSIONS] == 1


def test_an_answer_to_a_read_that_nobody_opened_again_is_found(
    study: Study, answers
) -> None:
    Reopening.objects.all().delete()
    assert found(study) == {VERSIONS: 1}


def test_an_answer_that_the_read_does_not_know_of_is_found(study: Study) -> None:
    Read.objects.filter(reader__study=study, position=3).update(submitted_at=None)
    assert found(study)[VERSIONS] == 1


def test_a_read_said_to_be_answered_without_an_answer_is_found(study: Study) -> None:
    read = Read.objects.get(reader__study=study, position=4)
    read.first_shown_at = read.submitted_at = study.opened_at
    read.save()
    assert found(study) == {VERSIONS: 1}


def test_a_side_without_a_score_is_found(study: Study, answers) -> None:
    answers.get(version=2).scores.get(side="left").delete()
    assert found(study) == {GRADES: 1, EVENTS: 1}


def test_a_score_for_what_was_not_asked_is_found(study: Study, answers) -> None:
    Score.objects.create(
        answer=answers.get(version=2), question="mood", side="left", value=1
    )
    assert found(study)[GRADES] == 1


def test_a_grade_beyond_the_protocol_s_is_found(study: Study, answers) -> None:
    """The database lets no grade 5 in, but it does not know other questions."""
    answers.get(version=2).scores.filter(side="left").update(question="mood", value=9)
    assert found(study)[GRADES] == 1


def test_a_window_against_the_protocol_is_found(study: Study, answers) -> None:
    answers.filter(version=2).update(window_low=0, window_high=99)
    assert found(study) == {WINDOWS: 1, EVENTS: 1}


@pytest.mark.parametrize(
    "change",
    [{"comment": "A third?"}, {"comment": ""}, {"version": 1, "reason": "Because."}],
    ids=str,
)
def test_changed_words_are_found(study: Study, answers, change) -> None:
    answers.filter(comment="A second lesion?").update(**change)
    assert found(study) == {EVENTS: 1}


def test_a_changed_grade_and_a_changed_excuse_are_found(study: Study, answers) -> None:
    of_declined = Score.objects.filter(unassessable="Cut off at the edge.")
    of_declined.update(unassessable="Moved.")
    assert found(study) == {EVENTS: 1}
    of_declined = Score.objects.filter(unassessable="Moved.")
    of_declined.update(unassessable="", value=2)
    assert found(study) == {EVENTS: 1}
    Score.objects.filter(answer=answers.get(version=2), side="right").update(value=4)
    assert found(study) == {EVENTS: 2}


def test_two_readings_exchanged_are_found(study: Study, answers) -> None:
    """Both are whole, but neither is the one of its place."""
    first, second = answers.filter(read__position__in=[2, 3])
    unread = Read.objects.get(reader__study=study, position=4)
    for answer, read in (
        (first, unread),
        (second, first.read),
        (first, second.read),
    ):
        Answer.objects.filter(pk=answer.pk).update(read=read)
    assert found(study) == {EVENTS: 2}


def test_a_study_from_before_the_log_is_held_to_no_log(study: Study) -> None:
    earlier = AuditEvent.objects.earliest("sequence").at - timedelta(days=1)
    Study.objects.filter(pk=study.pk).update(slug="renamed", opened_at=earlier)
    study.refresh_from_db()
    Score.objects.filter(side="left", value=2).update(value=3)
    said, passed = verify(study)
    assert passed, said
    assert "All 4 answers are whole; the study is older than the audit log" in said


def test_a_study_opened_since_is_held_to_the_log_though_its_events_are_gone(
    study: Study,
) -> None:
    """As where its short name was changed, so that no event seems to be of it."""
    Study.objects.filter(pk=study.pk).update(slug="renamed")
    assert found(study) == {EVENTS: 4}


@pytest.mark.parametrize("name", ["first_ms", "spent_ms", "away_ms", "held_ms"])
@pytest.mark.parametrize("time", [17, None])
def test_a_changed_time_is_found(answers, study: Study, name: str, time) -> None:
    answers.filter(comment="A second lesion?").update(**{name: time})
    assert found(study) == {EVENTS: 1}


def test_a_time_that_no_browser_told_is_found(answers, study: Study) -> None:
    answers.filter(version=2).update(spent_ms=3000)
    assert found(study) == {EVENTS: 1}


@pytest.fixture
def guesses(make_open, cast):
    """Two of one reader: the reference with some confidence, and no idea."""
    study = make_open(slug="guessed", guesses="after-grade", guess_percent=100)
    reader = study.memberships.get(role="reader")
    for guess, confidence in (("reference", 2), ("unknown", None)):
        answer_next(reader)
        asked = guess_next(reader=reader)
        guess_submit(
            token=asked.token, reader=reader, guess=guess, confidence=confidence
        )
    return ArmGuess.objects.filter(read__reader=reader, guessed_at__isnull=False)


@pytest.mark.parametrize(
    "change",
    [
        {"guess": "comparison"},
        {"confidence": 5},
        {"guess": "unknown", "confidence": None},
        {"guess": "", "confidence": None, "guessed_at": None},
    ],
    ids=str,
)
def test_a_changed_guess_is_found(guesses, change: dict[str, object]) -> None:
    study = guesses.first().read.reader.study
    assert found(study) == {}
    guesses.filter(guess="reference").update(**change)
    assert found(study) == {GUESSES: 1}


def test_a_guess_that_was_never_given_is_found(guesses) -> None:
    read = guesses.first().read
    later = ArmGuess.objects.filter(read__reader=read.reader, guessed_at=None).first()
    ArmGuess.objects.filter(pk=later.pk).update(
        guess="comparison", confidence=3, guessed_at=read.submitted_at
    )
    assert found(read.reader.study) == {GUESSES: 1}


def test_before_unblinding_only_counts_are_told(study: Study, answers) -> None:
    answers.update(comment="Another.")
    said, passed = verify(study)
    assert not passed
    assert f"4 {EVENTS}" in said
    assert "position" not in said
    assert not [word for word in forbidden(study) if word in said]


def test_after_unblinding_the_place_is_named_but_no_grade(
    study: Study, answers
) -> None:
    answers.filter(version=2).update(comment="Another.")
    Study.objects.filter(pk=study.pk).update(state=Study.State.UNBLINDED)
    said, _ = verify(study)
    assert "  reader A, position 1, version 2\n" in said
    assert "Another" not in said
