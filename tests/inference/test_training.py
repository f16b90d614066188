"""Training: the study's numbers, and the same result from the same seed."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from inference.networks.configuration import UNetConfiguration
from inference.networks.unet import build_unet
from inference.prediction import predict
from inference.training import (
    QUICK_RECIPE,
    STUDY_RECIPE,
    Pairs,
    Recipe,
    _Run,
    train,
    validation_psnr_db,
)

pytestmark = pytest.mark.pure
SMALL = UNetConfiguration((4, 8), output_activation="sigmoid")
SHORT_RECIPE = replace(QUICK_RECIPE, epochs=3)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def pairs(count: int, *, seed: int) -> Pairs:
    rng = np.random.default_rng(seed)
    row, column = np.mgrid[:32, :32]
    centre = rng.uniform(10, 22, (count, 2, 1, 1))
    distance = (row - centre[:, 0]) ** 2 + (column - centre[:, 1]) ** 2
    reference = 30 + 180 * np.exp(-distance / 30)
    short = reference + rng.normal(0, 20, reference.shape)
    eight_bit = (
        np.clip(np.rint(images), 0, 255).astype(np.uint8)
        for images in (short, reference)
    )
    return Pairs(*eight_bit)


def trained(recipe: Recipe, *, seed: int = 1, loss="mse", configuration=SMALL):
    network = build_unet(configuration, seed=7)
    result = train(
        network,
        training=pairs(24, seed=1),
        validation=pairs(8, seed=2),
        recipe=recipe,
        loss=loss,
        seed=seed,
    )
    return network, result


def test_the_recipe_named_study_has_the_published_numbers():
    assert (STUDY_RECIPE.epochs, STUDY_RECIPE.batch_size) == (200, 8)
    assert STUDY_RECIPE.optimiser == "adam"
    assert (STUDY_RECIPE.learning_rate, STUDY_RECIPE.epsilon) == (1e-3, 1e-7)
    assert (STUDY_RECIPE.late_learning_rate, STUDY_RECIPE.late_from_epoch) == (
        1e-5,
        150,
    )
    assert not STUDY_RECIPE.flips
    assert not STUDY_RECIPE.shift_px
    assert STUDY_RECIPE.averaging is None


@pytest.mark.parametrize("recipe", [SHORT_RECIPE, replace(STUDY_RECIPE, epochs=3)])
def test_the_same_seed_gives_the_same_weights_to_the_last_bit(recipe):
    _, first = trained(recipe)
    _, second = trained(recipe)
    _, other = trained(recipe, seed=2)
    for name, values in first.parameters.items():
        np.testing.assert_array_equal(values, second.parameters[name])
    assert not np.array_equal(
        first.parameters["output.weight"], other.parameters["output.weight"]
    )
    assert [e.training_loss for e in first.history] == [
        e.training_loss for e in second.history
    ]


@pytest.mark.parametrize("loss", ["mse", "l1"])
def test_training_makes_unseen_noisy_images_better(loss):
    recipe = replace(
        QUICK_RECIPE, epochs=20, batch_size=4, learning_rate=4e-3, averaging=0.9
    )
    larger = UNetConfiguration((8, 16), output_activation="none")
    _, result = trained(recipe, loss=loss, configuration=larger)
    unseen = pairs(8, seed=2)
    before = 10 * np.log10(
        255**2
        / np.mean((unseen.short.astype(float) - unseen.reference) ** 2, axis=(1, 2))
    )
    assert result.history[-1].training_loss < result.history[0].training_loss / 2
    assert result.history[-1].validation_psnr_db > before.mean() + 3


def test_the_losses_are_the_mean_square_and_the_mean_absolute_difference():
    images = pairs(4, seed=3)
    network = build_unet(SMALL, seed=7)
    short, reference = images.tensors("cpu")
    with torch.no_grad():
        difference = (network(short) - reference).double()
    still = replace(
        STUDY_RECIPE, epochs=1, batch_size=4, learning_rate=0.0, optimiser="adam"
    )
    for loss, expected in (
        ("mse", (difference**2).mean()),
        ("l1", difference.abs().mean()),
    ):
        network = build_unet(SMALL, seed=7)
        result = train(
            network,
            training=images,
            validation=images,
            recipe=still,
            loss=loss,
            seed=1,
        )
        assert result.history[0].training_loss == pytest.approx(
            float(expected), rel=1e-5
        )


def test_the_late_learning_rate_begins_with_its_epoch():
    recipe = replace(STUDY_RECIPE, epochs=4, late_from_epoch=3)
    _, result = trained(recipe)
    assert [e.learning_rate for e in result.history] == [1e-3, 1e-3, 1e-5, 1e-5]


def test_one_cycle_rises_and_falls_to_nearly_nothing():
    rates = [
        QUICK_RECIPE.learning_rate_at(step, steps_per_epoch=10) for step in range(600)
    ]
    highest = rates.index(max(rates))
    assert highest == 150
    assert max(rates) == QUICK_RECIPE.learning_rate
    assert rates[0] == pytest.approx(QUICK_RECIPE.learning_rate / 25)
    assert 0 < rates[-1] < QUICK_RECIPE.learning_rate * 1e-4
    assert np.all(np.diff(rates[: highest + 1]) > 0)
    assert np.all(np.diff(rates[highest:]) < 0)


@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_the_shortest_of_cycles_is_no_special_case(epochs):
    recipe = replace(QUICK_RECIPE, epochs=epochs)
    rates = [recipe.learning_rate_at(s, steps_per_epoch=1) for s in range(epochs)]
    assert all(0 < rate <= QUICK_RECIPE.learning_rate for rate in rates)


def test_progress_is_told_after_every_epoch():
    told = []
    network = build_unet(SMALL, seed=7)
    result = train(
        network,
        training=pairs(8, seed=1),
        validation=pairs(2, seed=2),
        recipe=SHORT_RECIPE,
        loss="mse",
        seed=1,
        on_epoch=told.append,
    )
    assert tuple(told) == result.history
    assert [(e.number, e.of) for e in told] == [(1, 3), (2, 3), (3, 3)]


def test_the_kept_weights_are_those_that_were_validated():
    for keep in ("last", "best"):
        recipe = replace(QUICK_RECIPE, epochs=4, averaging=0.9, keep=keep)
        _, result = trained(recipe)
        network = build_unet(SMALL, seed=0)
        network.load_state_dict(
            {name: torch.from_numpy(v) for name, v in result.parameters.items()}
        )
        network.eval().to(memory_format=torch.channels_last)
        psnr = validation_psnr_db(network, pairs(8, seed=2), device="cpu")
        history = {e.number: e.validation_psnr_db for e in result.history}
        assert psnr == pytest.approx(history[result.epoch], abs=1e-9)
        if keep == "best":
            assert history[result.epoch] == max(history.values())
        else:
            assert result.epoch == 4


def test_both_images_of_a_pair_are_moved_and_mirrored_alike():
    images = pairs(16, seed=4)
    same = Pairs(images.reference, images.reference)
    run = _Run(build_unet(SMALL, seed=0), same, QUICK_RECIPE, "mse", 5, "cpu")
    before = {image.tobytes() for image in same.tensors("cpu")[0].numpy()}
    batches = list(run._batches())
    assert sum(len(short) for short, _ in batches) == 16
    for short, reference in batches:
        assert torch.equal(short, reference)
    after = [image.tobytes() for short, _ in batches for image in short.numpy()]
    assert sum(one not in before for one in after) >= 12


def test_a_loss_that_is_not_a_number_ends_the_training_in_plain_words():
    network = build_unet(SMALL, seed=7)
    with torch.no_grad():
        network.output.bias.fill_(float("nan"))
    with pytest.raises(FloatingPointError, match="epoch 1 is nan"):
        train(
            network,
            training=pairs(8, seed=1),
            validation=pairs(2, seed=2),
            recipe=SHORT_RECIPE,
            loss="mse",
            seed=1,
        )


def test_pairs_of_unlike_images_are_an_error():
    images = pairs(2, seed=1).short
    with pytest.raises(ValueError, match="unlike"):
        Pairs(images, images[:1])
    with pytest.raises(ValueError, match="uint8"):
        Pairs(images.astype(float), images.astype(float))


def test_the_output_is_clipped_and_does_not_depend_on_the_batch():
    network = build_unet(
        UNetConfiguration((4, 8), output_activation="none"), seed=7
    ).eval()
    with torch.no_grad():
        network.output.weight.mul_(50)
    images = pairs(5, seed=6).short
    whole = predict(network, images, batch_size=5)
    assert whole.min() == 0
    assert whole.max() == 1
    parts = predict(network, images, batch_size=2)
    np.testing.assert_allclose(whole, parts, atol=1e-5)
