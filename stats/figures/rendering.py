"""From a Picture to a file: SVG or PNG, light or dark, the same bytes each time.

Text is drawn as outlines in SVG, so that Japanese is shown without any font on the
reader's computer, in a browser and in a document. Figures are made as objects, never
through pyplot, which keeps one state for all threads.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Literal

from .style import SMALL, TEXT, THEMES, ThemeName

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .picture import Picture

Form = Literal["svg", "png"]
FORMS: tuple[Form, ...] = ("svg", "png")
CONTENT_TYPES: dict[Form, str] = {"svg": "image/svg+xml", "png": "image/png"}
PNG_DOTS_PER_INCH = 200
FONTS = ("DejaVu Sans", "IPAexGothic")  # the second for what the first lacks
EMBEDDED = re.compile(rb"(?<=data:image/png;base64,)[A-Za-z0-9+/=\s]+")
_loading = Lock()


def render(
    picture: Picture, *, theme: ThemeName = "light", form: Form = "svg"
) -> bytes:
    """The picture's file. Texts are in the active language."""
    figure = _new_figure(picture.size, theme)
    picture.draw(figure, THEMES[theme])
    file = BytesIO()
    # Past Figure.savefig, which draws everything twice. Neither a date nor a version
    # of the library is written: the same figure is the same file.
    if form == "svg":
        from matplotlib.backends.backend_svg import FigureCanvasSVG

        nothing = {"Date": None, "Creator": None}
        FigureCanvasSVG(figure).print_svg(  # type: ignore[no-untyped-call]
            file, metadata=nothing
        )
    else:
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        figure.set_dpi(PNG_DOTS_PER_INCH)
        FigureCanvasAgg(figure).print_png(  # type: ignore[no-untyped-call]
            file, metadata={"Software": None}
        )
    content = file.getvalue()
    return _with_palettes(content) if form == "svg" else content


def _with_palettes(svg: bytes) -> bytes:
    """The same SVG; its pictures of at most 256 colours are kept as such, smaller."""
    return EMBEDDED.sub(lambda found: _with_palette(found[0]), svg)


def _with_palette(embedded: bytes) -> bytes:
    import numpy as np
    from PIL import Image

    pixels = np.asarray(Image.open(BytesIO(b64decode(embedded))).convert("RGB"))
    colours, places = np.unique(pixels.reshape(-1, 3), axis=0, return_inverse=True)
    if len(colours) > 256:
        return embedded
    image = Image.fromarray(places.reshape(pixels.shape[:2]).astype(np.uint8), "P")
    image.putpalette(colours.astype(np.uint8).tobytes())
    file = BytesIO()
    image.save(file, "png", optimize=True)
    return b64encode(file.getvalue())


def _new_figure(size: tuple[float, float], theme: ThemeName) -> Figure:
    with _loading:
        _set_up()
    from matplotlib.figure import Figure

    return Figure(figsize=size, facecolor=THEMES[theme].page, layout="constrained")


@cache
def _set_up() -> None:
    """What matplotlib keeps for all figures; set once, before the first."""
    import matplotlib
    from matplotlib import font_manager

    # found and not imported: importing it changes the fonts of everything
    package = find_spec("matplotlib_fontja")
    assert package is not None and package.origin is not None
    fonts = Path(package.origin).parent / "fonts"
    known = font_manager.fontManager
    known.addfont(fonts / "ipaexg.ttf")
    # it has one weight, which serves for bold too
    known.ttflist.append(replace(known.ttflist[-1], weight=700))
    matplotlib.rcParams.update(
        {
            "font.family": list(FONTS),
            "font.size": TEXT,
            "axes.labelsize": TEXT,
            "xtick.labelsize": SMALL,
            "ytick.labelsize": TEXT,
            "legend.fontsize": SMALL,
            "svg.fonttype": "path",
            "svg.hashsalt": "reader study",
            "path.simplify": False,
        }
    )
