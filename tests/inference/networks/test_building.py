"""What a new network starts from."""

import pytest
import torch

from inference import registry
from inference.networks.building import build, parameter_shapes
from inference.networks.configuration import FAMILIES
from readerstudy.imaging.errors import Refused

pytestmark = pytest.mark.pure

SETTINGS = {
    family: {"filters": [4, 8, 16], "in_channels": 3} for family in FAMILIES
} | {
    "transunet": {
        "filters": [4, 8],
        "embedding": 4,
        "heads": 2,
        "blocks": 1,
        "hidden": 8,
        "image_size": 8,
    },
    "nafnet": {"filters": [4, 8], "down_blocks": [1], "up_blocks": [1]},
}
BATCH_NORM = [family for family in FAMILIES if family not in ("nafnet", "drunet")]


@pytest.fixture
def poisoned():
    """Memory that nobody has written to holds NaN."""
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(False)


@pytest.mark.usefixtures("poisoned")
@pytest.mark.parametrize("family", FAMILIES)
def test_no_number_of_a_new_network_is_left_to_chance(family):
    settings = dict(SETTINGS[family])
    if family in BATCH_NORM:
        settings["batch_norm"] = True
    for name, values in build(family, settings, seed=0).state_dict().items():
        assert values.isfinite().all(), name
        assert values.dtype == torch.float32, name


@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_seed_starts_the_same_and_leaves_the_global_chance_alone(family):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first, second = (build(family, SETTINGS[family], seed=9) for _ in range(2))
    other = build(family, SETTINGS[family], seed=10)
    assert torch.equal(torch.rand(3), expected)
    assert all(map(torch.equal, first.parameters(), second.parameters()))
    assert not torch.equal(first.output.weight, other.output.weight)


@pytest.mark.parametrize("family", FAMILIES)
def test_weights_start_glorot_uniform_and_biases_at_zero(family):
    for name, module in build(family, SETTINGS[family], seed=3).named_modules():
        if not isinstance(
            module, torch.nn.Conv2d | torch.nn.ConvTranspose2d | torch.nn.Linear
        ):
            continue
        assert module.bias is None or not module.bias.any(), name
        fans = sum(module.weight.shape[:2]) * module.weight[0, 0].numel()
        if getattr(module, "groups", 1) > 1:  # each channel is a layer of its own
            fans = 2 * 9
        limit = (6 / fans) ** 0.5
        assert module.weight.abs().max() <= limit, name
        if module.weight.numel() > 500:
            assert module.weight.std().item() == pytest.approx(
                limit / 3**0.5, rel=0.1
            ), name


@pytest.mark.parametrize("family", FAMILIES)
def test_the_shapes_known_without_memory_are_those_of_the_network(family):
    state = build(family, SETTINGS[family], seed=0).state_dict()
    shapes = {name: tuple(values.shape) for name, values in state.items()}
    assert parameter_shapes(family, SETTINGS[family]) == shapes


def test_a_family_that_is_none_is_refused():
    with pytest.raises(Refused, match="no family 'resnet'"):
        build("resnet", {"filters": [4]}, seed=0)


@pytest.mark.parametrize("key", ["unet-l4", "unetpp", "attention-unet"])
def test_a_few_steps_of_training_bring_a_network_nearer(key):
    spec = registry.METHODS[key]
    network = build(spec.family, {**spec.settings, "filters": [8, 16]}, seed=1)
    chance = torch.Generator().manual_seed(1)
    image = torch.rand(2, 1, 16, 16, generator=chance)
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
    losses = []
    for _ in range(30):
        optimiser.zero_grad()
        loss = (network(image) - image).square().mean()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2
