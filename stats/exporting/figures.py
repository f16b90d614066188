"""Figures of a frozen report as files, made once: a frozen report never changes."""

import csv
import hashlib
from functools import lru_cache
from io import StringIO

from django.utils.translation import get_language, override

from ..figures.picture import Picture
from ..figures.registry import figures
from ..figures.rendering import CONTENT_TYPES, FORMS, render
from ..figures.style import THEMES
from ..models import FrozenReport
from ..reporting.keeping import report_read
from ..versions import program_sha256
from .csv_text import cell_text

KEPT_FILES = 128  # of some 100 kB each
FILE_FORMS = (*FORMS, "csv")

# pk and hash of the report, name and form of the figure, theme, language
Asked = tuple[int, str, str, str, str, str]


def figure_asked(frozen: FrozenReport, *, name: str, form: str, theme: str) -> Asked:
    """form: of FILE_FORMS. theme: of THEMES. Texts as the current language has them."""
    language = get_language() or "en"
    return frozen.pk, frozen.sha256, name, form, theme, language


def figure_tag(asked: Asked) -> str:
    """Another one whenever the file may be another one."""
    return hashlib.sha256(repr((program_sha256(), *asked)).encode()).hexdigest()[:32]


def figure_names(frozen: FrozenReport) -> dict[str, Picture]:
    """Every figure that this report has data for, by name."""
    return _figures(frozen.pk, frozen.sha256, get_language() or "en")


@lru_cache(KEPT_FILES)
def figure_file(
    pk: int, sha256: str, name: str, form: str, theme: str, language: str
) -> tuple[bytes, str] | None:
    """Content and type of what was asked for; None where the report has no such one."""
    with override(language):
        picture = _figures(pk, sha256, language).get(name)
        if picture is None:
            return None
        if form == "csv":
            return _csv(picture), "text/csv; charset=utf-8"
        found = next(one for one in FORMS if one == form)
        shade = next(one for one in THEMES if one == theme)
        return render(picture, theme=shade, form=found), CONTENT_TYPES[found]


@lru_cache(4)
def _figures(pk: int, sha256: str, language: str) -> dict[str, Picture]:
    """A page asks for ten at once; texts that a figure keeps are of one language."""
    return figures(report_read(FrozenReport.objects.get(pk=pk).content))


def _csv(picture: Picture) -> bytes:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(picture.table.header)
    writer.writerows([cell_text(cell) for cell in row] for row in picture.table.rows)
    return text.getvalue().encode()
