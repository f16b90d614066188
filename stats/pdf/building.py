"""A frozen report as a PDF, set by typst; offline, from a folder that holds only it."""

import json
import re
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from ..figures.registry import figure_files
from ..models import FrozenReport
from ..pages import report_body
from ..reporting.keeping import report_read
from ..reporting.report import Report
from .blocks import Block, blocks_of

TEMPLATE = Path(__file__).with_name("report.typ")
LATIN = "Libertinus Serif"  # inside of typst
JAPANESE = "IPAexGothic"
SIZE = re.compile(rb'<svg[^>]*?\bwidth="([\d.]+)pt"[^>]*?\bheight="([\d.]+)pt"')
SIZE_ELSE = (500.0, 350.0)
# Figures are drawn for a screen. In points: at most as wide as a line, and with their
# caption lower than a page.
SCALE, WIDEST, HIGHEST = 0.68, 490.0, 440.0


def report_pdf(frozen: FrozenReport, *, language: str) -> bytes:
    """The same bytes for the same report, language and program.

    Tagged, PDF/UA-1, unless a text holds letters that no font here has. Refused for a
    report that was frozen by a program with other tables.
    """
    report = report_read(frozen.content)
    with translation.override(language):
        body = report_body(study=frozen.study, report=report, frozen=frozen)
        found = _document(report, frozen, language, blocks_of(body))
        figures = figure_files(report, None, language)
    _place(found["blocks"], figures)
    files = {"report.json": json.dumps(found).encode(), "report.typ": _template()}
    files |= {f"{name}.svg": content for name, content in figures.items()}
    return _compiled(files, frozen)


def _template() -> bytes:
    return TEMPLATE.read_bytes()


def _document(
    report: Report, frozen: FrozenReport, language: str, blocks: list[Block]
) -> dict[str, Any]:
    head = _("%(study)s · protocol %(protocol)s")
    foot = _("Report version %(number)d, frozen %(at)s UTC · SHA-256 %(sha256)s")
    latin = {"name": LATIN, "covers": "latin-in-cjk"}
    return {
        "language": language,
        "fonts": [latin, JAPANESE] if language == "ja" else [LATIN, JAPANESE],
        "title": _("Report: %(title)s") % {"title": report.title},
        "header": head
        % {"study": report.slug, "protocol": report.protocol_sha256[:16] + "…"},
        "footer": foot
        % {
            "number": frozen.number,
            "at": f"{frozen.built_at:%Y-%m-%d %H:%M}",
            "sha256": frozen.sha256[:16] + "…",
        },
        "page": _("page {n} of {N}"),
        "at-page": _(" (page {n})"),
        "places": list(
            dict.fromkeys(one["name"] for one in blocks if one["kind"] == "place")
        ),
        "blocks": blocks,
    }


def _place(blocks: list[Block], figures: dict[str, bytes]) -> None:
    """Give each figure its file; leave out those that have none."""
    blocks[:] = [
        one for one in blocks if one["kind"] != "figure" or one["name"] in figures
    ]
    for one in blocks:
        if one["kind"] == "figure":
            one["file"] = f"{one['name']}.svg"
            one["width"] = _printed_width(figures[one["name"]])


def _printed_width(svg: bytes) -> float:
    """In points, of which a figure this large takes on paper."""
    said = SIZE.search(svg[:3000])
    width, height = map(float, said.groups()) if said else SIZE_ELSE
    return round(width * min(SCALE, WIDEST / width, HIGHEST / height), 1)


def _compiled(files: dict[str, bytes], frozen: FrozenReport) -> bytes:
    # here and not above: a process that makes no PDF need not load it
    import typst

    with tempfile.TemporaryDirectory(prefix="report-") as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        compiler = typst.Compiler(
            Path(folder) / "report.typ",
            root=folder,
            font_paths=_font_folders(),
            ignore_system_fonts=True,
            package_path=folder,
            package_cache_path=folder,
        )
        at = int(frozen.built_at.timestamp())
        try:
            made = compiler.compile(format="pdf", pdf_standards="ua-1", timestamp=at)
        except typst.TypstError:  # letters without a font forbid that standard
            made = compiler.compile(format="pdf", timestamp=at)
    assert isinstance(made, bytes)
    return made


def _font_folders() -> list[Path]:
    """Where matplotlib's Japanese companion keeps its one font."""
    spec = find_spec("matplotlib_fontja")
    assert spec and spec.origin
    return [Path(spec.origin).with_name("fonts")]
