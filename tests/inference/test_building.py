"""Shipped weights: the simulated images they learn from, and what their card says."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import readerstudy.simulation
from inference import building, registry, simulated_pairs
from inference.networks.weights import read_weights
from inference.prediction import load_network, predict
from inference.quality import psnr_db, ssim
from inference.services.weights import SHIPPED
from inference.training import QUICK_RECIPE, STUDY_RECIPE, Pairs
from readerstudy.imaging import preprocessing
from readerstudy.imaging.preprocessing import to_eight_bit

pytestmark = pytest.mark.pure
RECIPE = replace(QUICK_RECIPE, epochs=2)


def images(cases: int, *, seed: int) -> Pairs:
    rng = np.random.default_rng(seed)
    reference = rng.integers(0, 200, (cases, 5, 64, 64), dtype=np.uint8)
    noise = rng.integers(0, 20, reference.shape, dtype=np.uint8)
    return Pairs(reference + noise, reference)


PLAN = building.Plan(
    network="unet-l1",
    recipe=RECIPE,
    seed=4,
    split=building.Split(training=2, validation=1),
)


def build(path: Path, *, plan: building.Plan = PLAN, data: int = 1):
    return building.build(
        plan,
        training=images(2, seed=data),
        validation=images(1, seed=2),
        path=path,
    )


def test_the_card_in_the_file_says_how_the_weights_came_about(tmp_path):
    path = tmp_path / "w.safetensors"
    card = build(path)
    found = read_weights(path)
    assert found.card == card
    assert (card.network, card.loss, card.seed) == ("unet-l1", "l1", 4)
    assert card.recipe == {**RECIPE.to_json(), "threads": 1}
    assert card.data["split"] == {
        "training": {"cases": [0, 1], "images": 10},
        "validation": {"cases": [2, 2], "images": 5},
    }
    validation = images(1, seed=2)
    output = to_eight_bit(predict(load_network(found), validation.short, in_channels=1))
    after = psnr_db(output, validation.reference, data_range=255)
    before = psnr_db(validation.short, validation.reference, data_range=255)
    results = card.results
    similarity = ssim(output, validation.reference, data_range=255)
    assert results["ssim_range_255_output"]["mean"] == pytest.approx(
        similarity.mean(), abs=1e-3
    )
    assert results["psnr_db_output"]["mean"] == pytest.approx(after.mean(), abs=1e-3)
    assert results["psnr_db_short"]["sd"] == pytest.approx(before.std(ddof=1), abs=1e-3)
    assert results["psnr_db_gain"]["mean"] == pytest.approx(
        (after - before).mean(), abs=1e-3
    )


def test_building_again_gives_the_same_bytes_and_other_data_another_hash(tmp_path):
    first = build(tmp_path / "a")
    build(tmp_path / "b")
    other = build(tmp_path / "c", data=3)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert first.data["sha256"] != other.data["sha256"]


def test_a_large_network_is_scored_with_the_rounded_weights_that_are_shipped(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(building, "LARGEST_FLOAT32_BYTES", 1)
    plan = replace(PLAN, network="unet-l2")
    path = tmp_path / "w.safetensors"
    card = build(path, plan=plan)
    assert card.results["bits_per_weight"] == 8
    monkeypatch.setattr(building, "LARGEST_FLOAT32_BYTES", 10**9)
    whole = build(tmp_path / "whole", plan=plan)
    assert whole.results["bits_per_weight"] == 32
    assert path.stat().st_size < (tmp_path / "whole").stat().st_size / 2
    validation = images(1, seed=2)
    rounded = predict(load_network(read_weights(path)), validation.short, in_channels=1)
    score = psnr_db(to_eight_bit(rounded), validation.reference, data_range=255)
    assert card.results["psnr_db_output"]["mean"] == round(float(score.mean()), 4)
    assert not list(tmp_path.glob(".*"))


def test_what_is_built_is_not_built_again_unless_something_else_is_asked(tmp_path):
    path = tmp_path / "w.safetensors"
    training, validation = images(2, seed=1), images(1, seed=2)
    card = PLAN.card(training, validation)
    assert not building.is_built(path, card)
    build(path)
    assert building.is_built(path, card)
    for other in (
        replace(PLAN, seed=5),
        replace(PLAN, recipe=replace(RECIPE, epochs=3)),
        replace(PLAN, settings={"output_activation": "sigmoid"}),
    ):
        assert not building.is_built(path, other.card(training, validation))
    assert not building.is_built(path, PLAN.card(images(2, seed=3), validation))


def test_every_shipped_network_is_one_that_can_be_trained():
    for network in building.SHIPPED_RECIPES:
        assert registry.network_get(network).can_be_trained
    assert building.SHIPPED_RECIPES["unet-l4"] == STUDY_RECIPE


def test_the_207_cases_are_divided_as_in_the_study_and_none_is_in_two_parts():
    split = building.Split()
    parts = (split.training_indices, split.validation_indices, split.test_indices)
    assert [len(part) for part in parts] == [120, 37, 50]
    assert sorted(index for part in parts for index in part) == list(range(207))


def test_the_demo_is_simulated_from_another_seed():
    from readerstudy.demo import services

    assert building.TRAINING_SEED != services.SEED


@pytest.fixture
def simulated(monkeypatch) -> list[int]:
    """The cases that were really simulated; the images just count."""
    made: list[int] = []

    def simulate(seed: int, index: int) -> np.ndarray:
        made.append(index)
        both = np.zeros((2, 5, 64, 64), dtype=np.uint8)
        both += np.array([100, 0], dtype=np.uint8).reshape(2, 1, 1, 1)
        return both + np.arange(5, dtype=np.uint8).reshape(5, 1, 1) + np.uint8(index)

    monkeypatch.setattr(simulated_pairs, "_simulate", simulate)
    return made


def make(folder: Path, *indices: int) -> Pairs:
    return simulated_pairs.simulated_pairs(seed=1, indices=indices, folder=folder)


def test_slices_come_in_order_and_short_belongs_to_reference(simulated, tmp_path):
    pairs = make(tmp_path, 3, 7)
    expected = [3, 4, 5, 6, 7, 7, 8, 9, 10, 11]
    assert pairs.reference[:, :, 0, 0].ravel().tolist() == expected
    assert pairs.short[:, :, 9, 9].ravel().tolist() == [100 + v for v in expected]


def test_what_is_simulated_is_kept_and_a_half_written_case_made_again(
    simulated, tmp_path
):
    make(tmp_path, 0, 1)
    (home,) = tmp_path.iterdir()
    (home / "0002.part").write_bytes(b"half")
    again = make(tmp_path, 0, 1, 2)
    assert sorted(simulated) == [0, 1, 2]
    assert (again.cases, len(again)) == (3, 15)


PHYSICS = [
    "acquisition",
    "anatomy",
    "camera",
    "patient",
    "phantom",
    "projector",
    "reconstruction",
    "scanning",
    "shapes",
    "striatum",
]
# Files, readers, fits and clocks: no image that is learned from depends on them.
NO_PHYSICS = [
    "__init__",
    "calibration",
    "cohort",
    "expectation",
    "nm_writer",
    "observer",
    "replicates",
    "stack_observer",
    "timing",
]


@pytest.fixture
def physics(tmp_path, monkeypatch) -> Path:
    """A copy of the simulation's source, and of the preprocessing's, to change."""
    for module in (readerstudy.simulation, preprocessing):
        source = Path(module.__file__)
        folder = tmp_path / source.parent.name
        shutil.copytree(source.parent, folder)
        monkeypatch.setattr(module, "__file__", str(folder / source.name))
    return tmp_path


def append(module: Path, text: str) -> str:
    with module.open("a") as file:
        file.write(text)
    return simulated_pairs.physics_sha256()


def test_every_module_of_the_simulation_is_physics_or_is_not():
    folder = Path(readerstudy.simulation.__file__).parent
    assert {path.stem for path in folder.glob("*.py")} == {*PHYSICS, *NO_PHYSICS}


@pytest.mark.parametrize(
    "module",
    [*(f"simulation/{name}.py" for name in PHYSICS), "imaging/preprocessing.py"],
)
def test_changed_physics_start_anew(physics, module):
    before = simulated_pairs.physics_sha256()
    assert append(physics / module, "\nEXTRA = 1\n") != before


@pytest.mark.parametrize("name", NO_PHYSICS)
def test_what_makes_no_image_is_not_physics(physics, name):
    before = simulated_pairs.physics_sha256()
    assert append(physics / "simulation" / f"{name}.py", "\nEXTRA = 1\n") == before


def test_changed_words_are_no_changed_physics(physics):
    before = simulated_pairs.physics_sha256()
    camera = physics / "simulation" / "camera.py"
    camera.write_text('"""Other words."""\n' + camera.read_text().split('"""', 2)[2])
    assert append(camera, "\n# more\n") == before


def test_the_shipped_weights_learned_from_the_physics_that_is_here():
    """Only if no number changed may the hash on a card be brought up to date."""
    physics = simulated_pairs.physics_sha256()
    for path in SHIPPED.glob("*.safetensors"):
        card = read_weights(path).card
        assert path.stem == card.network
        assert card.data["simulation_sha256"] == physics, card.network


def test_the_shipped_weights_never_met_a_test_case_and_are_small():
    paths = list(SHIPPED.glob("*.safetensors"))
    assert {path.stem for path in paths} <= set(building.SHIPPED_RECIPES)
    sizes = [path.stat().st_size for path in paths]
    assert max(sizes) <= 3_000_000
    assert sum(sizes) <= 20_000_000
    first_test_case = building.Split().test_indices[0]
    for path in paths:
        split = read_weights(path).card.data["split"]
        assert max(part["cases"][1] for part in split.values()) < first_test_case
