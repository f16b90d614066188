"""A coordinator has a network trained: what is asked, learned, kept and refused."""

from pathlib import Path

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from inference import registry, selectors, services
from inference.claims import new_claim
from inference.models import Training, Weights
from inference.services.workers import worker_register
from readerstudy.audit.models import AuditEvent
from readerstudy.cases.models import Cohort, Rendition
from readerstudy.cases.services.parity import case_accept_parity
from readerstudy.imaging.errors import Refused

from .conftest import make_cohort
from .learners import ask, let_differ, make_divided, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def divided(coordinator: User) -> Cohort:
    cohort = make_divided()
    cohort.coordinators.add(coordinator)
    return cohort


def parameters(weights: Weights) -> dict[str, np.ndarray]:
    return dict(selectors.weights_file(weights).parameters)


def same_numbers(one: Weights, other: Weights) -> bool:
    mine, theirs = parameters(one), parameters(other)
    return mine.keys() == theirs.keys() and all(
        mine[name].tobytes() == theirs[name].tobytes() for name in mine
    )


def test_a_training_ends_in_weights_with_a_full_card(divided, coordinator):
    training = run(ask(divided, user=coordinator, seed=7))
    assert (training.state, training.message) == ("done", "")
    assert (training.epochs_done, len(training.history)) == (3, 3)
    weights = training.result
    assert weights.origin == Weights.Origin.TRAINED
    assert weights.uploaded_by == coordinator
    card = weights.card
    assert card["data"]["sha256"] == training.data_sha256
    assert card["data"]["cohort"] == "Divided"
    assert card["data"]["split"]["training"] == {"cases": 3, "images": 15}
    assert card["recipe"]["epochs"] == 3
    assert card["recipe"]["threads"] == training.versions["threads"]
    assert (card["loss"], card["seed"]) == ("l1", 7)
    assert {"python", "torch", "numpy"} <= card["versions"].keys()
    assert card["results"]["split"] == "validation"
    assert selectors.weights_file(weights).sha256 == weights.sha256


def test_short_images_that_equal_their_references_leave_only_their_psnr_untold(divided):
    for short in Rendition.objects.filter(case__cohort=divided, method="short"):
        same = short.case.renditions.get(method="reference")
        Rendition.objects.filter(pk=short.pk).update(
            values=same.values.name, sha256=same.sha256
        )
    training = run(ask(divided))
    assert (training.state, training.message) == ("done", "")
    results = training.result.card["results"]
    for untold in ("psnr_db_short", "psnr_db_gain"):
        assert results[untold] == {"mean": None, "sd": None}
    assert results["ssim_range_255_short"] == {"mean": 1.0, "sd": 0.0}
    assert results["psnr_db_output"]["mean"] > 0


def test_the_card_lists_the_patients_of_training_and_validation_and_no_other(divided):
    first = divided.cases.get(code="C001")
    first.second_patient_digest = "5" * 64  # a pair accepted under two ids
    first.save()
    card = run(ask(divided)).result.card
    said = card["data"]["patients"]
    for part in ("training", "validation"):
        cases = divided.cases.filter(split=part)
        digests = {case.patient_digest for case in cases}
        digests |= {"5" * 64} if part == "training" else set()
        assert said[part] == sorted(digests)
    assert said.keys() == {"training", "validation"}
    tested = divided.cases.filter(split="test")
    assert not {case.patient_digest for case in tested} & {
        digest for part in said.values() for digest in part
    }


def test_no_image_of_a_test_case_is_ever_opened(divided):
    for rendition in Rendition.objects.filter(case__split="test", case__cohort=divided):
        Path(rendition.values.path).write_bytes(b"not an image")
    assert run(ask(divided)).state == "done"


def test_a_damaged_image_of_a_training_case_is_named(divided):
    rendition = Rendition.objects.get(
        case__cohort=divided, case__code="C002", method="reference"
    )
    Path(rendition.values.path).write_bytes(b"not an image")
    training = run(ask(divided))
    assert training.state == "failed"
    assert "C002" in training.message


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(divided):
    first = run(ask(divided, seed=1, title="first")).result
    again = run(ask(divided, seed=1, title="again")).result
    other = run(ask(divided, seed=2, title="other")).result
    assert same_numbers(first, again)
    assert not same_numbers(first, other)


def test_the_very_same_training_again_is_told_that_its_weights_are_there(divided):
    first = run(ask(divided))
    second = run(ask(divided))
    assert (second.state, second.result) == ("done", None)
    assert first.result.title in second.message
    assert Weights.objects.filter(origin="trained").count() == 1


def test_weights_that_a_killed_worker_had_made_already_are_found_again(divided):
    training = run(ask(divided))
    weights = training.result
    # it died between keeping the weights and ending the row
    Training.objects.filter(pk=training.pk).update(
        state="queued", finished_at=None, result=None
    )
    assert run(training).result == weights
    assert training.message == ""


def test_the_weights_run_as_a_job_and_remember_whom_they_learned_from(divided):
    weights = run(ask(divided)).result
    job = services.job_request(cohort=divided, method="unet-l1", weights=weights)
    services.job_run(job_id=job.pk)
    job.refresh_from_db()
    assert job.state == "done"
    for rendition in Rendition.objects.filter(method=job.rendition_method):
        known = {"training": "training", "validation": "validation", "test": "no"}
        said = rendition.provenance["learned_from_patient"]
        assert said == known[rendition.case.split]


def test_who_asked_stopped_and_finished_is_in_the_audit_log(divided, coordinator):
    training = ask(divided, user=coordinator)
    services.training_stop(training=training, by=coordinator)
    services.training_resume(training=training, by=coordinator)
    run(training)
    events = AuditEvent.objects.filter(action__startswith="training.")
    told = [(event.action, event.actor_name) for event in events.order_by("sequence")]
    assert told == [
        ("training.request", "carol"),
        ("training.stop", "carol"),
        ("training.resume", "carol"),
        ("training.done", ""),
    ]


def refused(cohort: Cohort, **wanted: object) -> str:
    with pytest.raises(Refused) as refusal:
        ask(cohort, **wanted)
    assert not Training.objects.filter(cohort=cohort).exclude(state="queued").exists()
    return str(refusal.value)


def test_what_cannot_be_trained_is_refused_in_words(divided):
    assert "There is no method 'unet-l9'" in refused(divided, network="unet-l9")
    assert "is a filter" in refused(divided, network="gaussian")
    assert "There is no recipe “slow”" in refused(divided, recipe="slow")
    assert "There is no loss “l3”" in refused(divided, loss="l3")
    assert "seed is a whole number" in refused(divided, seed=-1)


def test_a_network_that_cannot_run_here_says_why(divided, monkeypatch):
    from dataclasses import replace

    spec = replace(registry.METHODS["unet-l1"], unavailable_reason="It needs a GPU.")
    monkeypatch.setitem(registry.METHODS, "unet-l1", spec)
    assert "cannot run here: It needs a GPU." in refused(divided)


def test_a_cohort_that_is_not_ready_says_what_it_lacks(coordinator):
    empty = Cohort.objects.create(name="Empty")
    assert "has no cases" in refused(empty)
    undivided = make_cohort("Undivided", cases=4)
    assert "is not divided yet" in refused(undivided)
    undivided.cases.update(split="training")
    assert "is not divided yet" in refused(undivided)
    few = make_divided("Few")
    few.cases.filter(code="C001").update(split="test")
    assert "Training cases: 2. At least 3" in refused(few)
    bare = make_divided("Bare")
    Rendition.objects.filter(case__cohort=bare, case__code="C002").delete()
    assert "lack an image of the reference or the short scan: C002" in refused(bare)


def test_a_test_case_without_images_is_no_obstacle(divided):
    Rendition.objects.filter(case__cohort=divided, case__split="test").delete()
    assert ask(divided).state == "queued"


@pytest.mark.parametrize("code", ["C002", "C004"])  # of training, of validation
def test_no_network_learns_a_difference_that_nobody_has_accepted(
    divided, coordinator, code
):
    case = let_differ(divided, code)
    assert f"nobody has said why they may stay: {code}." in refused(divided)
    assert not Training.objects.exists()
    case_accept_parity(case=case, reason="Looked at both.", by=coordinator)
    assert run(ask(divided)).state == "done"


def test_what_readers_may_see_a_network_may_learn(divided):
    let_differ(divided, "C001", "position")  # told, but it needs no reason
    let_differ(divided, "C005")  # of test: never opened
    assert ask(divided).state == "queued"


def test_a_training_that_waits_or_was_stopped_asks_again(divided):
    waiting, stopped = ask(divided), ask(divided, seed=2)
    services.training_stop(training=stopped)
    let_differ(divided, "C002")
    with pytest.raises(Refused, match="why they may stay: C002"):
        services.training_resume(training=stopped)
    assert run(waiting).state == "failed"
    assert "why they may stay: C002" in waiting.message
    assert waiting.history == []


def test_the_card_counts_cases_in_words_that_fit(divided):
    said = run(ask(divided)).result.card["data"]["description"]
    assert said.startswith("3 training cases and 1 validation case of the cohort")


def test_the_same_training_is_not_asked_for_twice_at_once(divided):
    training = ask(divided)
    assert "is already being trained" in refused(divided)
    assert ask(divided, seed=2).pk != training.pk
    services.training_stop(training=training)
    again = ask(divided)
    with pytest.raises(Refused, match="already being trained"):
        services.training_resume(training=training)
    assert again.active


def test_a_network_that_goes_astray_says_so(divided, monkeypatch):
    def diverge(*_: object, **__: object) -> None:
        raise FloatingPointError("the training loss of epoch 2 is nan")

    monkeypatch.setattr("inference.training.train", diverge)
    training = run(ask(divided))
    assert training.state == "failed"
    assert "went astray: the training loss of epoch 2 is nan" in training.message


def test_the_largest_network_is_trained_only_where_a_gpu_listens(divided):
    with pytest.raises(Refused, match="too large to be trained without a GPU"):
        ask(divided, network="transunet")
    for queue in ("gpu", "training"):
        worker_register(claim=f"a|b|1|1|{queue}", queues=[queue], device="cuda: A GPU")
    assert ask(divided, network="transunet").network == "transunet"


def test_a_stopped_training_goes_on_only_once_its_worker_has_let_go(divided):
    training = ask(divided)
    Training.objects.filter(pk=training.pk).update(
        state="running", claimed_by=new_claim(), heartbeat_at=timezone.now()
    )
    services.training_stop(training=training)
    with pytest.raises(Refused, match="still keeping what it has learned"):
        services.training_resume(training=training, call=False)
    Training.objects.filter(pk=training.pk).update(claimed_by="")
    services.training_resume(training=training, call=False)
    training.refresh_from_db()
    assert training.state == "queued"
