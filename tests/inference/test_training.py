"""Training: the study's numbers, and the same result from the same seed."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from inference.networks.configuration import UNetConfiguration
from inference.prediction import predict
from inference.training import (
    QUICK_RECIPE,
    SHORT_RECIPE,
    STUDY_RECIPE,
    Pairs,
    Recipe,
    train,
    validate,
)
from inference.training.augmentation import augment

from .unets import build_unet

pytestmark = pytest.mark.pure
SLICES = 2
SMALL = UNetConfiguration((4, 8), output_activation="sigmoid")
THREE_EPOCHS = replace(QUICK_RECIPE, epochs=3)


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
        np.clip(np.rint(images), 0, 255).astype(np.uint8).reshape(-1, SLICES, 32, 32)
        for images in (short, reference)
    )
    return Pairs(*eight_bit)


def trained(recipe: Recipe, *, seed: int = 1, loss="mse", configuration=SMALL):
    network = build_unet(configuration, seed=7)
    result = train(
        network,
        in_channels=1,
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


def test_the_short_recipe_is_the_quick_one_with_a_third_of_the_epochs():
    assert replace(SHORT_RECIPE, name="quick", epochs=60) == QUICK_RECIPE
    assert SHORT_RECIPE.epochs == 20


@pytest.mark.parametrize("recipe", [THREE_EPOCHS, replace(STUDY_RECIPE, epochs=3)])
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
        / np.mean((unseen.short.astype(float) - unseen.reference) ** 2, axis=(2, 3))
    )
    assert result.history[-1].training_loss < result.history[0].training_loss / 2
    assert result.history[-1].validation_psnr_db > before.mean() + 3


def test_the_losses_are_the_mean_square_and_the_mean_absolute_difference():
    images = pairs(4, seed=3)
    network = build_unet(SMALL, seed=7)
    short, reference = images.tensors("cpu", in_channels=1)
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
            in_channels=1,
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
        in_channels=1,
        training=pairs(8, seed=1),
        validation=pairs(2, seed=2),
        recipe=THREE_EPOCHS,
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
        found = validate(network, pairs(8, seed=2), in_channels=1, device="cpu")
        history = {e.number: e.validation_psnr_db for e in result.history}
        assert found.psnr_db == pytest.approx(history[result.epoch], abs=1e-9)
        kept = result.history[result.epoch - 1]
        assert found.ssim == pytest.approx(kept.validation_ssim, abs=1e-9)
        if keep == "best":
            assert history[result.epoch] == max(history.values())
        else:
            assert result.epoch == 4


def test_all_channels_of_an_image_are_moved_and_mirrored_alike():
    images, _ = pairs(16, seed=4).tensors("cpu", in_channels=1)
    chance = torch.Generator().manual_seed(5)
    both = augment(images.repeat(1, 4, 1, 1), recipe=QUICK_RECIPE, chance=chance)
    assert both.shape == (16, 4, 32, 32)
    assert torch.equal(both, both[:, :1].expand_as(both))
    before = {image.tobytes() for image in images[:, 0].numpy()}
    assert sum(one.tobytes() not in before for one in both[:, 0].numpy()) >= 12


def test_each_slice_is_learned_with_its_neighbours_of_the_same_case():
    images = pairs(6, seed=4)
    inputs, targets = images.tensors("cpu", in_channels=3)
    middle, _ = images.tensors("cpu", in_channels=1)
    assert inputs.shape == (6, 3, 32, 32)
    assert targets.shape == (6, 1, 32, 32)
    # two slices a case: the lower one repeats itself below, the upper one above
    assert torch.equal(inputs[:, 1:2], middle)
    assert torch.equal(inputs[2, 0], middle[2, 0])
    assert torch.equal(inputs[2, 2], middle[3, 0])
    assert torch.equal(inputs[3, 0], middle[2, 0])
    assert torch.equal(inputs[3, 2], middle[3, 0])


def test_a_network_of_three_slices_is_trained_and_predicts_slice_by_slice():
    three = UNetConfiguration((4, 8), in_channels=3, residual=True)
    network = build_unet(three, seed=7)
    result = train(
        network,
        in_channels=3,
        training=pairs(24, seed=1),
        validation=pairs(8, seed=2),
        recipe=THREE_EPOCHS,
        loss="l1",
        seed=1,
    )
    assert result.history[-1].training_loss < result.history[0].training_loss
    unseen = pairs(8, seed=3).short
    together = predict(network, unseen, in_channels=3)
    assert together.shape == unseen.shape
    alone = predict(network, unseen[1:2], in_channels=3)
    np.testing.assert_allclose(together[1:2], alone, atol=1e-6)


def test_a_loss_that_is_not_a_number_ends_the_training_in_plain_words():
    network = build_unet(SMALL, seed=7)
    with torch.no_grad():
        network.output.bias.fill_(float("nan"))
    with pytest.raises(FloatingPointError, match="epoch 1 is nan"):
        train(
            network,
            in_channels=1,
            training=pairs(8, seed=1),
            validation=pairs(2, seed=2),
            recipe=THREE_EPOCHS,
            loss="mse",
            seed=1,
        )


def test_pairs_of_unlike_images_are_an_error():
    images = pairs(4, seed=1).short
    with pytest.raises(ValueError, match="unlike"):
        Pairs(images, images[:1])
    with pytest.raises(ValueError, match="unlike"):
        Pairs(images[0], images[0])
    with pytest.raises(ValueError, match="uint8"):
        Pairs(images.astype(float), images.astype(float))


def test_the_output_is_clipped_and_does_not_depend_on_the_batch():
    network = build_unet(
        UNetConfiguration((4, 8), output_activation="none"), seed=7
    ).eval()
    with torch.no_grad():
        network.output.weight.mul_(50)
    images = pairs(6, seed=6).short
    whole = predict(network, images, in_channels=1, batch_size=6)
    assert whole.min() == 0
    assert whole.max() == 1
    parts = predict(network, images, in_channels=1, batch_size=2)
    np.testing.assert_allclose(whole, parts, atol=1e-5)
