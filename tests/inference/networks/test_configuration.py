"""Settings of networks, as they stand on cards: read, written, refused."""

from dataclasses import replace

import pytest

from inference import registry
from inference.networks.configuration import (
    FAMILIES,
    Configuration,
    NAFNetConfiguration,
    TransUNetConfiguration,
    UNetConfiguration,
    VNetConfiguration,
    configuration_of,
)
from readerstudy.imaging.errors import Refused

pytestmark = pytest.mark.pure

NAFNET = {"filters": (4, 8), "down_blocks": (1,), "up_blocks": (1,)}


@pytest.mark.parametrize(
    ("kind", "settings", "words"),
    [
        (UNetConfiguration, {"filters": ()}, "1 to 6 levels"),
        (UNetConfiguration, {"filters": (16,) * 7}, "1 to 6 levels"),
        (UNetConfiguration, {"filters": (0,)}, "1 to 1024 filters"),
        (UNetConfiguration, {"filters": (True,)}, "1 to 1024 filters"),
        (UNetConfiguration, {"filters": (16,), "in_channels": 0}, "input channels"),
        (UNetConfiguration, {"filters": (16,), "residual": 1}, "true or false"),
        (UNetConfiguration, {"filters": (16,), "batch_norm": None}, "true or false"),
        (
            UNetConfiguration,
            {"filters": (16,), "output_activation": "softmax"},
            "one of sigmoid, none, not 'softmax'",
        ),
        (
            UNetConfiguration,
            {"filters": (16,), "residual": True, "output_activation": "sigmoid"},
            "activation 'none'",
        ),
        (VNetConfiguration, {"filters": (16,), "pooling": "mean"}, "strided, max"),
        (VNetConfiguration, {"filters": (16, 8), "pooling": "max"}, "fewer filters"),
        (TransUNetConfiguration, {"filters": (4, 8), "heads": 0}, "from 1 to 64"),
        (TransUNetConfiguration, {"filters": (4, 8), "blocks": 2.0}, "whole number"),
        (TransUNetConfiguration, {"filters": (4, 8), "image_size": 63}, "multiple of"),
        (NAFNetConfiguration, {**NAFNET, "filters": (4, 9)}, "double"),
        (NAFNetConfiguration, {**NAFNET, "up_blocks": ()}, "'up_blocks' has 1"),
        (NAFNetConfiguration, {**NAFNET, "down_blocks": (-1,)}, "from 0 to 32"),
        (NAFNetConfiguration, {**NAFNET, "down_blocks": 1}, "'down_blocks' has 1"),
        (FAMILIES["drunet"], {"filters": (4, 8), "blocks": 0}, "from 1 to 32"),
    ],
    ids=str,
)
def test_a_configuration_that_is_none_is_refused_in_words(kind, settings, words):
    with pytest.raises(Refused, match=words):
        kind(**settings)


@pytest.mark.parametrize(
    "spec",
    [spec for spec in registry.METHODS.values() if spec.can_be_trained],
    ids=lambda spec: spec.key,
)
def test_what_is_registered_survives_json(spec):
    made = configuration_of(spec.family, spec.settings)
    assert made.to_json() == spec.settings
    assert type(made).from_json(made.to_json()) == made
    assert spec.open_settings <= set(spec.settings)


def test_an_older_card_lacks_what_was_added_since_and_has_its_default():
    older = {
        "filters": [16, 32],
        "in_channels": 1,
        "output_activation": "none",
        "residual": False,
    }
    found = UNetConfiguration.from_json(older)
    assert found == UNetConfiguration((16, 32), batch_norm=False)


@pytest.mark.parametrize(
    "damaged",
    [{}, [], None, {"filters": 3}, {"filters": [4], "more": 1}, {"in_channels": 1}],
    ids=str,
)
def test_a_card_with_other_fields_is_refused(damaged):
    with pytest.raises(Refused):
        UNetConfiguration.from_json(damaged)


def test_weights_may_bring_what_was_never_published_and_nothing_else():
    spec = registry.METHODS["vnet"]
    brought = {**spec.settings, "pooling": "max", "batch_norm": True}
    found = registry.network_configuration(spec, brought)
    assert isinstance(found, VNetConfiguration)
    assert (found.pooling, found.batch_norm) == ("max", True)
    with pytest.raises(Refused, match=r"residual = True, but V-Net has residual = Fa"):
        registry.network_configuration(spec, {**spec.settings, "residual": True})
    with pytest.raises(Refused, match="filters"):
        registry.network_configuration(spec, {**spec.settings, "filters": [16]})


def test_the_networks_beyond_the_study_leave_nothing_open_that_the_study_left():
    assert registry.METHODS["nafnet"].open_settings == {"output_activation"}
    assert registry.METHODS["drunet"].open_settings == {"output_activation"}


def test_a_size_step_is_one_halving_for_each_level_but_the_first():
    assert Configuration((4,)).size_step == 1
    assert replace(Configuration((4,)), filters=(4, 8, 8)).size_step == 4
