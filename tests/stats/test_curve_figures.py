"""Curves that do not exist are told beside the squares, where they can be read."""

import pytest
from django.utils import translation

from stats.figures.axes import WIDTH
from stats.figures.curves import Line, Square, draw_squares, height
from stats.figures.rendering import _set_up
from stats.figures.style import LIGHT
from stats.outcomes import NotEstimable, Reason

STRAIGHT = ((0.0, 0.0), (1.0, 1.0))
READERS = ("reader A", "reader B", "reader C")


def _squares(count: int) -> list[Square]:
    """In each a reader has no curve, so that there is no mean, either."""
    unknown = NotEstimable(Reason.NO_RATINGS), NotEstimable(Reason.READER_MISSING)
    return [
        Square(
            f"Arm {number}",
            (
                *(Line(name, place, STRAIGHT) for place, name in enumerate(READERS)),
                Line("reader D", 3, unknown[0]),
                Line("reader E", 4, unknown[0]),
                Line("mean of the readers", -1, unknown[1], strong=True),
            ),
        )
        for number in range(count)
    ]


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("count", [1, 3, 5])
def test_words_about_missing_curves_lie_over_nothing(count: int, language: str) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    _set_up()
    squares = _squares(count)
    names = [(name, place, False) for place, name in enumerate(READERS)]
    with translation.override(language):
        figure = Figure(figsize=(WIDTH, height(squares, READERS)))
        canvas = FigureCanvasAgg(figure)
        draw_squares(figure, LIGHT, squares, names=names, across="across", up="up")
        canvas.draw()
    renderer = canvas.get_renderer()
    told = [text for axes in figure.axes for text in axes.texts]
    assert len(told) == count
    assert all(
        "reader D, reader E" in text.get_text().replace("\n", " ") for text in told
    )
    places = [text.get_window_extent(renderer) for text in told]
    taken = [axes.get_window_extent(renderer) for axes in figure.axes]
    taken += [axes.xaxis.get_tightbbox(renderer) for axes in figure.axes]
    taken += [axes.title.get_window_extent(renderer) for axes in figure.axes]
    for number, place in enumerate(places):
        assert place.x0 >= 0 and place.x1 <= figure.bbox.x1 and place.y0 >= 0
        assert not any(place.overlaps(one) for one in taken)
        assert not any(place.overlaps(one) for one in places[number + 1 :])
