"""Where the marks of a training's curves stand."""

import pytest

from inference.curves import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, curve

pytestmark = pytest.mark.pure


def places(points: str) -> list[tuple[float, float]]:
    return [tuple(map(float, point.split(","))) for point in points.split()]


def test_nothing_is_drawn_of_nothing():
    assert curve([], epochs=20) is None
    assert curve([(1, None)], epochs=20) is None
    assert curve([(1, 0.0)], epochs=20, logarithmic=True) is None


def test_a_curve_leaves_room_for_the_epochs_to_come():
    found = curve([(1, 30.0), (2, 31.0), (3, 33.0)], epochs=5)
    xs = [x for x, _ in places(found.points)]
    assert xs[0] == LEFT
    assert xs[-1] == LEFT + (WIDTH - LEFT - RIGHT) / 2
    assert found.last == places(found.points)[-1]
    assert [tick.label for tick in found.x_ticks] == ["1", "2", "3", "4", "5"]


def test_what_is_higher_stands_higher_and_all_of_it_inside():
    found = curve([(1, 30.0), (2, 31.0), (3, 33.0)], epochs=3, level=28.0)
    ys = [y for _, y in places(found.points)]
    assert ys == sorted(ys, reverse=True)
    assert found.level > ys[0]
    assert all(TOP <= y <= HEIGHT - BOTTOM for y in [*ys, found.level])


def test_a_bad_beginning_does_not_flatten_all_the_rest():
    values = [(1, 10.0), *((n, 30 + n / 10) for n in range(2, 21))]
    ys = [y for _, y in places(curve(values, epochs=20).points)]
    assert ys[0] == HEIGHT - BOTTOM  # at the lower edge
    assert ys[2] - ys[-1] > (HEIGHT - TOP - BOTTOM) / 2


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.07, 0.009], ["0.01", "0.02", "0.05"]),
        ([10.0, 0.001], ["0.001", "0.01", "0.1", "1", "10"]),
        ([0.061, 0.055], ["0.050", "0.055", "0.060", "0.065", "0.070"]),
    ],
)
def test_a_logarithmic_axis_has_round_numbers(values, expected):
    found = curve(list(enumerate(values, 1)), epochs=2, logarithmic=True)
    assert [tick.label for tick in found.y_ticks] == expected


@pytest.mark.parametrize("epochs", [1, 2, 3, 20, 60, 200, 1000])
def test_any_number_of_epochs_has_marks_inside_the_plot(epochs):
    found = curve([(1, 0.5)], epochs=epochs)
    assert 1 <= len(found.x_ticks) <= 8
    assert all(LEFT <= tick.at <= WIDTH - RIGHT for tick in found.x_ticks)
    assert len(found.y_ticks) >= 2
