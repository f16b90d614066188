"""Training: its order, its key, its gate, and who may train when."""

from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise

import pytest

from readerstudy.audit.models import AuditEvent
from readerstudy.imaging.errors import Refused
from readerstudy.reading import services
from readerstudy.reading.models import (
    Membership,
    Read,
    Study,
    TrainingAttempt,
    TrainingRead,
)
from readerstudy.reading.protocol.frozen import study_cases
from readerstudy.reading.selectors import training as selectors
from tests.cast import reader_membership
from tests.factory import TRAINING, training_set

from .conftest import answer_next

KAPPA = {"gate": "kappa", "gate_minimum": Decimal("0.60")}
WITHIN_ONE = {"gate": "within-one", "gate_minimum": Decimal("0.90")}


def as_key(read: TrainingRead) -> dict[str, int]:
    return dict(read.item.key["grade"])


def one_up(read: TrainingRead) -> dict[str, int]:
    """A grade better than the key, or one worse where there is none."""
    return {side: v + 1 if v < 4 else 3 for side, v in as_key(read).items()}


def opposite(read: TrainingRead) -> dict[str, int]:
    return {side: 5 - value for side, value in as_key(read).items()}


def normal(read: TrainingRead) -> dict[str, int]:
    return {"right": 4, "left": 4}


def submit(reader: Membership, read: TrainingRead, grades: dict[str, int]):
    return services.training_submit(
        token=read.token, reader=reader, answers={"grade": grades}
    )


def train(
    reader: Membership, grade: Callable[[TrainingRead], dict[str, int]]
) -> TrainingAttempt:
    """Go through one attempt to its end."""
    attempt = services.attempt_start(reader=reader)
    while (read := services.training_next(reader=reader)) is not None:
        submit(reader, read, grade(read))
    attempt.refresh_from_db()
    return attempt


def order(attempt: TrainingAttempt) -> list[int]:
    return list(attempt.reads.order_by("position").values_list("item", flat=True))


# what is shown


def test_an_attempt_shows_every_training_image_once_under_new_tokens(trainee):
    reader = trainee()
    first, second = train(reader, as_key), train(reader, as_key)
    items = {item.pk for item in reader.study.training.all()}
    assert set(order(first)) == set(order(second)) == items
    tokens = TrainingRead.objects.values_list("token", flat=True)
    assert len(set(tokens)) == len(tokens) == 2 * len(items)
    assert {len(token) for token in tokens} == {len(Read.objects.first().token)}


def test_two_attempts_differ_in_their_order(trainee):
    """Of two images only: by chance alone every other attempt would be the same."""
    pair = training_set(("C001", "reference", 4, 4), ("C001", "short", 3, 1))
    reader = trainee(training=pair)
    orders = [order(train(reader, as_key)) for _ in range(6)]
    assert all(one != other for one, other in pairwise(orders))


def test_a_single_training_image_can_be_trained_again(trainee):
    reader = trainee(training=training_set(("C001", "short", 2, 3)))
    assert [train(reader, as_key).number for _ in range(2)] == [1, 2]


def test_the_next_image_stays_next_until_it_is_answered(trainee):
    reader = trainee()
    services.attempt_start(reader=reader)
    first = services.training_next(reader=reader)
    again = services.training_next(reader=reader)
    assert (first.position, again.pk) == (1, first.pk)
    assert again.first_shown_at == first.first_shown_at


def test_nothing_is_shown_before_an_attempt_is_started(trainee):
    assert services.training_next(reader=trainee()) is None


def test_starting_twice_is_starting_once(trainee):
    reader = trainee()
    one = services.attempt_start(reader=reader)
    assert services.attempt_start(reader=reader) == one
    assert TrainingAttempt.objects.count() == 1


# what is told


def test_an_answer_is_told_beside_the_key_and_what_follows(trainee):
    reader = trainee()
    services.attempt_start(reader=reader)
    read = services.training_next(reader=reader)
    told = submit(reader, read, {"right": 1, "left": 2})
    assert told.given == {"grade": {"right": 1, "left": 2}}
    assert told.key == read.item.key
    assert told.following.position == 2
    assert told.following.first_shown_at is not None


def test_the_same_answer_sent_twice_is_stored_once(trainee):
    reader = trainee()
    services.attempt_start(reader=reader)
    read = services.training_next(reader=reader)
    first, again = (submit(reader, read, as_key(read)) for _ in range(2))
    assert (first.key, first.following) == (again.key, again.following)
    assert TrainingRead.objects.filter(submitted_at__isnull=False).count() == 1


def test_another_answer_after_the_key_was_told_is_refused(trainee):
    reader = trainee()
    services.attempt_start(reader=reader)
    read = services.training_next(reader=reader)
    submit(reader, read, opposite(read))
    with pytest.raises(Refused, match="already answered"):
        submit(reader, read, as_key(read))
    read.refresh_from_db()
    assert read.answers == {"grade": opposite(read)}


def test_the_last_answer_sent_twice_judges_the_attempt_once(trainee):
    reader = trainee(**KAPPA)
    attempt = train(reader, as_key)
    last = attempt.reads.order_by("position").last()
    assert submit(reader, last, as_key(last)).following is None
    assert AuditEvent.objects.filter(action="training.finish").count() == 1


def test_an_answer_that_is_none_is_refused_and_not_stored(trainee):
    reader = trainee()
    services.attempt_start(reader=reader)
    read = services.training_next(reader=reader)
    for wrong in ({"right": 1}, {"right": 1, "left": 9}, {}):
        with pytest.raises(Refused):
            submit(reader, read, wrong)
    assert services.training_next(reader=reader).pk == read.pk


def test_an_image_that_was_not_shown_yet_takes_no_answer(trainee):
    reader = trainee()
    attempt = services.attempt_start(reader=reader)
    services.training_next(reader=reader)
    second = attempt.reads.get(position=2)
    with pytest.raises(TrainingRead.DoesNotExist):
        submit(reader, second, {"right": 1, "left": 1})


def test_a_reader_answers_no_training_of_another(make_open, cast):
    study = make_open(training=TRAINING, readers=(cast.reader, cast.second_reader))
    one, other = (
        reader_membership(study, user) for user in (cast.reader, cast.second_reader)
    )
    services.attempt_start(reader=one)
    read = services.training_next(reader=one)
    with pytest.raises(TrainingRead.DoesNotExist):
        submit(other, read, as_key(read))


# the gate


def test_without_a_gate_whoever_went_through_has_passed(trainee):
    attempt = train(trainee(), opposite)
    assert (attempt.passed, attempt.reached) == (True, None)


@pytest.mark.parametrize(
    ("gate", "grade", "reached", "passed"),
    [
        (KAPPA, as_key, 1.0, True),
        (KAPPA | {"gate_minimum": Decimal("1.00")}, as_key, 1.0, True),
        # key 4 4 3 1 1 2, own 3 3 4 2 2 3: each one off, a mean squared distance of
        # 1; of every own grade to every key's it is 78 / 36: kappa is 1 − 36 / 78
        (KAPPA, one_up, 7 / 13, False),
        (KAPPA | {"gate_minimum": Decimal("0.52")}, one_up, 7 / 13, True),
        (KAPPA, normal, 0.0, False),
        (WITHIN_ONE, one_up, 1.0, True),
        # of 4 4 3 1 1 2 the opposite is 1 1 2 4 4 3: two of six are one off
        (WITHIN_ONE, opposite, 1 / 3, False),
    ],
)
def test_an_attempt_is_judged_by_the_gate(trainee, gate, grade, reached, passed):
    attempt = train(trainee(**gate), grade)
    assert attempt.reached == pytest.approx(reached)
    assert attempt.passed is passed


def test_the_gates_kappa_has_the_weights_of_the_plan(trainee):
    attempt = train(trainee(**KAPPA, kappa_weights="unweighted"), one_up)
    # no grade is equal to the key: worse than chance
    assert attempt.reached < 0


def test_what_is_not_estimable_is_not_passed(trainee):
    """No study opens with such a key and kappa; an amendment might still ask for it."""
    healthy = training_set(("C001", "reference", 4, 4), ("C001", "short", 4, 4))
    reader = trainee(training=healthy)
    Study.objects.filter(pk=reader.study_id).update(**KAPPA)
    attempt = train(reader_of(reader), normal)
    assert (attempt.passed, attempt.reached) == (False, None)


def test_the_first_session_waits_for_the_gate(trainee):
    reader = trainee(**KAPPA)
    assert services.read_next(reader=reader).state == "training"
    train(reader, opposite)
    assert services.read_next(reader=reader).state == "training"
    train(reader, as_key)
    assert services.read_next(reader=reader).state == "read"


def test_failing_after_having_passed_takes_nothing_back(trainee):
    reader = trainee(**KAPPA)
    train(reader, as_key)
    train(reader, opposite)
    assert selectors.training_state(reader).state == "passed"
    assert services.read_next(reader=reader).state == "read"


def test_a_training_that_nobody_demands_holds_nobody_up(trainee):
    assert services.read_next(reader=trainee()).state == "read"


# who may train when


def refused(reader: Membership) -> str:
    with pytest.raises(Refused) as refusal:
        services.attempt_start(reader=reader)
    assert selectors.training_state(reader_of(reader)).state == "none"
    return str(refusal.value)


def reader_of(reader: Membership) -> Membership:
    """As the database has it now."""
    return Membership.objects.select_related("study").get(pk=reader.pk)


def test_nobody_trains_in_a_session_but_between_sessions(trainee, cast):
    reader = trainee(sessions=2, washout_days=3)
    while answer_next(reader).due.state == "read":
        assert "session 1 is finished" in refused(reader)
    assert selectors.training_state(reader_of(reader)).state == "offered"
    assert train(reader, as_key).passed


def test_an_attempt_begun_waits_until_the_session_is_over(trainee):
    reader = trainee(sessions=2)
    services.attempt_start(reader=reader)
    read = services.training_next(reader=reader)
    answer_next(reader)
    with pytest.raises(Refused, match="waits until session 1"):
        submit(reader, read, as_key(read))
    while services.read_next(reader=reader).read.session.number == 1:
        if answer_next(reader).due.state == "pause":
            break
    assert selectors.training_state(reader_of(reader)).is_begun
    assert submit(reader, read, as_key(read)).following.position == 2


def test_nobody_trains_once_everything_is_read(trainee):
    reader = trainee()
    while answer_next(reader).due.state == "read":
        pass
    assert "read everything" in refused(reader)


def test_nobody_trains_once_the_study_is_closed(trainee, cast):
    reader = trainee()
    services.attempt_start(reader=reader)
    read = services.training_next(reader=reader)
    services.study_close(study=reader.study, by=cast.coordinator)
    assert "closed" in refused(reader)
    with pytest.raises(Refused, match="closed"):
        submit(reader, read, as_key(read))


def test_an_answer_in_flight_when_the_study_closed_is_still_acknowledged(trainee, cast):
    reader = trainee()
    services.attempt_start(reader=reader)
    read = services.training_next(reader=reader)
    submit(reader, read, as_key(read))
    services.study_close(study=reader.study, by=cast.coordinator)
    assert submit(reader, read, as_key(read)).key == read.item.key


def test_simulated_readers_skip_the_training(trainee):
    reader = trainee(**KAPPA)
    services.member_mark_simulated(study=reader.study)
    assert "simulated" in refused(reader)
    assert services.read_next(reader=reader).state == "read"


def test_a_study_without_training_offers_none(make_open, cast):
    reader = reader_membership(make_open(), cast.reader)
    assert "no training" in refused(reader)


# what others learn


def test_training_never_enters_the_study(trainee):
    reader = trainee(**KAPPA)
    train(reader, as_key)
    assert "C001" not in {case.code for case in study_cases(reader.study)}
    assert not Read.objects.filter(
        session__study=reader.study, case__code="C001"
    ).exists()


def test_the_audit_log_tells_how_an_attempt_ended_and_nothing_of_its_images(trainee):
    reader = trainee(**KAPPA)
    train(reader, one_up)
    event = AuditEvent.objects.get(action="training.finish")
    assert event.actor_name == reader.user.username
    assert event.subject_key == f"{reader.code}/1"
    assert event.after == {
        "reader": reader.code,
        "attempt": 1,
        "passed": False,
        "reached": "0.538",
    }
