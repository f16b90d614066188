"""`manage.py build_weights`: what is there is kept, what was stopped goes on."""

from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from inference import building, simulated_pairs
from inference.networks.weights import read_weights


@pytest.fixture(autouse=True)
def simulated(monkeypatch, settings, tmp_path) -> Path:
    def simulate(seed: int, index: int) -> np.ndarray:
        rng = np.random.default_rng((seed, index))
        return rng.integers(0, 256, (2, 5, 64, 64), dtype=np.uint8)

    monkeypatch.setattr(simulated_pairs, "_simulate", simulate)
    settings.VAR_DIR = tmp_path / "var"
    return settings.VAR_DIR


def build(out: Path, *networks: str, **options: object) -> str:
    said = StringIO()
    small = {"cases": 2, "validation": 1, "epochs": 2, "out": out, **options}
    call_command("build_weights", *networks, stdout=said, **small)
    return said.getvalue()


def test_weights_that_are_there_are_not_made_again(tmp_path):
    assert "epoch 2/2" in build(tmp_path, "unet-l1", "unet-l2")
    before = (tmp_path / "unet-l2.safetensors").read_bytes()
    said = build(tmp_path, "unet-l2")
    assert "is there already" in said
    assert "epoch" not in said
    assert "epoch 2/2" in build(tmp_path, "unet-l2", seed=2)
    assert (tmp_path / "unet-l2.safetensors").read_bytes() != before


def test_what_was_stopped_goes_on_and_ends_with_the_same_bytes(
    tmp_path, simulated, monkeypatch
):
    build(tmp_path / "whole", "unet-l1")
    write = building.write_measured

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(building, "write_measured", killed)
    original = building.train
    monkeypatch.setattr(
        building,
        "train",
        lambda *args, **more: original(*args, **more, checkpoint_every_s=0),
    )
    with pytest.raises(KeyboardInterrupt):
        build(tmp_path / "stopped", "unet-l1")
    (laid_down,) = (simulated / "trainings").iterdir()
    monkeypatch.setattr(building, "write_measured", write)
    said = build(tmp_path / "stopped", "unet-l1")
    assert "epoch 1/2" not in said
    assert "epoch 2/2" in said
    assert not laid_down.exists()
    paths = (tmp_path / name / "unet-l1.safetensors" for name in ("whole", "stopped"))
    first, second = (path.read_bytes() for path in paths)
    assert first == second


def test_a_checkpoint_of_another_training_is_left_behind(
    tmp_path, simulated, monkeypatch
):
    laid_down = simulated / "trainings" / "unet-l1.safetensors"
    laid_down.parent.mkdir(parents=True)
    laid_down.write_bytes(b"of something else")
    said = build(tmp_path, "unet-l1")
    assert "begins anew" in said
    assert "epoch 2/2" in said


def test_what_the_registry_leaves_open_can_be_set(tmp_path):
    build(tmp_path, "unet-l1", setting=[("output_activation", "sigmoid")])
    card = read_weights(tmp_path / "unet-l1.safetensors").card
    assert card.configuration["output_activation"] == "sigmoid"
    assert card.title == "U-Net(L1), simulated cohort, short recipe"


def test_a_network_that_is_none_is_named_with_those_that_are(tmp_path):
    with pytest.raises(CommandError, match="none of unet-l1"):
        build(tmp_path, "unet-l9")
