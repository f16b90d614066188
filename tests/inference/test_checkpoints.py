"""A training that is stopped goes on where it was, to the last bit."""

import json
from dataclasses import replace

import numpy as np
import pytest

from inference.networks.configuration import UNetConfiguration
from inference.training import (
    QUICK_RECIPE,
    STUDY_RECIPE,
    Checkpoint,
    StoppedError,
    Trained,
    train,
)
from readerstudy.imaging.errors import Refused

from .test_training import one_thread, pairs
from .unets import build_unet

assert one_thread  # every test here, too, is held to one thread
pytestmark = pytest.mark.pure
RECIPES = {
    "averaged": replace(QUICK_RECIPE, epochs=4, averaging=0.9),
    # gets worse from its third epoch on
    "best": replace(
        STUDY_RECIPE, epochs=4, late_from_epoch=3, late_learning_rate=0.3, keep="best"
    ),
    "study": replace(STUDY_RECIPE, epochs=4, late_from_epoch=3),
}
BATCHES = 3  # of an epoch


def run(recipe, *, seed: int = 1, data: int = 1, **more) -> Trained:
    return train(
        build_unet(UNetConfiguration((4, 8)), seed=7),
        in_channels=1,
        training=pairs(8 * BATCHES, seed=data),
        validation=pairs(8, seed=2),
        recipe=recipe,
        loss="l1",
        seed=seed,
        **more,
    )


def stopped(recipe, *, batches: int) -> bytes:
    """The checkpoint of a run that was told to stop after so many batches."""
    left = iter([False] * (batches - 1) + [True])
    laid_down: list[bytes] = []
    with pytest.raises(StoppedError):
        run(
            recipe,
            should_stop=lambda: next(left),
            on_checkpoint=lambda found: laid_down.append(found.to_bytes()),
        )
    return laid_down[-1]


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("batches", [1, BATCHES, 2 * BATCHES + 2, 4 * BATCHES])
def test_a_run_stopped_anywhere_ends_with_the_same_bits(name, batches):
    whole = run(RECIPES[name])
    checkpoint = Checkpoint.from_bytes(stopped(RECIPES[name], batches=batches))
    resumed = run(RECIPES[name], resume=checkpoint)
    assert resumed.epoch == whole.epoch
    assert (whole.epoch < 3) == (name == "best")
    for values in whole.parameters:
        assert (
            resumed.parameters[values].tobytes() == whole.parameters[values].tobytes()
        )
    assert [replace(e, seconds=0) for e in resumed.history] == [
        replace(e, seconds=0) for e in whole.history
    ]


def test_a_run_that_is_done_gives_its_weights_again_from_its_last_checkpoint():
    laid_down: list[Checkpoint] = []
    recipe = RECIPES["averaged"]
    whole = run(recipe, on_checkpoint=laid_down.append, checkpoint_every_s=0)
    assert len(laid_down) == 4 * BATCHES
    again = run(recipe, resume=Checkpoint.from_bytes(laid_down[-1].to_bytes()))
    for name, values in whole.parameters.items():
        np.testing.assert_array_equal(values, again.parameters[name])


def test_the_same_state_is_laid_down_as_the_same_bytes():
    checkpoint = Checkpoint.from_bytes(stopped(RECIPES["best"], batches=5))
    assert (
        checkpoint.to_bytes() == Checkpoint.from_bytes(checkpoint.to_bytes()).to_bytes()
    )


@pytest.mark.parametrize(
    ("differing", "changes"),
    [
        ("recipe", {"recipe": replace(RECIPES["averaged"], learning_rate=1e-4)}),
        ("seed", {"seed": 2}),
        ("data", {"data": 9}),
        ("precision", {"precision": "bf16"}),
    ],
)
def test_a_checkpoint_of_another_training_is_refused(differing, changes):
    content = stopped(RECIPES["averaged"], batches=2)
    arguments = {"recipe": RECIPES["averaged"], **changes}
    with pytest.raises(Refused, match=f"differs: {differing}"):
        run(resume=Checkpoint.from_bytes(content), **arguments)


def test_what_is_no_checkpoint_is_refused_and_never_unpickled():
    content = stopped(RECIPES["averaged"], batches=2)
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    del header["__metadata__"]
    without = json.dumps(header).encode().ljust(length)
    pickled = b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x07"
    for bad in (
        b"",
        pickled,
        content[:-1],
        content[:8] + without + content[8:][length:],
    ):
        with pytest.raises(Refused, match="no checkpoint"):
            Checkpoint.from_bytes(bad)


def test_half_precision_learns_too():
    result = run(replace(RECIPES["averaged"], epochs=8), precision="bf16")
    losses = [epoch.training_loss for epoch in result.history]
    assert losses[-1] < losses[0]
    assert all(values.dtype == np.float32 for values in result.parameters.values())
