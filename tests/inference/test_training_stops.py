"""A training that is stopped, killed or sent away goes on from where it stood."""

import os
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from inference import services
from inference.claims import new_claim
from inference.models import Training, Weights
from inference.services import training_running
from readerstudy.cases.models import Cohort
from readerstudy.imaging.errors import Refused

from .conftest import dead_claim
from .learners import ask, make_divided, run
from .test_training_service import same_numbers

pytestmark = pytest.mark.django_db


@pytest.fixture
def divided(db: None) -> Cohort:
    return make_divided()


@pytest.fixture(autouse=True)
def every_batch(settings, monkeypatch) -> None:
    """Small as it is, this training tells and keeps everything at every batch."""
    settings.TRAINING_CHECKPOINT_SECONDS = 0
    monkeypatch.setattr(training_running, "ASK_EVERY_S", 0)


def after(batches: int, act: Callable[[], bool]) -> Callable[[], bool]:
    """As `should_leave`: nothing happens before that many batches."""
    asked = iter(range(1, 10_000))
    return lambda: next(asked) >= batches and act()


def checkpoints() -> list[str]:
    storage = Training._meta.get_field("checkpoint").storage
    try:
        return sorted(storage.listdir("checkpoints")[1])
    except FileNotFoundError:
        return []


def undisturbed(cohort: Cohort, **more: object) -> Weights:
    return run(ask(cohort, title="Undisturbed", **more)).result


@pytest.mark.parametrize("batches", [1, 2, 3, 5])
def test_stopped_at_any_batch_and_gone_on_with_it_gives_the_same_weights(
    divided, batches
):
    expected = undisturbed(divided)
    training = ask(divided)

    def stop() -> bool:
        services.training_stop(training=training)
        return False

    run(training, should_leave=after(batches, stop))
    assert (training.state, training.result) == ("cancelled", None)
    assert training.claimed_by == ""
    assert training.checkpoint.storage.exists(training.checkpoint.name)
    services.training_resume(training=training)
    run(training)
    assert training.state == "done"
    assert [epoch["number"] for epoch in training.history] == [1, 2, 3]
    assert same_numbers(training.result, expected)


def test_a_worker_that_must_leave_hands_the_training_to_the_next(divided):
    expected = undisturbed(divided)
    training = ask(divided)
    run(training, should_leave=after(3, lambda: True))
    assert (training.state, training.claimed_by) == ("queued", "")
    assert training.attempts == 0  # no fault of its own
    assert training.epochs_done == 1
    run(training)
    assert training.state == "done"
    assert same_numbers(training.result, expected)


def test_only_the_last_checkpoint_is_kept_and_none_once_it_is_done(
    divided, django_capture_on_commit_callbacks
):
    training = ask(divided)
    before = checkpoints()
    with django_capture_on_commit_callbacks(execute=True):
        run(training, should_leave=after(4, lambda: True))
    (left,) = set(checkpoints()) - set(before)
    assert training.checkpoint.name == f"checkpoints/{left}"
    with django_capture_on_commit_callbacks(execute=True):
        run(training)
    assert (training.state, bool(training.checkpoint)) == ("done", False)
    assert checkpoints() == before


def test_a_deleted_checkpoint_lets_the_training_begin_anew(
    divided, django_capture_on_commit_callbacks
):
    training = ask(divided)
    with pytest.raises(Refused, match="Stop the training first"):
        services.training_forget(training=training)
    run(training, should_leave=after(3, lambda: True))
    services.training_stop(training=training)
    name = training.checkpoint.name
    with django_capture_on_commit_callbacks(execute=True):
        services.training_forget(training=training)
    assert not training.checkpoint.storage.exists(name)
    training.refresh_from_db()
    with pytest.raises(Refused, match="no checkpoint any more"):
        services.training_forget(training=training)
    services.training_resume(training=training)
    assert run(training).state == "done"


def test_a_training_whose_images_changed_does_not_go_on(divided):
    training = ask(divided)
    run(training, should_leave=after(3, lambda: True))
    divided.cases.filter(code="C003").update(split="validation")
    divided.cases.filter(code="C004").update(split="training")
    run(training)
    assert training.state == "failed"
    assert "so it cannot go on" in training.message
    services.training_forget(training=training)
    services.training_resume(training=training)
    assert run(training).state == "done"


def test_a_training_whose_images_changed_before_it_learned_goes_on(divided):
    training = ask(divided)
    Training.objects.filter(pk=training.pk).update(data_sha256="0" * 64)
    assert run(training).state == "done"


def test_a_damaged_checkpoint_is_refused_in_words(divided):
    training = ask(divided)
    run(training, should_leave=after(3, lambda: True))
    storage, name = training.checkpoint.storage, training.checkpoint.name
    storage.delete(name)
    storage.save(name, ContentFile(b"\x80\x04pickled"))
    run(training)
    assert training.state == "failed"
    assert "no checkpoint of a training, or a damaged one" in training.message


def test_what_a_dead_worker_held_is_put_back_and_given_up_after_three_deaths(divided):
    training = ask(divided)
    dead = dead_claim()
    rows = Training.objects.filter(pk=training.pk)
    for attempts in (1, 2):
        rows.update(
            state="running",
            claimed_by=dead,
            heartbeat_at=timezone.now(),
            attempts=attempts,
        )
        assert services.trainings_recover() == 1
        training.refresh_from_db()
        assert (training.state, training.claimed_by) == ("queued", "")
    rows.update(
        state="running", claimed_by=dead, heartbeat_at=timezone.now(), attempts=3
    )
    services.trainings_recover()
    training.refresh_from_db()
    assert training.state == "failed"
    assert "died 3 times at this training" in training.message
    assert "0 of 3 epochs" in training.message


def test_a_living_worker_is_left_in_peace_and_a_silent_one_elsewhere_is_not(divided):
    training = ask(divided)
    rows = Training.objects.filter(pk=training.pk)
    rows.update(state="running", claimed_by=new_claim(), heartbeat_at=timezone.now())
    assert services.trainings_recover() == 0
    elsewhere = "another-host|pid:[1]|7|1|x"
    rows.update(
        claimed_by=elsewhere, heartbeat_at=timezone.now() - timedelta(minutes=10)
    )
    assert services.trainings_recover() == 0  # a long validation, perhaps
    rows.update(heartbeat_at=timezone.now() - timedelta(minutes=16))
    assert services.trainings_recover() == 1


def test_only_what_got_further_forgives_a_death(divided):
    training = ask(divided)
    Training.objects.filter(pk=training.pk).update(attempts=2)
    seen = []

    def look() -> bool:
        seen.append(Training.objects.get(pk=training.pk).attempts)
        return False

    run(training, should_leave=after(1, look))
    assert seen[0] == 3  # asked before the first checkpoint
    assert seen[1] == 1


def test_a_worker_that_lost_its_claim_writes_nothing_any_more(divided):
    training = ask(divided)
    rows = Training.objects.filter(pk=training.pk)

    taken = []

    def another_takes_it() -> bool:
        taken.append(rows.get().checkpoint.name)
        rows.update(claimed_by="another", heartbeat_at=timezone.now())
        return False

    run(training, should_leave=after(2, another_takes_it))
    assert (training.state, training.claimed_by) == ("running", "another")
    assert taken == [training.checkpoint.name]
    assert training.checkpoint.storage.exists(taken[0])
    assert training.epochs_done <= 1


def test_what_is_not_waiting_is_left_alone(divided):
    training = ask(divided)
    services.training_stop(training=training)
    assert run(training).state == "cancelled"
    with pytest.raises(Refused, match="already ended"):
        services.training_stop(training=training)
    with pytest.raises(Refused, match="stopped or failed"):
        services.training_resume(training=run(ask(divided, seed=3)))


def test_a_stop_is_noticed_within_seconds(divided, monkeypatch):
    monkeypatch.setattr(training_running, "ASK_EVERY_S", 0.5)
    training = ask(divided, epochs=100_000)
    asked = []

    def stop_once() -> bool:
        if not asked:
            asked.append(time.monotonic())
            services.training_stop(training=training)
        return False

    run(training, should_leave=after(2, stop_once))
    assert training.state == "cancelled"
    assert time.monotonic() - asked[0] < 10


def test_files_that_no_row_points_at_go_after_a_day(divided):
    training = ask(divided)
    run(training, should_leave=after(3, lambda: True))
    storage = training.checkpoint.storage
    old = time.time() - 2 * 24 * 3600
    names = {}
    for folder in ("checkpoints", "weights"):
        for age in ("old", "fresh"):
            name = storage.save(f"{folder}/{age}.safetensors", ContentFile(b"orphan"))
            names[folder, age] = name
            if age == "old":
                os.utime(storage.path(name), (old, old))
    os.utime(storage.path(training.checkpoint.name), (old, old))
    assert services.files_sweep() == 2
    assert storage.exists(training.checkpoint.name)
    for (_, age), name in names.items():
        assert storage.exists(name) == (age == "fresh")
