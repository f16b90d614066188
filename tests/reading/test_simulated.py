"""Simulated readers read through the same services, and are always called so."""

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from readerstudy.imaging.errors import Refused
from readerstudy.reading import services
from readerstudy.reading.models import ArmGuess, Read, Score, ViewingCheck
from readerstudy.reading.simulated import Eyes, readings_simulate, temperament
from readerstudy.reading.verification.schedule import schedule_verify
from tests.cast import reader_membership

from .conftest import answer_next


def by_brightness(pixels, *, bias, noise, rng) -> dict[str, int]:
    """A stand-in observer: a grade for each half of the screen's columns."""
    assert pixels.shape == (3, 64, 64)
    assert pixels.dtype == np.uint8
    halves = {"right": pixels[:, :, :32], "left": pixels[:, :, 32:]}
    return {
        side: int(
            np.clip(np.rint(half.mean() / 16 + bias + rng.normal(0, noise)), 1, 4)
        )
        for side, half in halves.items()
    }


def quietly(code, done, total) -> None:
    pass


def simulate(study, *, seed=1):
    return readings_simulate(
        study=study, seed=seed, eyes=Eyes(by_brightness), progress=quietly
    )


def grades(study):
    return list(
        Score.objects.filter(answer__read__reader__study=study)
        .order_by("answer__read__reader__code", "answer__read__position", "side")
        .values_list("value", flat=True)
    )


def test_all_reads_are_completed_through_the_sessions(cast):
    assert simulate(cast.study) == {"A": "finished", "B": "finished"}
    reads = Read.objects.filter(reader__study=cast.study)
    assert not reads.filter(submitted_at=None).exists()
    assert len(grades(cast.study)) == 2 * reads.count()
    assert not cast.study.reading_sessions.filter(finished_at=None).exists()


def test_the_study_and_its_readers_are_called_simulated(cast):
    simulate(cast.study)
    cast.study.refresh_from_db()
    assert cast.study.simulated_readers
    readers = cast.study.memberships.filter(role="reader")
    assert set(readers.values_list("simulated", flat=True)) == {True}


def test_a_study_with_a_real_readers_score_is_refused(cast):
    answer_next(reader_membership(cast.study, cast.reader))
    with pytest.raises(Refused, match="real reader has begun"):
        simulate(cast.study)
    cast.study.refresh_from_db()
    assert not cast.study.simulated_readers
    assert len(grades(cast.study)) == 2


def test_a_study_that_a_person_has_seen_a_read_of_is_refused(cast):
    services.read_next(reader=reader_membership(cast.study, cast.second_reader))
    with pytest.raises(Refused, match="real reader has begun"):
        simulate(cast.study)
    with pytest.raises(CommandError, match="real reader has begun"):
        call_command("simulate_readers", cast.study.slug, "--seed", "1")
    readers = cast.study.memberships.filter(role="reader")
    assert set(readers.values_list("simulated", flat=True)) == {False}
    assert not grades(cast.study)


def test_simulated_readers_go_on_where_they_stopped(cast):
    class KilledError(Exception):
        pass

    def killed_after_ten(code, done, total):
        if done == 10:
            raise KilledError

    with pytest.raises(KilledError):
        readings_simulate(
            study=cast.study,
            seed=1,
            eyes=Eyes(by_brightness),
            progress=killed_after_ten,
        )
    assert len(grades(cast.study)) == 20
    assert set(simulate(cast.study).values()) == {"finished"}


def test_a_seed_gives_the_same_reader_in_every_study():
    assert temperament(seed=1, code="A") == temperament(seed=1, code="A")
    assert temperament(seed=1, code="A") != temperament(seed=1, code="B")
    assert temperament(seed=1, code="A") != temperament(seed=2, code="A")


def test_the_washout_holds_for_simulated_readers_too(cast, make_open):
    study = make_open(sessions=2, washout_days=1, slug="washed")
    assert simulate(study) == {"A": "pause"}
    assert Read.objects.filter(reader__study=study, submitted_at=None).exists()


def test_nothing_is_asked_of_simulated_readers_but_to_read_and_guess(cast, make_open):
    study = make_open(
        sessions=2,
        slug="asking",
        answer_changes="session",
        asks_conditions=True,
        guesses="after-grade",
        guess_percent=100,
    )
    assert simulate(study) == {"A": "finished"}
    assert not study.reading_sessions.filter(finished_at=None).exists()
    assert not ViewingCheck.objects.exists()
    guesses = ArmGuess.objects.filter(read__reader__study=study)
    assert guesses.count() == 8
    assert not guesses.filter(guess="").exists()


def test_simulated_guesses_know_nothing_of_arms_and_are_the_same_for_a_seed(
    cast, make_open
):
    def guessed(slug, seed):
        study = make_open(slug=slug, guesses="at-end", guess_percent=100)
        simulate(study, seed=seed)
        return list(
            ArmGuess.objects.filter(read__reader__study=study)
            .order_by("read__position")
            .values_list("guess", "confidence")
        )

    first = guessed("one", 1)
    assert first == guessed("two", 1)  # the arms' order is another one
    assert first != guessed("three", 2)


def test_a_reopened_read_is_read_once_more(cast, make_open):
    study = make_open(sessions=2, washout_days=1, slug="washed")
    assert simulate(study) == {"A": "pause"}
    services.read_reopen(
        study=study,
        reader="A",
        session=1,
        number=1,
        reason="an artefact on the display",
        by=cast.coordinator,
    )
    assert simulate(study) == {"A": "pause"}
    reader = study.memberships.get(role="reader")
    assert reader.reopened == 0


def test_the_command_reads_the_study_with_the_observer_of_the_simulation(cast, capsys):
    call_command("simulate_readers", cast.study.slug, "--seed", "1")
    assert not Read.objects.filter(reader__study=cast.study, submitted_at=None).exists()
    said = capsys.readouterr().out
    assert "reader A: 16 of 16" in said
    assert "simulated reader B: finished; bias" in said


def test_the_command_refuses_in_words(cast):
    with pytest.raises(CommandError, match="no study “nothing”"):
        call_command("simulate_readers", "nothing", "--seed", "1")
    services.study_close(study=cast.study, by=cast.coordinator)
    with pytest.raises(CommandError, match="is closed, not open"):
        call_command("simulate_readers", cast.study.slug, "--seed", "1")


def test_they_grade_on_the_scale_that_a_study_brings(cast, make_open):
    two = [{"value": value, "words": str(value)} for value in (10, 20)]
    asked = {"key": "uptake", "words": "Uptake", "kind": "grade", "answers": two}
    study = make_open(slug="two-grades", own_questions=[asked])
    assert simulate(study) == {"A": "finished"}
    assert set(grades(study)) <= {10, 20}
    assert schedule_verify(study).passed
