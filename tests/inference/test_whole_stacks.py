"""Slices of any size go through networks of 64×64 pixels, and no seam shows."""

import numpy as np
import pytest

from inference.filters import FILTERS
from inference.registry import METHODS
from inference.whole_stacks import Joining, Scale, WholeStacks, cut, places, scale_of
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.study_types import study_type_get


class Told:
    """A method that does what it is told with each stack."""

    told = {"engine": "by hand", "versions": {}, "device": "cpu"}

    def __init__(self, does):
        self.does, self.seen = does, []

    def outputs(self, cases):
        made = []
        for key, stack in cases:
            self.seen.append(stack.shape)
            made.append((key, self.does(stack)))
        yield made[1::2]  # in any order
        yield made[::2]


def hounsfield(rows, columns, slices=3):
    rng = np.random.default_rng(rows)
    return rng.uniform(-1024, 3071, (slices, rows, columns)).astype(np.float32)


CT = Scale(-1024, 3071)


@pytest.mark.parametrize("size", [(64, 64), (96, 80), (50, 200), (256, 256), (65, 64)])
def test_what_was_cut_is_put_together_as_it_was(size):
    stack = hounsfield(*size)
    joining = Joining(stack.shape)
    for place, tile in cut(stack):
        assert tile.shape == (3, 64, 64)
        joining.add(place, tile)
    np.testing.assert_allclose(joining.whole(), stack, rtol=1e-5)


def test_every_pixel_lies_in_a_tile():
    for size in range(1, 300):
        covered = np.zeros(max(size, 64), bool)
        for place in places(size):
            covered[place : place + 64] = True
        assert covered.all()


def test_a_network_sees_tiles_and_gives_the_whole_stack_in_its_unit():
    network = Told(lambda tile: tile * 0.5)
    stack = hounsfield(100, 130)
    [[(key, values)]] = WholeStacks(network, tiled=True).outputs([("A", stack, CT)])
    assert key == "A" and set(network.seen) == {(3, 64, 64)}
    np.testing.assert_allclose(values, -1024 + (stack + 1024) / 2, atol=0.01)


def test_tiles_that_differ_fade_into_each_other():
    """A network that answers by tile would leave steps at the tiles' edges."""
    level = iter(np.linspace(0, 1, 100))
    network = Told(lambda tile: np.full_like(tile, next(level)))
    [[(_, values)]] = WholeStacks(network, tiled=True).outputs(
        [("A", hounsfield(64, 160), Scale(0, 1))]
    )
    steps = np.abs(np.diff(values[0, 32]))
    assert steps.max() < 0.2 * np.ptp(values[0, 32])


def test_a_filter_is_given_slices_whole_and_some_at_a_time():
    seen = Told(lambda stack: stack * 0.5)
    stack = hounsfield(100, 130, slices=19)
    [[(_, values)]] = WholeStacks(seen, tiled=False).outputs([("A", stack, CT)])
    assert seen.seen == [(8, 100, 130), (8, 100, 130), (3, 100, 130)]
    np.testing.assert_allclose(values, -1024 + (stack + 1024) / 2, atol=0.01)


@pytest.mark.parametrize("key", sorted(FILTERS))
def test_no_filter_looks_at_another_slice(key):
    """Or slabs of a stack would show."""
    stack = np.random.default_rng(1).random((5, 24, 20)).astype(np.float32)
    settings = METHODS[key].settings
    whole = FILTERS[key](stack, **settings)
    parts = [FILTERS[key](part, **settings) for part in (stack[:2], stack[2:])]
    np.testing.assert_array_equal(whole, np.concatenate(parts))


def test_a_sign_of_life_comes_with_every_part_of_a_large_stack():
    def one_by_one(cases):
        for case in cases:
            yield [case]

    method, signs = Told(None), []
    method.outputs = one_by_one
    whole = WholeStacks(method, tiled=True, alive=lambda: signs.append(1))
    list(whole.outputs([("A", hounsfield(160, 160), CT)]))
    assert len(signs) == 9


def test_after_a_tile_that_failed_no_other_is_computed():
    asked = []

    def fails(cases):
        for place, tile in cases:
            asked.append(tile.shape)
            yield [(place, Refused("no"))]

    method = Told(None)
    method.outputs = fails
    [[(_, values)]] = WholeStacks(method, tiled=True).outputs(
        [("A", hounsfield(160, 160), CT)]
    )
    assert isinstance(values, Refused) and len(asked) == 1


def test_a_tile_that_fails_fails_its_case_and_no_other():
    def fails_on_bright(tile):
        return Refused("too bright") if tile.max() > 0.9 else tile

    dark = np.full((1, 100, 100), -500, np.float32)
    found = dict(
        one
        for batch in WholeStacks(Told(fails_on_bright), tiled=True).outputs(
            [("bright", hounsfield(100, 100), CT), ("dark", dark, CT)]
        )
        for one in batch
    )
    assert isinstance(found["bright"], Refused)
    np.testing.assert_allclose(found["dark"], dark, atol=0.01)


def test_hounsfield_units_have_their_range_and_counts_their_own_maximum():
    kind = study_type_get("image-to-image")
    stack = np.array([[[-3.0, 7.0]]], np.float32)
    assert scale_of(kind, "HU", stack) == Scale(-1024, 3071)
    assert scale_of(kind, "counts", stack) == Scale(0, 7)
    with pytest.raises(Refused, match="no counts"):
        scale_of(kind, "counts", -stack[..., 1:])
