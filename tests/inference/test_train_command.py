"""An administrator trains a network from the command line."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from inference import services
from inference.models import Training, Weights

from .learners import ask, let_differ, make_divided, run, short_recipe

pytestmark = pytest.mark.django_db
SHORT = ("unet-l1", "--cohort=Divided", "--recipe=short")


def train(*arguments: str) -> str:
    out = StringIO()
    with short_recipe():
        call_command("train", *arguments, stdout=out)
    return out.getvalue()


def test_every_epoch_is_told_and_the_weights_are_there_in_the_end():
    make_divided()
    said = train(*SHORT, "--seed=3", "--loss=mse", "--title=Ours")
    assert said.count("epoch") == 3
    assert "epoch   3 of 3: learning rate" in said
    weights = Weights.objects.get(origin="trained")
    assert (weights.title, weights.uploaded_by) == ("Ours", None)
    assert (weights.card["seed"], weights.card["loss"]) == (3, "mse")
    assert f"Ours ({weights.sha256[:12]})" in said


def test_a_stopped_training_goes_on_with_resume():
    cohort = make_divided()
    training = ask(cohort)
    run(training, should_leave=lambda: True)
    with pytest.raises(CommandError, match="stopped or failed"):
        train(*SHORT, "--resume", "--seed=2")
    services.training_stop(training=training)
    said = train(*SHORT, "--resume")
    assert "epoch   3 of 3" in said
    training.refresh_from_db()
    assert training.state == "done"


def test_one_may_only_ask_for_it():
    make_divided()
    assert "waits for a worker" in train(*SHORT, "--queue")
    assert Training.objects.get().state == "queued"


def test_what_cannot_be_trained_is_said_without_a_stack_trace():
    with pytest.raises(CommandError, match="There is no cohort “Divided”"):
        train(*SHORT)
    cohort = make_divided()
    with pytest.raises(CommandError, match="There is no method 'unet-l9'"):
        train("unet-l9", "--cohort=Divided")
    with pytest.raises(CommandError, match="no recipe “slow”"):
        train("unet-l1", "--cohort=Divided", "--recipe=slow")
    let_differ(cohort, "C001")
    with pytest.raises(CommandError, match="why they may stay: C001"):
        train(*SHORT)
    cohort.cases.update(split="")
    with pytest.raises(CommandError, match="is not divided yet"):
        train(*SHORT)
