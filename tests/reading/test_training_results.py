"""What is told of training: what a reader may do, and what an attempt came to."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from readerstudy.reading import services
from readerstudy.reading.models import Membership, Study
from readerstudy.reading.selectors import training as selectors
from tests.factory import TRAINING

from .test_training import KAPPA, as_key, one_up, opposite, reader_of, train


def test_the_state_tells_what_the_reader_may_do(trainee):
    reader = trainee(**KAPPA)
    before = selectors.training_state(reader)
    assert (before.state, before.images, before.attempts) == ("required", 3, 0)
    services.attempt_start(reader=reader)
    assert selectors.training_state(reader).is_begun
    train(reader, opposite)
    failed = selectors.training_state(reader)
    assert (failed.state, failed.attempts, failed.is_begun) == ("required", 1, False)
    train(reader, as_key)
    assert selectors.training_state(reader).state == "passed"


def test_an_attempt_from_before_the_gate_does_not_pass_it(trainee):
    """A gate may come by amendment; who only went through has met no minimum."""
    reader = trainee()
    train(reader, as_key)
    Study.objects.filter(pk=reader.study_id).update(**KAPPA)
    assert selectors.training_state(reader_of(reader)).state == "required"
    assert services.read_next(reader=reader).state == "training"


def test_a_result_is_told_by_the_gate_that_held_when_it_ended(trainee, cast):
    reader = trainee(**KAPPA)
    train(reader, one_up)
    study = reader.study
    later = dict(study.protocol)
    later["training"] = {**later["training"], "gate": None}
    study.amendments.create(
        number=1,
        reason="the gate was too strict",
        changes={},
        protocol=later,
        protocol_sha256="0" * 64,
        at=timezone.now() + timedelta(seconds=1),
        by=cast.coordinator,
    )
    told = selectors.training_result(reader)
    assert (told.measure, told.minimum) == ("kappa", Decimal("0.6"))
    assert (told.reached, told.passed) == (Decimal("0.538"), False)


def test_a_number_is_cut_so_that_a_failure_never_looks_like_the_minimum():
    assert selectors.shown_number(0.5999) == Decimal("0.599")
    assert selectors.shown_number(0.57) == Decimal("0.570")
    assert selectors.shown_number(-0.0004) == Decimal("-0.001")
    assert selectors.shown_number(None) is None


def test_the_states_of_many_readers_need_no_more_queries(
    make_open, cast, django_assert_num_queries
):
    study = make_open(training=TRAINING, readers=(cast.reader, cast.second_reader))
    readers = list(Membership.objects.select_related("study").filter(study=study))
    with django_assert_num_queries(3):
        selectors.training_states(readers[:1])
    with django_assert_num_queries(3):
        selectors.training_states(readers)
