"""A sweep on simulated cases, without a database: point by point, and going on."""

import json
from dataclasses import replace

import numpy as np
import pytest

from inference import simulated_sweeps
from inference.building import Split
from inference.recipes import SHORT_RECIPE
from inference.simulated_sweeps import Images, SimulatedSweep, measured_points, run
from inference.training import Pairs
from readerstudy.imaging.errors import Refused

pytestmark = pytest.mark.pure


def pairs(cases: int, seed: int) -> Pairs:
    rng = np.random.default_rng(seed)
    clean = rng.integers(60, 200, (cases, 2, 8, 8)).repeat(4, axis=2).repeat(4, axis=3)
    short = np.clip(clean + rng.normal(0, 20, clean.shape), 0, 255).astype(np.uint8)
    return Pairs(short=short, reference=clean.astype(np.uint8))


IMAGES = Images(pairs(4, 1), pairs(2, 2), pairs(3, 3))
SWEEP = SimulatedSweep(
    title="try",
    factor="cases",
    levels=[1, 4],
    seeds=[1],
    network="unet-l1",
    recipe=replace(SHORT_RECIPE, epochs=2),
    split=Split(training=4, validation=2, test=3),
)


def said(text: str) -> None:
    pass


def test_every_point_is_kept_and_made_once(tmp_path, monkeypatch):
    points = run(SWEEP, images=IMAGES, folder=tmp_path, say=said)
    assert [(p["level"], len(p["validation"]), len(p["test"])) for p in points] == [
        (1, 2, 3),
        (4, 2, 3),
    ]
    assert len(points[0]["conditions"]["cases"]) == 1
    assert points[1]["conditions"] == {}
    assert not list(tmp_path.glob("*.safetensors"))
    monkeypatch.setattr(simulated_sweeps, "train", None)  # whoever trains fails
    assert run(SWEEP, images=IMAGES, folder=tmp_path, say=said) == points
    found = measured_points(points, "test")
    assert set(found[0].values) == {"0006", "0007", "0008"}


def test_what_was_stopped_goes_on_to_the_same_numbers(tmp_path, monkeypatch):
    whole = run(SWEEP, images=IMAGES, folder=tmp_path / "whole", say=said)
    train, lines = simulated_sweeps.train, []

    def breaks_off(*args, **more):
        def after_epoch(epoch):
            raise KeyboardInterrupt

        more["on_epoch"] = after_epoch if not lines else more["on_epoch"]
        return train(*args, checkpoint_every_s=0, **more)

    monkeypatch.setattr(simulated_sweeps, "train", breaks_off)
    with pytest.raises(KeyboardInterrupt):
        run(SWEEP, images=IMAGES, folder=tmp_path / "cut", say=said)
    assert list((tmp_path / "cut").glob("*.safetensors"))
    lines.append("again")
    again = run(SWEEP, images=IMAGES, folder=tmp_path / "cut", say=said)
    for one, other in zip(whole, again, strict=True):
        assert (one["validation"], one["test"]) == (other["validation"], other["test"])


def test_a_folder_of_another_sweep_is_refused_and_more_seeds_are_not(tmp_path):
    run(SWEEP, images=IMAGES, folder=tmp_path, say=said)
    with pytest.raises(Refused, match="what differs: loss"):
        run(replace(SWEEP, loss="mse"), images=IMAGES, folder=tmp_path, say=said)
    more = run(replace(SWEEP, seeds=[1, 2]), images=IMAGES, folder=tmp_path, say=said)
    assert len(more) == 4
    assert json.loads((tmp_path / "sweep.json").read_text())["seeds"] == [1, 2]


def test_a_sweep_that_makes_no_sense_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(Refused, match="5 is not possible here"):
        run(replace(SWEEP, levels=[1, 5]), images=IMAGES, folder=tmp_path, say=said)
    assert not list(tmp_path.iterdir())
